"""What is said on a stream: whatever an application sends, it is a command or nonsense; what it is sent is JSON of one shape."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.call.stream_urls import stream_url
from offhook.dialects.vobiz.stream import headers_of, read_format
from offhook.dialects.vobiz.stream_talk import VobizStreams, VobizTalk, stream_parameters
from offhook.interpreter.stream_ports import (
    ClearSounds,
    EndStream,
    Mark,
    Nonsense,
    PlaySound,
    PressKeys,
    StreamEvent,
    StreamLanguage,
    StreamNews,
)
from offhook.testing.scripted_call import SOME_CALL
from offhook.verbs import Coding, Method, SoundFormat, Stream, Target, Track

STREAM_ID = "c4dfd815a92a4140ab855ff28c004116"
STREAM = Stream(url="wss://app.example/", language="vobiz", stream_id=STREAM_ID)
AT = datetime(2026, 11, 22, 1, 25, 43, 250_000, UTC)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
EVENTS = ("playAudio", "checkpoint", "clearAudio", "stop", "sendDTMF")
SAID = st.fixed_dictionaries(
    {"event": st.sampled_from(EVENTS)},
    optional={
        "streamId": JSON,
        "name": JSON,
        "dtmf": JSON,
        "media": JSON
        | st.fixed_dictionaries(
            {},
            optional={
                "contentType": st.sampled_from(("audio/x-l16", "audio/x-mulaw", "audio/x-l16;rate=16000"))
                | JSON,
                "sampleRate": st.sampled_from((8000, 16_000, 24_000, "8000", "x", -1, 1e300)) | JSON,
                "payload": st.binary(max_size=50).map(lambda sound: base64.b64encode(sound).decode()) | JSON,
            },
        ),
    },
)


def talk(stream: Stream = STREAM) -> VobizTalk:
    return VobizStreams().talk(stream, SOME_CALL)


def said(**fields: Any) -> str:
    return json.dumps(fields)


def test_it_fills_the_port() -> None:
    port: StreamLanguage = VobizStreams()
    assert port.signature == "vobiz+plivo"


@given(st.text() | st.binary() | JSON.map(json.dumps) | SAID.map(json.dumps))
def test_whatever_comes_is_a_command_or_nonsense(message: str | bytes) -> None:
    nonsense, command = "", None
    try:
        [command] = talk().read(message)
    except Nonsense as error:
        nonsense = str(error)
    assert (command is None) == (0 < len(nonsense) < 300)
    assert nonsense.isprintable()
    assert isinstance(command, PlaySound | Mark | ClearSounds | PressKeys | EndStream | None)
    if isinstance(command, PlaySound):
        assert command.sound_format.rate_hz in (8000, 16_000, 24_000)


@pytest.mark.parametrize(
    ("message", "command"),
    [
        (
            said(
                event="playAudio",
                media={"contentType": "audio/x-l16", "sampleRate": 16000, "payload": "AAE="},
            ),
            PlaySound(b"\x00\x01", SoundFormat(Coding.LINEAR, 16_000)),
        ),
        (
            said(
                event="playAudio",
                media={"contentType": "audio/x-mulaw", "sampleRate": "8000", "payload": "/w=="},
            ),
            PlaySound(b"\xff", SoundFormat(Coding.MU_LAW)),
        ),
        (
            said(event="playAudio", media={"contentType": "audio/x-l16;rate=24000", "payload": ""}),
            PlaySound(b"", SoundFormat(Coding.LINEAR, 24_000)),
        ),
        (said(event="checkpoint", streamId="C4DFD815-A92A-4140-AB85-5FF28C004116", name="one"), Mark("one")),
        (said(event="clearAudio", streamId=None), ClearSounds()),
        (said(event="stop").encode(), EndStream()),
        (said(event="sendDTMF", dtmf="1w#"), PressKeys("1w#")),
    ],
)
def test_commands_are_read(message: str | bytes, command: object) -> None:
    assert talk().read(message) == (command,)


def test_messages_have_the_shape_of_their_page() -> None:
    stream = Stream(
        url="wss://app.example/",
        language="vobiz",
        stream_id=STREAM_ID,
        track=Track.BOTH,
        sound_format=SoundFormat(Coding.MU_LAW),
        told=(("a", "1"),),
    )
    speaking = talk(stream)
    messages = [
        speaking.begun(),
        speaking.sound(Track.OUTBOUND, b"\xff", AT),
        speaking.key("5", AT),
        speaking.played("one"),
        speaking.cleared(),
        speaking.over(),
    ]
    identity = "c4dfd815-a92a-4140-ab85-5ff28c004116"
    start, media, dtmf, played, cleared, stop = (json.loads(message) for message in messages)
    assert start["start"]["tracks"] == ["inbound", "outbound"]
    assert start["start"]["mediaFormat"] == {"encoding": "audio/x-mulaw", "sampleRate": 8000}
    assert start["extra_headers"] == '{"a":"1"}'
    assert media == {
        "sequenceNumber": 1,
        "event": "media",
        "streamId": identity,
        "media": {"track": "outbound", "timestamp": "1795310743250", "chunk": 1, "payload": "/w=="},
        "extra_headers": '{"a":"1"}',
    }
    assert dtmf["dtmf"] == {"track": "inbound", "digit": "5", "timestamp": "1795310743250"}
    assert played == {"sequenceNumber": 3, "event": "playedStream", "streamId": identity, "name": "one"}
    assert cleared == {"sequenceNumber": 4, "event": "clearedAudio", "streamId": identity}
    assert stop == {"sequenceNumber": 5, "event": "stop", "streamId": identity}


def test_news_without_a_target_name_none() -> None:
    told = dict(
        stream_parameters(STREAM, StreamNews(event=StreamEvent.DROPPED, at=AT, error="the connection broke"))
    )
    assert told == {
        "Event": "DroppedStream",
        "StreamID": "c4dfd815-a92a-4140-ab85-5ff28c004116",
        "Error": "the connection broke",
        "Timestamp": "2026-11-22 01:25:43",
    }
    to = Stream(
        url="wss://a/", language="vobiz", stream_id=STREAM_ID, status_target=Target("http://b/", Method.GET)
    )
    told = dict(stream_parameters(to, StreamNews(event=StreamEvent.STARTED, at=AT)))
    assert (told["status_callback_url"], told["status_callback_method"]) == ("http://b/", "GET")


@given(st.text(max_size=60) | st.text(alphabet="ws:/.a@[]?#% 1", max_size=30))
def test_an_address_is_one_or_none(text: str) -> None:
    url = stream_url(text)
    assert url is None or url.lower().startswith(("ws://", "wss://"))


@given(st.text(max_size=600))
def test_extra_headers_are_pairs(text: str) -> None:
    pairs, _ = headers_of(text)
    assert all(name and "," not in value for name, value in pairs)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("audio/x-l16;rate=8000", SoundFormat()),
        ("Audio/X-L16; rate=16000", SoundFormat(Coding.LINEAR, 16_000)),
        ("audio/x-mulaw;rate=8000", SoundFormat(Coding.MU_LAW)),
        ("audio/x-l16;rate=24000", None),
        ("", None),
    ],
)
def test_content_types(text: str, found: SoundFormat | None) -> None:
    assert read_format(text) == found

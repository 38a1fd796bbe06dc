"""What goes on beside a live call's document: recordings, sounds, words, keys."""

import uuid
from typing import Any

import pytest

from offhook.rest.live_ports import (
    CallIsOver,
    CallNotAnswered,
    Legs,
    NobodyConnected,
    OwnerAway,
    Performance,
    PerformanceKind,
)
from offhook.rest.ports import LimitReached
from offhook.verbs import FileFormat, Play, Record, Say, SendKeys, Target
from tests.rest.site import Site
from tests.rest.vobiz.asking import CALL, UUID, ask, over, refused, running, told

SOUND, SECOND = "http://app.example/a.mp3", "https://app.example/b,c.wav"
THINGS = [
    ("Record", {}),
    ("Play", {"urls": SOUND}),
    ("Speak", {"text": "hello"}),
    ("DTMF", {"digits": "1"}),
]


async def performed(site: Site, what: str, message: str, **body: Any) -> Performance:
    running(site)
    said = await told(site, f"/Call/{UUID}/{what}/", "POST", body, status=202)
    assert said["message"] == message
    ((call_id, performance),) = site.lines.performances
    assert call_id == CALL
    return performance


async def test_a_recording_with_all_that_can_be_said(site: Site) -> None:
    running(site)
    body = {
        "time_limit": "30",
        "file_format": "wav",
        "record_channel_type": "stereo",
        "transcription_type": "auto",
        "transcription_url": "http://app.example/words",
        "callback_url": "http://app.example/recorded",
    }
    said = await told(site, f"/Call/{UUID}/Record/", "POST", body, status=202)
    recording_id = uuid.UUID(said["recording_id"])
    path = f"/v1/Account/{site.account.sid}/Recording/{recording_id}.wav"
    assert said["url"] == f"https://voice.example{path}"
    assert said["message"] == "call recording started"
    record = Record(
        is_background=True,
        has_beep=False,
        follows_action=False,
        max_length_s=30,
        file_format=FileFormat.WAV,
        is_stereo=True,
        is_transcribed=True,
        transcription_target=Target("http://app.example/words"),
        callback=Target("http://app.example/recorded"),
    )
    wanted = Performance(kind=PerformanceKind.RECORD, verbs=(record,), record_id=recording_id.hex)
    assert site.lines.performances == [(CALL, wanted)]


async def test_a_recording_is_a_minute_of_mp3_unless_it_says(site: Site) -> None:
    performance = await performed(site, "Record", "call recording started")
    (record,) = performance.verbs
    assert isinstance(record, Record)
    assert (record.max_length_s, record.file_format, record.is_transcribed) == (60, FileFormat.MP3, False)


@pytest.mark.parametrize("urls", [f"{SOUND},{SECOND}", [SOUND, SECOND]])
async def test_sounds(site: Site, urls: Any) -> None:
    performance = await performed(
        site, "Play", "play started", urls=urls, legs="both", loop=True, length="7", mix=False
    )
    assert performance == Performance(
        kind=PerformanceKind.PLAY,
        verbs=(Play(url=SOUND, is_skippable=True), Play(url=SECOND, is_skippable=True)),
        legs=Legs.BOTH,
        repeats=True,
        longest_s=7,
    )


@pytest.mark.parametrize(
    ("body", "verb"),
    [
        ({"text": " hello\nthere "}, Say(text="hello there", voice="woman", language="en-US")),
        (
            {"text": "salut", "voice": "man", "language": "fr-FR"},
            Say(text="salut", voice="man", language="fr-FR"),
        ),
        ({"text": "hi", "voice": "Polly.Matthew"}, Say(text="hi", voice="man", language="en-US")),
        (
            {"text": "a<break time='1s'/>b", "type": "ssml"},
            Say(
                text="a b",
                markup='<speak>a<break time="1s"/>b</speak>',
                voice="woman",
                language="en-US",
            ),
        ),
    ],
)
async def test_words(site: Site, body: dict[str, str], verb: Say) -> None:
    performance = await performed(site, "Speak", "speak started", **body)
    assert performance == Performance(kind=PerformanceKind.SPEAK, verbs=(verb,))


async def test_half_a_character_reaches_no_worker(site: Site) -> None:
    running(site)
    account = site.account
    headers = {
        "x-auth-id": account.auth_id,
        "x-auth-token": account.auth_token,
        "content-type": "application/json",
    }
    half = rb'{"text": "a \ud83d b", "voice": "MAN"}'
    await told(site, f"/Call/{UUID}/Speak/", "POST", status=202, content=half, headers=headers)
    ((_, performance),) = site.lines.performances
    [verb] = performance.verbs
    assert isinstance(verb, Say)
    assert verb.text == "a \ufffd b"


@pytest.mark.parametrize(
    ("body", "keys", "legs"),
    [
        ({"digits": "12w#W*"}, "12w#ww*", Legs.OWN),
        ({"digits": 42, "leg": "bleg"}, "42", Legs.OTHER),
        ({"digits": "a", "legs": "both"}, "A", Legs.BOTH),
    ],
)
async def test_keys(site: Site, body: dict[str, Any], keys: str, legs: Legs) -> None:
    performance = await performed(site, "DTMF", "digits sent", **body)
    assert performance == Performance(kind=PerformanceKind.KEYS, verbs=(SendKeys(keys=keys),), legs=legs)


WHAT_CANNOT_BE_IS_REFUSED: list[tuple[Any, ...]] = [
    ("Record", {"time_limit": "long"}, "time_limit must be"),
    ("Record", {"file_format": "ogg"}, "file_format must be one of mp3, wav"),
    ("Record", {"callback_url": "app.example"}, "callback_url must be"),
    ("Record", {"transcription_type": "magic"}, "transcription_type must be"),
    ("Play", {}, "urls is required"),
    ("Play", {"urls": "a.mp3"}, "urls must be an absolute"),
    ("Play", {"urls": SOUND, "loop": "often"}, "loop must be true or false"),
    ("Play", {"urls": SOUND, "legs": "left"}, "legs must be"),
    ("Play", {"urls": ",".join([SOUND] * 21)}, "at most 20"),
    ("Speak", {}, "text is required"),
    ("Speak", {"text": "x" * 3001}, "not be longer"),
    ("Speak", {"text": "<a", "type": "ssml"}, "text is no SSML"),
    ("Speak", {"text": "x", "voice": "CHILD"}, "voice must be"),
    ("Speak", {"text": "x", "language": "en_US!"}, "language must be"),
    ("DTMF", {}, "digits is required"),
    ("DTMF", {"digits": "1,2"}, "digits must be"),
    ("DTMF", {"digits": "@5"}, "digits must have a key"),
    ("DTMF", {"digits": "wW"}, "digits must have a key"),
    ("DTMF", {"digits": "1", "leg": "x"}, "leg must be"),
]


async def test_what_cannot_be_is_refused(site: Site) -> None:
    running(site)
    for what, body, words in WHAT_CANNOT_BE_IS_REFUSED:
        status, said = await refused(site, f"/Call/{UUID}/{what}/", "POST", body)
        assert (status, words in said) == (400, True), said
        assert site.lines.performances == []


@pytest.mark.parametrize("kind", ["Record", "Play", "Speak"])
async def test_stopping_may_be_said_twice_and_of_a_call_that_is_over(site: Site, kind: str) -> None:
    running(site)
    path = f"/Call/{UUID}/{kind}/"
    for refusal in (None, CallIsOver("it is over")):
        site.lines.refusal = refusal
        answer = await ask(site, path, "DELETE")
        assert (answer.status_code, answer.content) == (204, b"")
    assert site.lines.stopped == [(CALL, PerformanceKind(kind.lower()))]
    over(site, "e" * 32)
    assert (await ask(site, f"/Call/{'e' * 32}/{kind}/", "DELETE")).status_code == 204
    assert (await refused(site, f"/Call/{uuid.uuid4()}/{kind}/", "DELETE"))[0] == 404
    site.lines.refusal = OwnerAway("gone")
    assert (await refused(site, path, "DELETE"))[0] == 409


@pytest.mark.parametrize(("what", "body"), THINGS)
async def test_calls_to_which_that_cannot_be_done(site: Site, what: str, body: dict[str, str]) -> None:
    assert (await refused(site, f"/Call/{UUID}/{what}/", "POST", body))[0] == 404
    running(site)
    for refusal, status in (
        (CallIsOver("over"), 404),
        (CallNotAnswered("rings"), 409),
        (NobodyConnected("alone"), 409),
        (LimitReached("too many keys", 1.0), 429),
        (OwnerAway("gone"), 409),
    ):
        site.lines.refusal = refusal
        assert (await refused(site, f"/Call/{UUID}/{what}/", "POST", body))[0] == status
    over(site, "e" * 32)
    assert (await refused(site, f"/Call/{'e' * 32}/{what}/", "POST", body))[0] == 404

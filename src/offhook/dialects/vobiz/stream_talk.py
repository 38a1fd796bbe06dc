"""What is said on a stream, as JSON objects with an `event`; and what its status callback is told.

A connection's messages are numbered from 0, where `start` is 0. What has no number in Vobiz' own examples has one here all
the same: whoever does not look for it does not see it.
"""

import base64
import binascii
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from offhook.call.info import CallInfo
from offhook.dialects.clean_text import clean
from offhook.dialects.vobiz.prompts import keys_to_send
from offhook.dialects.vobiz.signatures import VOBIZ_AND_PLIVO
from offhook.dialects.vobiz.standard import AuthIdOf
from offhook.dialects.vobiz.values import Parameters, epoch_milliseconds, second_text, uuid_of
from offhook.interpreter.stream_ports import (
    ClearSounds,
    Command,
    EndStream,
    Mark,
    Message,
    Nonsense,
    PlaySound,
    PressKeys,
    StreamEvent,
    StreamNews,
)
from offhook.verbs import Coding, SoundFormat, Stream, Track

ENCODINGS = {Coding.LINEAR: "audio/x-l16", Coding.MU_LAW: "audio/x-mulaw"}
PLAYED_RATES = {"audio/x-l16": (8000, 16_000, 24_000), "audio/x-mulaw": (8000,)}
"""What may be played, by its encoding."""
LONGEST_MARK = 1_000

_EVENTS = {
    StreamEvent.STARTED: "StartStream",
    StreamEvent.PLAYED: "PlayedStream",
    StreamEvent.CLEARED: "ClearedAudio",
    StreamEvent.DEGRADED: "DegradedStream",
    StreamEvent.DROPPED: "DroppedStream",
    StreamEvent.STOPPED: "StopStream",
}
_DEGRADED = "connection degraded"


class VobizStreams:
    """Fills `stream_ports.StreamLanguage`."""

    def __init__(
        self, *, auth_id: AuthIdOf = lambda account_sid: account_sid, signature: str = VOBIZ_AND_PLIVO
    ) -> None:
        """`auth_id` is what an account signs in with, by its sid. `signature` names how connections are signed."""
        self._auth_id = auth_id
        self._signature = signature

    @property
    def signature(self) -> str:
        """The name of what signs the request for a connection."""
        return self._signature

    def talk(self, verb: Stream, info: CallInfo) -> "VobizTalk":
        """A talk from its beginning."""
        return VobizTalk(verb, info, self._auth_id(info.account_sid))


class VobizTalk:
    """Fills `stream_ports.StreamTalk`."""

    def __init__(self, verb: Stream, info: CallInfo, account_id: str) -> None:
        self._verb = verb
        self._info = info
        self._account_id = account_id
        self._stream_id = uuid_of(verb.stream_id)
        self._extra_headers = json.dumps(dict(verb.told), separators=(",", ":"))
        self._number = -1
        self._chunk = 0

    def begun(self) -> Message:
        """`start`."""
        track = self._verb.track
        tracks = [one.value for one in (Track.INBOUND, Track.OUTBOUND) if track in (one, Track.BOTH)]
        sound_format = self._verb.sound_format
        start = {
            "callId": uuid_of(self._info.call_id),
            "streamId": self._stream_id,
            "accountId": self._account_id,
            "tracks": tracks,
            "mediaFormat": {
                "encoding": ENCODINGS[sound_format.coding],
                "sampleRate": sound_format.rate_hz,
            },
        }
        return self._message("start", start=start, extra_headers=self._extra_headers)

    def sound(self, track: Track, sound: bytes, at: datetime) -> Message:
        """`media`."""
        self._chunk += 1
        media = {
            "track": track.value,
            "timestamp": epoch_milliseconds(at),
            "chunk": self._chunk,
            "payload": base64.b64encode(sound).decode("ascii"),
        }
        return self._of_stream("media", media=media, extra_headers=self._extra_headers)

    def key(self, key: str, at: datetime) -> Message:
        """`dtmf`."""
        dtmf = {"track": Track.INBOUND.value, "digit": key, "timestamp": epoch_milliseconds(at)}
        return self._of_stream("dtmf", dtmf=dtmf, extra_headers=self._extra_headers)

    def played(self, name: str) -> Message:
        """`playedStream`."""
        return self._of_stream("playedStream", name=name)

    def cleared(self) -> Message:
        """`clearedAudio`."""
        return self._of_stream("clearedAudio")

    def over(self) -> Message:
        """`stop`, of which newer pages say that the end of the connection stands for it."""
        return self._of_stream("stop")

    def read(self, message: Message) -> tuple[Command, ...]:
        """What the application wants. Raises Nonsense."""
        try:
            said = json.loads(message)
        except (ValueError, RecursionError) as error:
            raise Nonsense("a message is no JSON") from error
        if not isinstance(said, dict):
            raise Nonsense("a message is no JSON object")
        reader = _READERS.get(str(said.get("event")))
        if reader is None:
            raise Nonsense(f"its event is {_shown(said.get('event'))}; known are {', '.join(_READERS)}")
        self._check_id(said)
        return (reader(said),)

    def _check_id(self, said: dict[str, Any]) -> None:
        """Many applications leave the id out; one that is another's is a mistake."""
        given = said.get("streamId")
        if given and str(given).lower() != self._stream_id:
            raise Nonsense(f"its streamId is {_shown(given)}, and this stream is {self._stream_id}")

    def _of_stream(self, event: str, **more: Any) -> Message:
        return self._message(event, streamId=self._stream_id, **more)

    def _message(self, event: str, **more: Any) -> Message:
        self._number += 1
        return json.dumps({"sequenceNumber": self._number, "event": event, **more}, separators=(",", ":"))


def stream_parameters(verb: Stream, news: StreamNews) -> Parameters:
    """What the status callback is told, besides the standard parameters."""
    target, event = verb.status_target, news.event
    error = _DEGRADED if event is StreamEvent.DEGRADED else news.error
    return (
        ("Event", _EVENTS[event]),
        ("StreamID", uuid_of(verb.stream_id)),
        *((("ServiceURL", clean(verb.url)),) if event is StreamEvent.STARTED else ()),
        *((("Name", clean(news.mark)),) if event is StreamEvent.PLAYED else ()),
        ("Error", clean(error)),
        ("Timestamp", second_text(news.at)),
        *(
            (("status_callback_url", clean(target.url)), ("status_callback_method", target.method.value))
            if target is not None
            else ()
        ),
    )


def _read_play(said: dict[str, Any]) -> Command:
    media = said.get("media")
    if not isinstance(media, dict):
        raise Nonsense("playAudio has no media")
    kind, _, in_kind = str(media.get("contentType", "")).lower().replace(" ", "").partition(";")
    if kind not in PLAYED_RATES:
        raise Nonsense(
            f"its contentType is {_shown(media.get('contentType'))}, and not {' or '.join(PLAYED_RATES)}"
        )
    rate = media.get("sampleRate") or in_kind.removeprefix("rate=") or PLAYED_RATES[kind][0]
    known = {str(one): one for one in PLAYED_RATES[kind]}
    rate_hz = known.get(str(rate))
    if rate_hz is None:
        raise Nonsense(f"the sampleRate of {kind} is {_shown(rate)}, and not {' or '.join(known)}")
    try:
        sound = base64.b64decode(str(media.get("payload", "")), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Nonsense("its payload is no base64") from error
    coding = Coding.MU_LAW if kind == ENCODINGS[Coding.MU_LAW] else Coding.LINEAR
    return PlaySound(sound, SoundFormat(coding, rate_hz))


def _read_mark(said: dict[str, Any]) -> Command:
    name = said.get("name")
    if not isinstance(name, str | int) or len(str(name)) > LONGEST_MARK:
        raise Nonsense(
            f"a checkpoint has a name of up to {LONGEST_MARK:,} characters, and not {_shown(name)}"
        )
    return Mark(str(name))


def _read_keys(said: dict[str, Any]) -> Command:
    keys = keys_to_send(str(said.get("dtmf", "")))
    if keys is None:
        raise Nonsense(f"the keys to send are {_shown(said.get('dtmf'))}, and not out of 0-9, * and #")
    return PressKeys(keys)


def _read_clear(_said: dict[str, Any]) -> Command:
    return ClearSounds()


def _read_stop(_said: dict[str, Any]) -> Command:
    return EndStream()


_READERS: dict[str, Callable[[dict[str, Any]], Command]] = {
    "playAudio": _read_play,
    "checkpoint": _read_mark,
    "clearAudio": _read_clear,
    "stop": _read_stop,
    "sendDTMF": _read_keys,
}


def _shown(value: object) -> str:
    text = clean(str(value)) if value is not None else "missing"
    return text if len(text) <= 40 else f"{text[:40]}…"

"""What a worker and a speech process say to each other: one connection an utterance, a text, or a sound file.

The client opens with a request: one line of JSON. From then on both sides send messages: a byte that tells
the kind, the length in four bytes (big endian), and the body.

    A  audio or media: bytes. An empty one ends the utterance or the file.
    J  an answer: JSON. The process ends each connection with one that is final, and closes.

    recognise   client: A A A … A(empty)    process: J started, J partial, J final, then J ended or J failed
    speak       client: nothing             process: J speaking, A A A …, then J ended or J refused
    decode      client: A A … A(empty)      process: A A A …, then J ended or J refused
    ping        client: nothing             process: J alive

In between, a recogniser tells each half second of audio how much it has heard (J heard), and a voice after
each piece of a text how much it has spoken (J spoken): what is lost with a process is known by that.

Either side may close at any moment; the other one then drops what it was doing. All sizes are bounded, and
what breaks a bound or the form raises Malformed, whose text says how.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    SpeechEnded,
    SpeechEvent,
    SpeechFailed,
    SpeechStarted,
)

MAX_REQUEST_BYTES = 1_048_576
MAX_BODY_BYTES = 65_536
MAX_HINTS = 500
MAX_HINT_CHARACTERS = 100
MAX_TEXT_CHARACTERS = 100_000
MAX_MEDIA_BYTES = 33_554_432

HEARD_EVERY = 25
"""A recogniser tells after so many messages of audio how many it has heard; live, that is half a second."""

HEADER_BYTES = 5
AUDIO = ord("A")
ANSWER = ord("J")


class Malformed(ValueError):
    """What the other side said breaks the protocol; the text says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecogniseRequest:
    """Hear one utterance."""

    language: str
    hints: tuple[str, ...] = ()
    partials: bool = False

    def __post_init__(self) -> None:
        if len(self.hints) > MAX_HINTS:
            raise Malformed(f"{len(self.hints)} hints were given; at most {MAX_HINTS} are taken")
        longest = max(map(len, self.hints), default=0)
        if longest > MAX_HINT_CHARACTERS:
            raise Malformed(
                f"a hint of {longest} characters was given; at most {MAX_HINT_CHARACTERS} are taken"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakRequest:
    """Speak a text."""

    text: str
    language: str
    voice: str = ""
    words_per_minute: int = 160
    is_ssml: bool = False

    def __post_init__(self) -> None:
        if len(self.text) > MAX_TEXT_CHARACTERS:
            raise Malformed(
                f"a text of {len(self.text)} characters was given; at most {MAX_TEXT_CHARACTERS} are spoken"
            )
        if not 80 <= self.words_per_minute <= 450:
            raise Malformed(f"{self.words_per_minute} words a minute were asked for; 80 to 450 can be spoken")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeRequest:
    """Turn a sound file into PCM; the file follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PingRequest:
    """Say that you are alive."""


Request = RecogniseRequest | SpeakRequest | DecodeRequest | PingRequest


@dataclass(frozen=True, slots=True)
class Speaking:
    """What a text is spoken with. Where something asked for is unknown, what was taken instead."""

    language: str
    voice: str
    is_language_known: bool
    is_voice_known: bool


@dataclass(frozen=True, slots=True)
class Alive:
    """The process does what it is asked."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How many messages of audio were heard on this connection."""

    messages: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """All audio of the first `characters` of the text was sent."""

    characters: int


@dataclass(frozen=True, slots=True)
class SoundEnded:
    """All audio was sent."""


class RefusalKind(StrEnum):
    """Whose fault it is that there is no sound, or no more of it."""

    UNUSABLE = "unusable"
    """The file or the text: another try ends the same."""
    BROKEN = "broken"
    """The process or its library."""


@dataclass(frozen=True, slots=True)
class SoundRefused:
    """There is no (more) sound. `detail` is for people."""

    kind: RefusalKind
    detail: str


Answer = SpeechEvent | Alive | Heard | Speaking | Spoken | SoundEnded | SoundRefused
Message = bytes | Answer

Reading = Callable[[Any], Any]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Malformed("must be a text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Malformed("must be true or false")
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Malformed("must be a whole number")
    return value


def _share(value: Any) -> float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise Malformed("must be a number or null")


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Malformed("must be a list of texts")
    return tuple(_text(item) for item in value)


def _choice(kinds: type[StrEnum]) -> Reading:
    def read(value: Any) -> StrEnum:
        try:
            return kinds(_text(value))
        except ValueError:
            raise Malformed(f"must be one of {', '.join(kinds)}") from None

    return read


REQUESTS: Mapping[str, tuple[type[Request], Mapping[str, Reading]]] = {
    "recognise": (RecogniseRequest, {"language": _text, "hints": _texts, "partials": _flag}),
    "speak": (
        SpeakRequest,
        {
            "text": _text,
            "language": _text,
            "voice": _text,
            "words_per_minute": _number,
            "is_ssml": _flag,
        },
    ),
    "decode": (DecodeRequest, {}),
    "ping": (PingRequest, {}),
}
ANSWERS: Mapping[str, tuple[type[Answer], Mapping[str, Reading]]] = {
    "started": (SpeechStarted, {}),
    "partial": (Partial, {"text": _text, "stability": _share}),
    "final": (Final, {"text": _text, "confidence": _share}),
    "ended": (SpeechEnded, {}),
    "failed": (SpeechFailed, {"kind": _choice(FailureKind), "detail": _text, "retryable": _flag}),
    "alive": (Alive, {}),
    "heard": (Heard, {"messages": _number}),
    "spoken": (Spoken, {"characters": _number}),
    "speaking": (
        Speaking,
        {"language": _text, "voice": _text, "is_language_known": _flag, "is_voice_known": _flag},
    ),
    "sound_ended": (SoundEnded, {}),
    "refused": (SoundRefused, {"kind": _choice(RefusalKind), "detail": _text}),
}
NAMES = {kind: name for table in (REQUESTS, ANSWERS) for name, (kind, _) in table.items()}


def write_request(request: Request) -> bytes:
    """The opening line."""
    return json.dumps({"do": NAMES[type(request)], **asdict(request)}).encode() + b"\n"


def read_request(line: bytes) -> Request:
    """The request in an opening line. Raises Malformed."""
    request = _read(line, "do", REQUESTS)
    assert isinstance(request, Request)
    return request


def write_audio(pcm: bytes) -> bytes:
    """`pcm`, of any length, as messages; none at all for an empty one."""
    return b"".join(
        _message(AUDIO, pcm[start : start + MAX_BODY_BYTES]) for start in range(0, len(pcm), MAX_BODY_BYTES)
    )


def write_end() -> bytes:
    """The message that ends the client's audio."""
    return _message(AUDIO, b"")


def write_answer(answer: Answer) -> bytes:
    """An answer as a message."""
    return _message(ANSWER, json.dumps({"event": NAMES[type(answer)], **asdict(answer)}).encode())


class MessageReader:
    """Takes bytes as they arrive and gives the messages in them. After Malformed it takes no more."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, received: bytes) -> Iterator[Message]:
        """The messages that are complete now, in order. Raises Malformed."""
        self._bytes += received
        while len(self._bytes) >= HEADER_BYTES:
            kind, length = self._bytes[0], int.from_bytes(self._bytes[1:HEADER_BYTES], "big")
            if kind not in (AUDIO, ANSWER):
                raise Malformed(f"a message begins with {chr(kind)!r} instead of 'A' or 'J'")
            if length > MAX_BODY_BYTES:
                raise Malformed(f"a message of {length} bytes was announced; at most {MAX_BODY_BYTES} fit")
            end = HEADER_BYTES + length
            if len(self._bytes) < end:
                return
            body = bytes(self._bytes[HEADER_BYTES:end])
            del self._bytes[:end]
            yield body if kind == AUDIO else _read_answer(body)


def _message(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + len(body).to_bytes(HEADER_BYTES - 1, "big") + body


def _read_answer(body: bytes) -> Answer:
    answer = _read(body, "event", ANSWERS)
    assert isinstance(answer, Answer)
    return answer


def _read(
    text: bytes,
    key: str,
    table: Mapping[str, tuple[type[Request] | type[Answer], Mapping[str, Reading]]],
) -> Request | Answer:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed("this is not JSON") from None
    if not isinstance(fields, dict):
        raise Malformed("this is not a JSON object")
    name = fields.pop(key, None)
    if not isinstance(name, str) or name not in table:
        raise Malformed(f"{key!r} must be one of {', '.join(table)}")
    made, readings = table[name]
    if strange := sorted(fields.keys() - readings.keys()):
        raise Malformed(f"{name} has no {', '.join(strange)}")
    if missing := [field for field in readings if field not in fields]:
        raise Malformed(f"{name} needs {', '.join(missing)}")
    return made(**{field: _read_field(field, read, fields[field]) for field, read in readings.items()})


def _read_field(field: str, read: Reading, value: Any) -> Any:
    try:
        return read(value)
    except Malformed as fault:
        raise Malformed(f"{field} {fault}") from None

"""What Offhook and an operator's own speech engine say to each other, without the connection they say it over.

docs/recognisers.md tells the protocol from the engine's side. It is the one that jambonz made for custom
recognisers, so what speaks to jambonz speaks to Offhook too.
"""

import json
import re
from typing import Any

from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.speech.recogniser import FailureKind, Final, Partial, RecogniserOptions, SpeechFailed
from offhook.speech.recogniser_notices import WORDS
from offhook.verbs.recogniser_options import asked_for

STOP = b'{"type":"stop"}'
"""No more audio comes."""
MOST_MESSAGE_BYTES = 262_144
MOST_DETAIL_CHARACTERS = 200
"""Of what a vendor says, where people read of it."""
MOST_FAILURE_CHARACTERS = 300
"""Of that with our own words around it."""

UNKEEPABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters and halves of characters, which JSON can carry and a database cannot keep."""


class Unknown(ValueError):
    """A message that means nothing here; the text says why, and does not repeat what was said."""


class Garbage(Unknown):
    """A message that is not even of the protocol's kind."""


def write_start(options: RecogniserOptions) -> bytes:
    """How to listen: the first message of a connection."""
    message = {
        "type": "start",
        "language": options.language,
        "format": "raw",
        "encoding": "LINEAR16",
        "interimResults": options.partials,
        "sampleRateHz": SAMPLE_RATE_HZ,
        "options": {"hints": list(options.hints), **_told_options(options)},
    }
    return json.dumps(message, separators=(",", ":")).encode()


OPTION_NAMES = {name: word for name, word in WORDS.items() if name != "hints"} | {
    "service_endpoint": "serviceEndpoint"
}
"""How the protocol spells the options that are told only when they are asked for."""


def _told_options(options: RecogniserOptions) -> dict[str, Any]:
    told = {name: getattr(options, name) for name in asked_for(options) & OPTION_NAMES.keys()}
    if "initial_speech_timeout_s" in told:
        told["initial_speech_timeout_s"] = round(told["initial_speech_timeout_s"] * 1000)
    return {spelt: told[name] for name, spelt in OPTION_NAMES.items() if name in told}


def read_message(text: bytes) -> Partial | Final | SpeechFailed | None:
    """What an engine's message means; None for a transcription without words. Raises Unknown."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise Garbage("it is not JSON") from None
    if not isinstance(message, dict):
        raise Garbage("it is not a JSON object")
    match message.get("type"):
        case "transcription":
            return _transcription(message)
        case "error":
            return SpeechFailed(FailureKind.BROKEN, _detail(message.get("error")))
        case str(other):
            raise Unknown(f"its type is {line(other)[:40]!r}")
        case _:
            raise Unknown("it has no type")


def _transcription(message: dict[str, Any]) -> Partial | Final | None:
    match message:
        case {"is_final": bool(is_final), "alternatives": [{"transcript": str(transcript), **best}, *_]}:
            words = line(transcript)
        case _:
            raise Unknown("a transcription needs is_final and alternatives, the first with a transcript")
    if not words:
        return None
    return Final(words, confidence(best.get("confidence"))) if is_final else Partial(words)


def confidence(value: Any) -> float | None:
    """0 to 1; None where an engine says nothing, or what makes no sense."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None


def _detail(error: Any) -> str:
    told = error if isinstance(error, str) else json.dumps(error)
    return f"the engine says: {line(told)[:MOST_DETAIL_CHARACTERS] or 'error'}"


def shortened(text: str, most: int = MOST_FAILURE_CHARACTERS) -> str:
    """`text`, cut to so many characters where it has more."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def line(text: str) -> str:
    """`text` on one line, as databases and logs can keep it."""
    return " ".join(UNKEEPABLE.sub(" ", text).split())

"""Record: from its attributes to the verb, and what its action is told."""

import re

from offhook.dialects.language_tag import is_language_tag
from offhook.dialects.rcml.codes import RECORD_FINISH_KEY, RECORD_METHOD, RECORD_TIME, SCHEMA
from offhook.dialects.rcml.recorded import Parameters, recording_parameters, seconds_text
from offhook.dialects.xml_reading.attributes import Attributes
from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element
from offhook.interpreter.ports import Report
from offhook.verbs import Record, Recorded, Target

DEFAULT_SILENCE_S = 5.0
DEFAULT_LENGTH_S = 3600.0
DEFAULT_LANGUAGE = "en-US"
ANY_KEY = "1234567890*#"
INSTEAD_OF_BAD_KEYS = "#"
NO_KEY = "-1"

_ATTRIBUTES = (
    "action",
    "method",
    "timeout",
    "finishOnKey",
    "maxLength",
    "playBeep",
    "transcribe",
    "transcribeCallback",
    "transcribeCallbackMethod",
    "language",
    "media",
)


def read_record(element: Element, reading: Reading) -> Record:
    """A Record with every default filled in. Raises DocumentInvalid for a bad URL."""
    attributes = Attributes(element, reading, *_ATTRIBUTES)
    method = attributes.method("method", RECORD_METHOD)
    transcription_target = attributes.target(
        "transcribeCallback", attributes.method("transcribeCallbackMethod")
    )
    attributes.choice("media", ("audio_only",), default="audio_only", code=SCHEMA)
    return Record(
        action=attributes.target("action", method) or Target(reading.url, method),
        silence_s=_seconds(attributes, "timeout", DEFAULT_SILENCE_S),
        finish_keys=_finish_keys(attributes),
        max_length_s=_seconds(attributes, "maxLength", DEFAULT_LENGTH_S),
        has_beep=attributes.flag("playBeep", default=True),
        is_transcribed=attributes.flag("transcribe", default=False) or transcription_target is not None,
        transcription_target=transcription_target,
        language=_language(attributes),
        line=element.line,
    )


def report_record(verb: Record, recorded: Recorded, public_url: str) -> Report:
    """Where a recording is told, and with what; nowhere for one that silence ended before anybody made a sound."""
    if verb.action is None or not (recorded.recording_id or recorded.keys):
        return Report()
    parameters: Parameters = recording_parameters(recorded, public_url)
    if not parameters:
        parameters = (("RecordingDuration", seconds_text(0.0)),)
    return Report(verb.action, (*parameters, ("Digits", recorded.keys)))


def _seconds(attributes: Attributes, name: str, default_s: float) -> float:
    found = attributes.seconds(name, code=RECORD_TIME, instead=f"{default_s:g} seconds are used")
    return default_s if found is None else found


def _finish_keys(attributes: Attributes) -> frozenset[str]:
    value = attributes.text("finishOnKey")
    if value is None:
        return frozenset(ANY_KEY)
    if value == NO_KEY:
        return frozenset()
    if re.fullmatch("[0-9*#]{1,12}", value):
        return frozenset(value)
    attributes.bad(
        "finishOnKey",
        "one to twelve keys out of 0-9, * and #, or -1 for none",
        f'"{INSTEAD_OF_BAD_KEYS}" is used',
        RECORD_FINISH_KEY,
    )
    return frozenset(INSTEAD_OF_BAD_KEYS)


def _language(attributes: Attributes) -> str:
    value = attributes.text("language") or DEFAULT_LANGUAGE
    if is_language_tag(value):
        return value
    attributes.bad("language", "a language tag such as en-US", f"{DEFAULT_LANGUAGE} is used", SCHEMA)
    return DEFAULT_LANGUAGE

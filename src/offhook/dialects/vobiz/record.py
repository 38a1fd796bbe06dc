"""Record: the caller's words, or both sides while the call goes on."""

import re

from offhook.dialects.vobiz.attributes import Attributes, skip
from offhook.dialects.vobiz.codes import NOT_SERVED, SCHEMA
from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import FileFormat, Record

DEFAULT_SILENCE_S = 60
DEFAULT_LENGTH_S = 60
ANY_KEY = "1234567890*#"
WHOLE_DAY_S = 86_400
"""What is recorded of a session without a maxLength."""

_ATTRIBUTES = (
    "action",
    "method",
    "fileFormat",
    "redirect",
    "timeout",
    "maxLength",
    "playBeep",
    "finishOnKey",
    "recordSession",
    "startOnDialAnswer",
    "transcriptionType",
    "transcriptionUrl",
    "transcriptionMethod",
    "callbackUrl",
    "callbackMethod",
    "recordChannelType",
    "transcriptionReportType",
)


def read_record(element: Element, reading: Reading) -> Record:
    """A Record with every default filled in. Raises DocumentInvalid for an action that is followed and cannot be asked."""
    attributes = Attributes(element, reading, *_ATTRIBUTES)
    _tell_children(element, reading)
    is_session = attributes.flag("recordSession", default=False)
    is_background = is_session or starts_with_dial(element)
    attributes.flag("startOnDialAnswer", default=False)
    follows = attributes.flag("redirect", default=False) and not is_background
    channels = attributes.choice("recordChannelType", ("mono", "stereo"), default="mono", code=SCHEMA)
    transcription_target = attributes.callback("transcriptionUrl", "transcriptionMethod")
    kind = attributes.choice("transcriptionType", ("auto", "hybrid"), default="auto", code=SCHEMA)
    if kind == "hybrid":
        attributes.bad("transcriptionType", "served", '"auto" is used', NOT_SERVED)
    if attributes.text("transcriptionReportType"):
        words = f"Line {element.line}: transcriptionReportType of <Record> is not served; it is ignored."
        reading.problem(NOT_SERVED, words, element, "transcriptionReportType")
    length_s = WHOLE_DAY_S if is_background else DEFAULT_LENGTH_S
    return Record(
        action=attributes.action(follows=follows),
        follows_action=follows,
        callback=attributes.callback("callbackUrl", "callbackMethod"),
        is_background=is_background,
        silence_s=float(attributes.clamped("timeout", default=DEFAULT_SILENCE_S, least=1)),
        finish_keys=_finish_keys(attributes),
        max_length_s=float(attributes.clamped("maxLength", default=length_s, least=1)),
        has_beep=attributes.flag("playBeep", default=True) and not is_background,
        is_stereo=channels == "stereo",
        file_format=read_format(attributes, "fileFormat"),
        is_transcribed=transcription_target is not None or attributes.text("transcriptionType") is not None,
        transcription_target=transcription_target,
        line=element.line,
    )


def starts_with_dial(element: Element) -> bool:
    """Whether a <Record> begins when somebody answers a Dial; whatever its value is in another case, it does not."""
    value = next((value for name, value in element.attributes if name == "startOnDialAnswer"), "")
    return value.lower() == "true"


def read_format(attributes: Attributes, name: str) -> FileFormat:
    """The kind of file that a recording becomes."""
    return FileFormat(attributes.choice(name, ("mp3", "wav"), default="mp3", code=SCHEMA))


def _finish_keys(attributes: Attributes) -> frozenset[str]:
    value = attributes.text("finishOnKey")
    if value is None:
        return frozenset(ANY_KEY)
    if value in ("", "none"):
        return frozenset()
    if re.fullmatch("[0-9*#]{1,12}", value):
        return frozenset(value)
    wanted = 'one to twelve keys out of 0-9, * and #, or "none"'
    attributes.bad("finishOnKey", wanted, f'"{ANY_KEY}" is used', SCHEMA)
    return frozenset(ANY_KEY)


def _tell_children(element: Element, reading: Reading) -> None:
    for child in element.children:
        if child.name != "Stream":  # which the walk over the document takes
            skip(child, element, reading, "it takes no elements")

"""Conference: the caller in a room with others."""

from offhook.dialects.vobiz.attributes import Attributes, skip_children
from offhook.dialects.vobiz.codes import NOT_SERVED, RANGE, SCHEMA, UNUSABLE_URL
from offhook.dialects.vobiz.key_patterns import read_patterns
from offhook.dialects.vobiz.record import read_format
from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Conference, Target

DEFAULT_MOST = 200
DEFAULT_LIMIT_S = 14_400
MOST_S = 86_400
LONGEST_NAME = 256
STAR = "*"

_ATTRIBUTES = (
    "muted",
    "beep",
    "startConferenceOnEnter",
    "endConferenceOnExit",
    "maxParticipants",
    "maxMembers",
    "stayAlone",
    "waitSound",
    "waitMethod",
    "enterSound",
    "exitSound",
    "relayDTMF",
    "digitsMatch",
    "hangupOnStar",
    "record",
    "recordFileFormat",
    "timeLimit",
    "action",
    "method",
    "redirect",
    "callbackUrl",
    "callbackMethod",
)
_NOT_SERVED = (
    "floorEvent",
    "sendDigits",
    "recordWhenAlone",
    "transcriptionType",
    "transcriptionUrl",
    "transcriptionMethod",
    "transcriptionReportType",
)


def read_conference(element: Element, reading: Reading) -> Conference | None:
    """A Conference with every default filled in; None, with a problem, without a name. Raises DocumentInvalid for an
    action that is followed and cannot be asked."""
    attributes = Attributes(element, reading, *_ATTRIBUTES, *_NOT_SERVED)
    skip_children(element, reading)
    name = _name(element, reading)
    if name is None:
        return None
    for sound in ("enterSound", "exitSound"):
        if _sound(attributes, sound) is not None:
            words = f"Line {element.line}: a URL in {sound} of <Conference> is not served; a beep is heard instead."
            reading.problem(NOT_SERVED, words, element, sound)
    if attributes.flag("relayDTMF", default=False):
        words = f"Line {element.line}: relayDTMF of <Conference> is not served; others hear no keys."
        reading.problem(NOT_SERVED, words, element, "relayDTMF")
    for unserved in _NOT_SERVED:
        if attributes.text(unserved):
            words = f"Line {element.line}: {unserved} of <Conference> is not served; it is ignored."
            reading.problem(NOT_SERVED, words, element, unserved)
    follows = attributes.flag("redirect", default=True)
    return Conference(
        name=name,
        action=attributes.action(follows=follows),
        follows_action=follows,
        callback=attributes.callback("callbackUrl", "callbackMethod"),
        is_muted=attributes.flag("muted", default=False),
        has_beep=attributes.flag("beep", default=_beeps(attributes)),
        starts_on_enter=attributes.flag("startConferenceOnEnter", default=True),
        ends_on_exit=attributes.flag("endConferenceOnExit", default=False),
        wait=attributes.callback("waitSound", "waitMethod"),
        max_participants=_most(attributes),
        may_be_alone=attributes.flag("stayAlone", default=True),
        told_keys=read_patterns(attributes, "digitsMatch"),
        is_recorded=attributes.flag("record", default=False),
        file_format=read_format(attributes, "recordFileFormat"),
        time_limit_s=float(attributes.clamped("timeLimit", default=DEFAULT_LIMIT_S, least=1, most=MOST_S)),
        hang_up_key=STAR if attributes.flag("hangupOnStar", default=False) else "",
        line=element.line,
    )


def _name(element: Element, reading: Reading) -> str | None:
    """The room in the element's text, blanks run together."""
    name = " ".join(element.own_text.split())
    if not name:
        message = f"Line {element.line}: <Conference> has no name in it; it was skipped."
        reading.problem(SCHEMA, message, element)
        return None
    if len(name) > LONGEST_NAME:
        message = f"Line {element.line}: the name in <Conference> is cut to {LONGEST_NAME} characters."
        reading.problem(RANGE, message, element)
    return name[:LONGEST_NAME]


def _most(attributes: Attributes) -> int:
    """Vobiz says maxParticipants, Plivo maxMembers."""
    name = "maxParticipants" if attributes.text("maxParticipants") else "maxMembers"
    return attributes.clamped(name, default=DEFAULT_MOST, least=1, most=DEFAULT_MOST)


def _beeps(attributes: Attributes) -> bool:
    """Whether there is a beep where `beep` does not say so: it stands for every sound of Plivo's but `none`."""
    sounds = [value for name in ("enterSound", "exitSound") if (value := attributes.text(name)) is not None]
    return not sounds or any(sound and sound.lower() != "none" for sound in sounds)


def _is_beep(sound: str) -> bool:
    return sound.lower() in ("beep:1", "beep:2")


def _sound(attributes: Attributes, name: str) -> Target | None:
    """A sound of the application's; None for a beep or none."""
    value = attributes.text(name)
    if not value or _is_beep(value) or value.lower() == "none":
        return None
    if value.lower().startswith("beep:"):
        attributes.bad(name, '"beep:1", "beep:2" or a URL', "it is left out", UNUSABLE_URL)
        return None
    return attributes.callback(name)

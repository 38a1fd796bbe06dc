"""Conference: the caller in a room with others."""

import re

from offhook.dialects.vobiz.attributes import Attributes, skip_children
from offhook.dialects.vobiz.codes import NOT_SERVED, RANGE, SCHEMA
from offhook.dialects.vobiz.key_patterns import read_patterns
from offhook.dialects.vobiz.record import read_format
from offhook.dialects.xml_reading.name_inside import name_inside
from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Conference, Target

DEFAULT_MOST = 200
DEFAULT_LIMIT_S = 14_400
MOST_S = 86_400
STAR = "*"
_BEEPS = re.compile("beep:([12])", re.IGNORECASE)

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
    "recordWhenAlone",
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
    name = name_inside(element, reading, element.own_text, too_long=RANGE)
    if name is None:
        return None
    for unserved in _NOT_SERVED:
        if attributes.text(unserved):
            words = f"Line {element.line}: {unserved} of <Conference> is not served; it is ignored."
            reading.problem(NOT_SERVED, words, element, unserved)
    follows = attributes.flag("redirect", default=True)
    has_own_sounds = any(attributes.text(name) is not None for name in ("enterSound", "exitSound"))
    beeps = int(attributes.flag("beep", default=not has_own_sounds))
    enter_beeps, enter_sound = _sound(attributes, "enterSound", beeps)
    exit_beeps, exit_sound = _sound(attributes, "exitSound", beeps)
    return Conference(
        name=name,
        action=attributes.action(follows=follows),
        follows_action=follows,
        callback=attributes.callback("callbackUrl", "callbackMethod"),
        is_muted=attributes.flag("muted", default=False),
        enter_beeps=enter_beeps,
        exit_beeps=exit_beeps,
        enter_sound=enter_sound,
        exit_sound=exit_sound,
        relays_keys=attributes.flag("relayDTMF", default=False),
        starts_on_enter=attributes.flag("startConferenceOnEnter", default=True),
        ends_on_exit=attributes.flag("endConferenceOnExit", default=False),
        wait=attributes.callback("waitSound", "waitMethod"),
        max_participants=_most(attributes),
        may_be_alone=attributes.flag("stayAlone", default=True),
        told_keys=read_patterns(attributes, "digitsMatch"),
        is_recorded=attributes.flag("record", default=False),
        records_alone=attributes.flag("recordWhenAlone", default=True),
        file_format=read_format(attributes, "recordFileFormat"),
        time_limit_s=float(attributes.clamped("timeLimit", default=DEFAULT_LIMIT_S, least=1, most=MOST_S)),
        hang_up_key=STAR if attributes.flag("hangupOnStar", default=False) else "",
        line=element.line,
    )


def _most(attributes: Attributes) -> int:
    """Vobiz says maxParticipants, Plivo maxMembers."""
    name = "maxParticipants" if attributes.text("maxParticipants") else "maxMembers"
    return attributes.clamped(name, default=DEFAULT_MOST, least=1, most=DEFAULT_MOST)


def _sound(attributes: Attributes, name: str, beeps: int) -> tuple[int, Target | None]:
    """So many beeps, or a sound of the application's; `beeps` where it says nothing of its own."""
    value = attributes.text(name)
    if value is None:
        return beeps, None
    found = _BEEPS.fullmatch(value)
    if found is not None:
        return int(found[1]), None
    if value.lower() in ("", "none"):
        return 0, None
    if value.lower().startswith("beep:"):
        attributes.bad(name, '"beep:1", "beep:2", "none" or a URL', "a single beep is heard", SCHEMA)
        return 1, None
    return 0, attributes.callback(name)

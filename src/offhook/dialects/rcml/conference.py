"""<Conference> in a <Dial>: from its attributes to the verb, and what its action is told."""

from offhook.dialects.rcml.codes import DIAL_METHOD, SCHEMA
from offhook.dialects.rcml.dial_attributes import DialAttributes
from offhook.dialects.rcml.recorded import recording_parameters
from offhook.dialects.xml_reading.attributes import Attributes
from offhook.dialects.xml_reading.name_inside import name_inside
from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element
from offhook.interpreter.ports import Report
from offhook.verbs import Conference, ConferenceEnd, Conferred

DEFAULT_MOST = 40

_ATTRIBUTES = (
    "muted",
    "beep",
    "startConferenceOnEnter",
    "endConferenceOnExit",
    "waitUrl",
    "waitMethod",
    "maxParticipants",
)


def read_conference(noun: Element, reading: Reading, dial: DialAttributes) -> Conference | None:
    """A Conference with every default filled in; None, with a problem, without a name. Raises DocumentInvalid for a bad
    URL."""
    attributes = Attributes(noun, reading, *_ATTRIBUTES)
    name = read_name(noun, reading)
    if name is None:
        return None
    is_muted = attributes.flag("muted", default=False)
    beeps = int(attributes.flag("beep", default=True))
    return Conference(
        name=name,
        action=dial.action,
        is_muted=is_muted,
        enter_beeps=beeps,
        exit_beeps=beeps,
        starts_on_enter=attributes.flag("startConferenceOnEnter", default=True),
        ends_on_exit=attributes.flag("endConferenceOnExit", default=False),
        wait=attributes.target("waitUrl", attributes.method("waitMethod", DIAL_METHOD)),
        is_wait_silent=attributes.text("waitUrl") == "",
        max_participants=attributes.whole("maxParticipants", default=DEFAULT_MOST, least=1, code=SCHEMA),
        is_recorded=dial.is_recorded,
        time_limit_s=dial.time_limit_s,
        hang_up_key=dial.hang_up_key,
        line=dial.line,
    )


def read_name(element: Element, reading: Reading) -> str | None:
    """The name in an element's text; None, with a problem, where there is none."""
    return name_inside(element, reading, element.text, too_long=SCHEMA)


def report_conference(verb: Conference, conferred: Conferred, public_url: str) -> Report:
    """Where the outcome is sent, and with what. No target: without an action, or where there was no place left."""
    if verb.action is None or conferred.end is ConferenceEnd.FULL:
        return Report()
    sid = conferred.conference_id
    parameters = (
        *((("ConferenceSid", f"CF{sid}"),) if sid is not None else ()),
        *recording_parameters(conferred.recording, public_url),
    )
    return Report(verb.action, parameters)

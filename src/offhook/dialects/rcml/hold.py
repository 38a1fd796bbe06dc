"""Hold and Resume: from their attributes to the verbs, and from what came of them to parameters."""

from offhook.dialects.xml_reading.attributes import Attributes
from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element
from offhook.interpreter.ports import Report
from offhook.verbs import Hold, HoldChanged, Resume


def read_hold(element: Element, reading: Reading) -> Hold:
    """A Hold. Raises DocumentInvalid for a bad URL."""
    attributes = Attributes(element, reading, "action", "method", "holdMusic")
    reference = attributes.text("holdMusic")
    return Hold(
        action=attributes.target("action", attributes.method("method")),
        music_url=reading.resolve(reference, element) if reference else None,
        line=element.line,
    )


def read_resume(element: Element, reading: Reading) -> Resume:
    """A Resume. Raises DocumentInvalid for a bad URL."""
    attributes = Attributes(element, reading, "action", "method")
    return Resume(action=attributes.target("action", attributes.method("method")), line=element.line)


def report_held(verb: Hold | Resume, changed: HoldChanged) -> Report:
    """What the action is told of a re-INVITE. Without an action the next verb runs."""
    if verb.action is None:
        return Report()
    name = type(verb).__name__
    told = ((f"{name}Status", changed.status.value), (f"{name}SipResponseCode", str(changed.sip_status)))
    return Report(verb.action, told)

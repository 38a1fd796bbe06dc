"""Redirect, Hangup and Reject: the verbs after which nothing of a document runs."""

from offhook.dialects.rcml.codes import REDIRECT_METHOD, SCHEMA
from offhook.dialects.xml_reading.attributes import Attributes
from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Hangup, Redirect, Reject, Target

BUSY_HERE = 486
DECLINE = 603


def read_redirect(element: Element, reading: Reading) -> Redirect | None:
    """A Redirect; None, with a problem, where it names no URL. Raises DocumentInvalid for a bad one."""
    method = Attributes(element, reading, "method").method("method", REDIRECT_METHOD)
    reference = element.text.strip()
    if not reference:
        message = f"Line {element.line}: <Redirect> has no URL; it was skipped."
        reading.problem(SCHEMA, message, element)
        return None
    return Redirect(target=Target(reading.resolve(reference, element), method), line=element.line)


def read_hangup(element: Element, reading: Reading) -> Hangup:
    """A Hangup."""
    Attributes(element, reading)
    return Hangup(line=element.line)


def read_reject(element: Element, reading: Reading) -> Reject:
    """A Reject."""
    attributes = Attributes(element, reading, "reason")
    reason = attributes.choice("reason", ("rejected", "busy"), default="rejected", code=SCHEMA)
    return Reject(sip_status=BUSY_HERE if reason == "busy" else DECLINE, line=element.line)

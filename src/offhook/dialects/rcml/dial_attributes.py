"""The attributes of <Dial>, which count for whatever stands in it: numbers, a conference, a queue."""

import re
from dataclasses import dataclass

from offhook.call.errors import DocumentInvalid
from offhook.dialects.rcml.codes import DIAL_CALLER_ID, DIAL_METHOD, DIAL_TIME_LIMIT, DIAL_TIMEOUT
from offhook.dialects.xml_reading.attributes import Attributes
from offhook.dialects.xml_reading.reading import Reading, quoted
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Target

DEFAULT_TIMEOUT_S = 30.0
DEFAULT_TIME_LIMIT_S = 14_400.0
STAR = "*"

_ATTRIBUTES = ("action", "method", "timeout", "timeLimit", "callerId", "record", "hangupOnStar")
_CALLER_ID = re.compile(
    r"(?:sips?:(?=[^@]+@[^\s<>\"?@]+$))?(\+?[0-9A-Za-z_.~*#-]{1,64})(?:@[^\s<>\"?@]{1,128})?", re.ASCII
)
"""Of a SIP URI only the user is shown: the host is ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialAttributes:
    """What <Dial> itself says, with every default filled in."""

    action: Target | None
    timeout_s: float
    time_limit_s: float
    caller_id: str | None
    is_recorded: bool
    hang_up_key: str
    """`*`, or empty for none."""
    line: int


def read_dial_attributes(element: Element, reading: Reading) -> DialAttributes:
    """Those of a <Dial>. Raises DocumentInvalid for a bad URL or callerId."""
    attributes = Attributes(element, reading, *_ATTRIBUTES)
    return DialAttributes(
        action=attributes.target("action", attributes.method("method", DIAL_METHOD)),
        timeout_s=_seconds(attributes, "timeout", DEFAULT_TIMEOUT_S, DIAL_TIMEOUT),
        time_limit_s=_seconds(attributes, "timeLimit", DEFAULT_TIME_LIMIT_S, DIAL_TIME_LIMIT),
        caller_id=_caller_id(attributes, element),
        is_recorded=attributes.flag("record", default=False),
        hang_up_key=STAR if attributes.flag("hangupOnStar", default=False) else "",
        line=element.line,
    )


def _seconds(attributes: Attributes, name: str, default_s: float, code: int) -> float:
    found = attributes.seconds(name, code=code, instead=f"{default_s:g} seconds are used")
    return default_s if found is None else found


def _caller_id(attributes: Attributes, element: Element) -> str | None:
    """A number, a name or the user of a SIP URI; blanks and brackets within a number are left out."""
    value = attributes.text("callerId")
    if not value:
        return None
    plain = re.sub(r"[ ().-]", "", value)
    if re.fullmatch(r"\+?[0-9*#]+", plain):
        value = plain
    found = _CALLER_ID.fullmatch(value)
    if found is not None:
        return found[1]
    message = (
        f"Line {element.line}: callerId={quoted(value)} of <Dial> is not a number such as +15551234567, a name of up "
        "to 64 letters, digits, dots, hyphens and underscores, or a SIP URI."
    )
    raise DocumentInvalid(DIAL_CALLER_ID, message, line=element.line)

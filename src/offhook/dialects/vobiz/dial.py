"""Dial: whoever stands in it is called, all at once."""

import re

from offhook.dialects.vobiz.attributes import Attributes, skip
from offhook.dialects.vobiz.codes import RANGE, SCHEMA
from offhook.dialects.vobiz.destinations import read_headers, read_number, read_text, read_user
from offhook.dialects.vobiz.key_patterns import read_patterns
from offhook.dialects.vobiz.record import read_record
from offhook.dialects.xml_reading.reading import Reading, quoted
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Confirmation, Destination, Dial, Record, Target

DEFAULT_TIMEOUT_S = 120
DEFAULT_LIMIT_S = 14_400
MOST_S = 86_400
CONFIRM_S = 10
MOST_DESTINATIONS = 20
LONGEST_NAME = 50
STAR = "*"

_ATTRIBUTES = (
    "action",
    "method",
    "callbackUrl",
    "callbackMethod",
    "redirect",
    "callerId",
    "callerName",
    "timeout",
    "timeLimit",
    "hangupOnStar",
    "dialMusic",
    "confirmSound",
    "confirmKey",
    "confirmTimeout",
    "digitsMatch",
    "digitsMatchBLeg",
    "sipHeaders",
)
_CALLER_ID = re.compile(r"(?:sips?:)?(\+?[0-9A-Za-z_.~*#-]{1,64})(?:@[^\s<>\"?@]{1,128})?", re.ASCII)
"""Of a SIP URI only the user is shown: the host is ours."""


def read_dial(element: Element, reading: Reading) -> Dial:
    """A Dial with every default filled in. Raises DocumentInvalid for an action that is followed and cannot be asked."""
    attributes = Attributes(element, reading, *_ATTRIBUTES)
    follows = attributes.flag("redirect", default=True)
    recording = _recording(element, reading)
    return Dial(
        destinations=_destinations(element, reading, attributes),
        action=attributes.action(follows=follows),
        follows_action=follows,
        callback=attributes.callback("callbackUrl", "callbackMethod"),
        timeout_s=float(attributes.clamped("timeout", default=DEFAULT_TIMEOUT_S, least=1)),
        time_limit_s=float(attributes.clamped("timeLimit", default=DEFAULT_LIMIT_S, least=1, most=MOST_S)),
        caller_id=_caller_id(attributes),
        caller_name=_caller_name(attributes),
        is_recorded=recording is not None,
        recording=recording,
        hang_up_key=STAR if attributes.flag("hangupOnStar", default=False) else "",
        waiting_sound=_waiting_sound(attributes),
        confirmation=_confirmation(attributes),
        told_keys=read_patterns(attributes, "digitsMatch"),
        told_keys_of_legs=read_patterns(attributes, "digitsMatchBLeg"),
        line=element.line,
    )


def _destinations(element: Element, reading: Reading, attributes: Attributes) -> tuple[Destination, ...]:
    headers = read_headers(attributes)
    found: list[Destination | None] = []
    for child in element.children:
        if child.name not in ("Number", "User"):
            if child.name != "Record":
                skip(child, element, reading, "only Number, User and Record may stand there")
        elif len(found) == MOST_DESTINATIONS:
            skip(child, element, reading, f"{MOST_DESTINATIONS} are called at most")
        else:
            reader = read_number if child.name == "Number" else read_user
            found.append(reader(child, reading, headers))
    text = " ".join(element.own_text.split())
    if text and found:
        words = f"Line {element.line}: the text {quoted(text)} in <Dial> is ignored beside what stands there."
        reading.problem(SCHEMA, words, element)
    elif text:
        found.append(read_text(element, text, reading, headers))
    elif not found:
        words = f"Line {element.line}: <Dial> names nobody to call; it fails at once."
        reading.problem(SCHEMA, words, element)
    return tuple(destination for destination in found if destination is not None)


def _recording(element: Element, reading: Reading) -> Record | None:
    """That of a <Record> in the <Dial>, where it begins with the answer, whatever it says of that itself."""
    records = [child for child in element.children if child.name == "Record"]
    for child in records[1:]:
        skip(child, element, reading, "one recording is made")
    return read_record(records[0], reading) if records else None


def _caller_id(attributes: Attributes) -> str | None:
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
    attributes.bad("callerId", "a number such as +15551234567", "the caller's own is shown", SCHEMA)
    return None


def _caller_name(attributes: Attributes) -> str | None:
    name = re.sub(r"[\x00-\x1f\x7f-\x9f\"<>]", " ", attributes.text("callerName") or "").strip()
    if len(name) > LONGEST_NAME:
        wanted = f"a name of at most {LONGEST_NAME} characters"
        attributes.bad("callerName", wanted, "the beginning is used", RANGE)
    return name[:LONGEST_NAME].rstrip() or None


def _waiting_sound(attributes: Attributes) -> Target | None:
    """None, which is the sound of ringing, for `real`."""
    value = attributes.text("dialMusic")
    return None if not value or value.lower() == "real" else attributes.callback("dialMusic")


def _confirmation(attributes: Attributes) -> Confirmation | None:
    sound = attributes.callback("confirmSound")
    key = attributes.text("confirmKey") or ""
    timeout_s = attributes.clamped("confirmTimeout", default=CONFIRM_S, least=1, most=MOST_S)
    if key and not re.fullmatch("[0-9*#]", key):
        attributes.bad("confirmKey", "one key out of 0-9, * and #", "no key is asked for", SCHEMA)
        key = ""
    if sound is None and not key:
        return None
    return Confirmation(sound=sound, key=key, timeout_s=float(timeout_s))

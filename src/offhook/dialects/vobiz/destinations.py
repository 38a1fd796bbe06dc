"""Whom a Dial calls: Number, User, and plain text in their place."""

import re

from offhook.dialects.vobiz.attributes import Attributes, skip_children
from offhook.dialects.vobiz.codes import NOT_SERVED, SCHEMA
from offhook.dialects.vobiz.prompts import keys_to_send
from offhook.dialects.xml_reading.reading import Reading, quoted
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Destination, DestinationKind

HEADER_PREFIX = "X-VH-"
MOST_HEADERS = 24
LONGEST_HEADER = 120

_NUMBER = re.compile(r"\+?[0-9A-Za-z*#._-]{1,64}", re.ASCII)
_CLIENT = re.compile(r"[0-9A-Za-z._~+-]{1,64}", re.ASCII)
_URI = re.compile(r"sips?:(?:([^\s<>\"@;?\x00-\x20\x7f]+)@)?([^\s<>\"@\x00-\x20\x7f]+)", re.IGNORECASE)
_OWN_HOST = re.compile(r"(?:[a-z0-9-]+\.)*(?:vobiz\.ai|plivo\.com)(?:[:;?].*)?", re.IGNORECASE)
"""Where users are registered with Vobiz or Plivo; here they are clients of the account."""
_LONGEST_ADDRESS = 256
_HEADER_NAME = re.compile("[A-Za-z0-9-]{1,64}")
_HEADER_VALUE = re.compile("[\x20-\x7e]*")

Headers = tuple[tuple[str, str], ...]


def read_number(element: Element, reading: Reading, headers: Headers) -> Destination | None:
    """Whom a <Number> names; None, with a problem, where it names nobody."""
    attributes = Attributes(element, reading, "sendDigits", "sendOnPreanswer", "sendDigitsMode")
    skip_children(element, reading)
    if attributes.text("sendDigitsMode"):
        words = f"Line {element.line}: sendDigitsMode of <Number> is not served; keys are sent as always."
        reading.problem(NOT_SERVED, words, element, "sendDigitsMode")
    keys = _send_keys(attributes)
    is_early = attributes.flag("sendOnPreanswer", default=False)
    number = _number(element, element.own_text.strip(), reading)
    if number is None:
        return None
    return Destination(
        kind=DestinationKind.NUMBER,
        address=number,
        sip_headers=headers,
        send_keys=keys,
        sends_keys_early=is_early,
        line=element.line,
    )


def read_user(element: Element, reading: Reading, headers: Headers) -> Destination | None:
    """Whom a <User> names; None, with a problem, where it names nobody."""
    attributes = Attributes(element, reading, "sendDigits", "sendOnPreanswer", "sipHeaders")
    skip_children(element, reading)
    keys = _send_keys(attributes)
    is_early = attributes.flag("sendOnPreanswer", default=False)
    own = read_headers(attributes)
    found = _user(element, element.own_text.strip(), reading)
    if found is None:
        return None
    kind, address = found
    named = {name.lower() for name, _ in own}
    return Destination(
        kind=kind,
        address=address,
        sip_headers=(*(pair for pair in headers if pair[0].lower() not in named), *own),
        send_keys=keys,
        sends_keys_early=is_early,
        line=element.line,
    )


def read_text(element: Element, text: str, reading: Reading, headers: Headers) -> Destination | None:
    """Whom the text of a <Dial> names: with an @ a user, else a number."""
    if "@" not in text:
        number = _number(element, text, reading)
        found = None if number is None else (DestinationKind.NUMBER, number)
    else:
        found = _user(element, text, reading)
    if found is None:
        return None
    return Destination(kind=found[0], address=found[1], sip_headers=headers, line=element.line)


def read_headers(attributes: Attributes) -> Headers:
    """The custom headers in sipHeaders, `name=value` with commas between; each name gets its prefix where it has none."""
    headers: dict[str, tuple[str, str]] = {}
    bad = False
    for pair in (attributes.text("sipHeaders") or "").split(","):
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not name and not value:
            continue
        if not re.match("X-(?:VH|PH)-", name, re.IGNORECASE):
            name = HEADER_PREFIX + name
        is_good = bool(equals) and name != HEADER_PREFIX and _HEADER_NAME.fullmatch(name) is not None
        if not is_good or not _HEADER_VALUE.fullmatch(value) or len(value) > LONGEST_HEADER:
            bad = True
        else:
            headers[name.lower()] = (name, value)
    if bad or len(headers) > MOST_HEADERS:
        wanted = f"a list of at most {MOST_HEADERS} of name=value, in letters and digits, with commas between"
        attributes.bad("sipHeaders", wanted, "what is none is left out", SCHEMA)
    return tuple(headers.values())[:MOST_HEADERS]


def _number(element: Element, text: str, reading: Reading) -> str | None:
    number = re.sub(r"[ ()/.-]", "", text) if re.fullmatch(r"[+0-9*# ()/.-]+", text) else text
    if _NUMBER.fullmatch(number):
        return number
    _tell_nobody(element, text, "a number such as 15551234567", reading)
    return None


def _user(element: Element, text: str, reading: Reading) -> tuple[DestinationKind, str] | None:
    """A client of the account, or a SIP URI elsewhere."""
    if _CLIENT.fullmatch(text):
        return DestinationKind.CLIENT, text
    uri = text if re.match("sips?:", text, re.IGNORECASE) else f"sip:{text}"
    found = _URI.fullmatch(uri) if "@" in uri and len(uri) <= _LONGEST_ADDRESS else None
    if found is None:
        _tell_nobody(element, text, "a SIP URI such as sip:ada@example.com", reading)
        return None
    if found[1] and _CLIENT.fullmatch(found[1]) and _OWN_HOST.fullmatch(found[2]):
        return DestinationKind.CLIENT, found[1]
    return DestinationKind.SIP, uri


def _tell_nobody(element: Element, text: str, wanted: str, reading: Reading) -> None:
    shown = quoted(text) if text else "nothing"
    message = f"Line {element.line}: <{element.name}> names {shown}, which is not {wanted}; it is not called."
    reading.problem(SCHEMA, message, element)


def _send_keys(attributes: Attributes) -> str:
    value = re.sub(r"\s", "", attributes.text("sendDigits") or "")
    keys = keys_to_send(value) if value else ""
    if keys is None:
        wanted = "a list of keys out of 0-9, * and #, with w for half a second"
        attributes.bad("sendDigits", wanted, "no keys are sent", SCHEMA)
    return keys or ""

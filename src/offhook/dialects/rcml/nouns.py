"""The nouns of Dial that are somebody to call: Number, Client, Sip, and plain text in their place."""

import re
from urllib.parse import unquote

from offhook.dialects.rcml.codes import DIAL_TIMEOUT, SCHEMA, VIDEO
from offhook.dialects.xml_reading.attributes import Attributes
from offhook.dialects.xml_reading.reading import Reading, quoted
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import LEG_EVENTS, Destination, DestinationKind, Target

SCREENING_S = 60.0
MOST_HEADERS = 20
LONGEST_HEADER = 1024
LONGEST_CREDENTIAL = 128

_KINDS = {
    "Number": DestinationKind.NUMBER,
    "Client": DestinationKind.CLIENT,
    "Sip": DestinationKind.SIP,
    "Uri": DestinationKind.SIP,
}
NOUNS = tuple(_KINDS)
_COMMON = (
    "url",
    "method",
    "timeout",
    "statusCallback",
    "statusCallbackMethod",
    "statusCallbackEvent",
    "sendDigits",
)
_OWN = {"Client": ("name",), "Sip": ("name", "username", "password"), "Uri": ("name", "username", "password")}
_ADDRESSES = {
    DestinationKind.NUMBER: re.compile(r"\+?[0-9A-Za-z*#._-]{1,64}", re.ASCII),
    DestinationKind.CLIENT: re.compile(r"[0-9A-Za-z._~+-]{1,64}", re.ASCII),
    DestinationKind.SIP: re.compile(
        r"sips?:(?:[^\s<>\"@\x00-\x20\x7f]+@)?[^\s<>\"@\x00-\x20\x7f]+", re.IGNORECASE
    ),
}
_WANTED = {
    DestinationKind.NUMBER: "a number such as +15551234567",
    DestinationKind.CLIENT: "the name of a client, of up to 64 letters, digits, dots, hyphens and underscores",
    DestinationKind.SIP: "a SIP URI such as sip:ada@example.com",
}
_LONGEST_ADDRESS = 256
_HEADER_NAME = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,64}", re.ASCII)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f]")
_SEND_KEYS = re.compile("[0-9*#A-DWwa-d]{1,64}")


def read_noun(element: Element, reading: Reading) -> Destination | None:
    """Whom a noun names; None, with a problem, where it names nobody. Raises DocumentInvalid for a bad URL."""
    attributes = Attributes(element, reading, *_COMMON, *_OWN.get(element.name, ()))
    _tell_children(element, reading)
    found = _address(_KINDS[element.name], element.own_text.strip(), element, reading)
    if found is None:
        return None
    kind, address, headers = found
    username, password = _credentials(attributes)
    screened_s = attributes.seconds("timeout", code=DIAL_TIMEOUT, instead=f"{SCREENING_S:g} seconds are used")
    return Destination(
        kind=kind,
        address=address,
        sip_headers=headers,
        screening=attributes.target("url", attributes.method("method")),
        screening_timeout_s=SCREENING_S if screened_s is None else screened_s,
        status_target=_status_target(attributes),
        status_events=_events(attributes),
        send_keys=_send_keys(attributes),
        username=username,
        password=password,
        line=element.line,
    )


def read_text(element: Element, text: str, reading: Reading) -> Destination | None:
    """Whom the text of a Dial names: with an @ a SIP URI, with `client` in front a client, else a number."""
    if "@" in text.partition("?")[0]:
        kind = DestinationKind.SIP
    elif text.startswith("client"):
        kind = DestinationKind.CLIENT
    else:
        kind = DestinationKind.NUMBER
    found = _address(kind, text, element, reading)
    if found is None:
        return None
    kind, address, headers = found
    return Destination(kind=kind, address=address, sip_headers=headers, line=element.line)


def _address(
    kind: DestinationKind, text: str, element: Element, reading: Reading
) -> tuple[DestinationKind, str, tuple[tuple[str, str], ...]] | None:
    address, _, suffix = text.partition("?")
    address = address.strip()
    if kind is DestinationKind.CLIENT:
        address = re.sub(r"^client[:\s]\s*", "", address)
    elif kind is DestinationKind.NUMBER:
        if re.fullmatch(r"[+0-9*# ()/.-]+", address):
            address = re.sub(r"[ ()/.-]", "", address)
    elif address and not re.match("sips?:", address, re.IGNORECASE):
        address = f"sip:{address}"
    if len(address) <= _LONGEST_ADDRESS and _ADDRESSES[kind].fullmatch(address):
        return kind, address, _headers(suffix, element, reading)
    shown = quoted(text) if text else "nothing"
    message = f"Line {element.line}: <{element.name}> names {shown}, which is not {_WANTED[kind]}; it is not called."
    reading.problem(SCHEMA, message, element)
    return None


def _headers(suffix: str, element: Element, reading: Reading) -> tuple[tuple[str, str], ...]:
    """The custom headers behind the question mark; `X-` is put before a name that lacks it."""
    headers: list[tuple[str, str]] = []
    for pair in suffix.split("&") if suffix.strip() else ():
        name, _, value = (unquote(part).strip() for part in pair.strip().partition("="))
        if not name.lower().startswith("x-"):
            name = f"X-{name}"
        why = ""
        if not _HEADER_NAME.fullmatch(name) or len(name) == len("X-"):
            why = "its name is not a SIP token"
        elif _UNPRINTABLE.search(value) or len(value) > LONGEST_HEADER:
            why = f"its value is not a single line of at most {LONGEST_HEADER} characters"
        elif len(headers) == MOST_HEADERS:
            why = f"a call carries {MOST_HEADERS} at most"
        if why:
            message = (
                f"Line {element.line}: the header {quoted(pair)} of <{element.name}> is left out: {why}."
            )
            reading.problem(SCHEMA, message, element)
        else:
            headers.append((name, value))
    return tuple(headers)


def _status_target(attributes: Attributes) -> Target | None:
    return attributes.target("statusCallback", attributes.method("statusCallbackMethod"))


def _events(attributes: Attributes) -> frozenset[str]:
    """Those that are told; all of them where none is named."""
    named = [word for word in re.split(r"[\s,]+", attributes.text("statusCallbackEvent") or "") if word]
    known = frozenset(word for word in named if word in LEG_EVENTS) or LEG_EVENTS
    if any(word not in LEG_EVENTS for word in named):
        wanted = 'a list of "initiated", "ringing", "answered" and "completed"'
        told = " ".join(
            event for event in ("initiated", "ringing", "answered", "completed") if event in known
        )
        attributes.bad("statusCallbackEvent", wanted, f'"{told}" is used', SCHEMA)
    return known


def _send_keys(attributes: Attributes) -> str:
    value = attributes.text("sendDigits") or ""
    if not value or _SEND_KEYS.fullmatch(value):
        return re.sub("[a-dW]", lambda key: key[0].upper() if key[0] != "W" else "w", value)
    wanted = "one to 64 keys out of 0-9, *, # and A-D, with w for a pause of half a second"
    attributes.bad("sendDigits", wanted, "no keys are sent", SCHEMA)
    return ""


def _credentials(attributes: Attributes) -> tuple[str | None, str | None]:
    """What a SIP URI may ask for; none where one of them cannot stand in a header. The values are not shown."""
    username, password = attributes.text("username"), attributes.text("password")
    for name, value in (("username", username), ("password", password)):
        if value and (_UNPRINTABLE.search(value) or len(value) > LONGEST_CREDENTIAL):
            wanted = f"a single line of at most {LONGEST_CREDENTIAL} characters"
            attributes.bad_secret(name, wanted, "the call is made without credentials", SCHEMA)
            return None, None
    return username, password


def _tell_children(element: Element, reading: Reading) -> None:
    for child in element.children:
        if child.name == "Video":
            message = f"Line {child.line}: <Video> is ignored: calls have sound only."
            reading.problem(VIDEO, message, child)
        else:
            message = f"Line {child.line}: <{child.name[:40]}> inside <{element.name}> was skipped; it takes no elements."
            reading.problem(SCHEMA, message, child)

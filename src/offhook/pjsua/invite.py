"""Reads what we need of an INVITE, and of other messages of its dialog, as they came over the wire."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from offhook.pjsua.packet_filter import IpAddress

KEPT_HEADER = re.compile(r"^(x-.+|diversion|p-asserted-identity)$", re.IGNORECASE)
SDP_FAMILY = re.compile(r"^c=IN IP([46]) ", re.MULTILINE)
MOST_CRYPTO_LINES, LONGEST_NUMBER = 16, 10
CUSTOM_HEADER = re.compile(r"^x-.+$", re.IGNORECASE)
URI_USER = re.compile(r"sips?:(?:([^@;>\s]*)@)?([^;>\s]*)|tel:([^;>\s]*)", re.IGNORECASE)
DISPLAY_NAME = re.compile(r'\s*+(?:"((?:[^"\\]|\\.)*+)"\s*+|([^<"]*+))<')
"""Strangers write it: nothing in it may be tried in two ways, or some thousand blanks hold everybody up."""
LINE_END, EMPTY_LINE = re.compile(r"\r\n|\r|\n"), re.compile(r"(?>\r\n|\r|\n){2}")
"""As the library takes them: a line of which we see other headers than it does could hide one."""
COMPACT = {
    "f": "From",
    "t": "To",
    "i": "Call-ID",
    "r": "Refer-To",
    "b": "Referred-By",
    "o": "Event",
    "m": "Contact",
    "v": "Via",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """An INVITE, read."""

    called: str
    """The user part of the Request-URI; its host where there is no user."""
    caller: str
    """The user part of From; its host where there is no user."""
    caller_name: str | None
    diversion: str | None
    """The user part of the first Diversion header."""
    sip_call_id: str
    headers: tuple[tuple[str, str], ...]
    """X-… , Diversion and P-Asserted-Identity headers as they came, in their order."""
    source: str
    """Where it came from: `address:port`."""
    cseq: int | None = None
    """The number of the request in its dialog."""
    transport: str = "udp"
    """What it came by: udp, tcp or tls."""
    offers_srtp: bool = False
    """Whether its audio may be, or has to be, encrypted."""
    audio_streams: int = 1
    """How many streams of audio it offers; each has two sockets, though no more than one is spoken over."""
    hosts: frozenset[IpAddress] = frozenset()
    """The addresses that the caller's signalling is known by."""
    is_direct: bool = False
    """Whether it came from the caller itself, and no proxy wants to see what follows: it has one Via, and no Record-Route."""
    client: str | None = None
    """The login of the client that it is from, which has proven that; None for everybody else."""


def read_invite(message: str, source: str, transport: str = "udp") -> Invite:
    """Read the text of an INVITE. What is missing is empty; it never fails, PJSIP has parsed it before."""
    headers = headers_of(message)
    parts = LINE_END.split(message, maxsplit=1)[0].split(" ")
    from_value = first_header(headers, "From")
    return Invite(
        called=user_part(parts[1] if len(parts) > 1 else ""),
        caller=user_part(from_value),
        caller_name=_display_name(from_value),
        diversion=user_part(first_header(headers, "Diversion")) or None,
        sip_call_id=first_header(headers, "Call-ID"),
        headers=tuple((name, value) for name, value in headers if KEPT_HEADER.match(name)),
        source=source,
        cseq=leading_number(first_header(headers, "CSeq")),
        transport=transport,
        offers_srtp=offers_srtp(message),
        audio_streams=message.lower().count("\nm=audio"),
        is_direct=is_direct(headers),
    )


def is_direct(headers: list[tuple[str, str]]) -> bool:
    """Whether a request came from its sender itself, and no proxy wants to see what follows."""
    ways = [value for name, value in headers if name.lower() == "via"]
    return len(ways) == 1 and "," not in ways[0] and not first_header(headers, "Record-Route")


def offers_srtp(message: str) -> bool:
    """Whether an INVITE offers encrypted audio with keys in its SDP (SDES, RFC 4568)."""
    # Nobody has that many suites: what comes with more of them is out for the library's memory.
    return 0 < message.lower().count("\na=crypto:") <= MOST_CRYPTO_LINES


def offers_ipv6(message: str, source: str) -> bool:
    """Whether an INVITE from `source` wants its audio over IPv6; one without an offer, the way it came."""
    families = SDP_FAMILY.findall(message)
    return families[0] == "6" if families else source.startswith("[")


def headers_of(message: str) -> list[tuple[str, str]]:
    """The headers of a message in their order, under their long names as far as we know those."""
    lines = _unfolded(EMPTY_LINE.split(message, maxsplit=1)[0])[1:]
    return [(COMPACT.get(name.lower(), name), value) for name, value in map(_header, lines)]


def custom_headers(message: str) -> tuple[tuple[str, str], ...]:
    """The X-… headers of a message, in their order."""
    if "\nx-" not in message.lower():
        return ()
    return tuple((name, value) for name, value in headers_of(message) if CUSTOM_HEADER.match(name))


def first_header(headers: list[tuple[str, str]], name: str) -> str:
    """The value of the first header of a name; empty where there is none."""
    return next((value for key, value in headers if key.lower() == name.lower()), "")


def leading_number(value: str) -> int | None:
    """The number that a value begins with, such as that of CSeq."""
    digits = value.partition(" ")[0]
    is_one = digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_NUMBER
    return int(digits) if is_one else None


def user_part(uri: str) -> str:
    """The user of a SIP or tel URI, unescaped; the host where there is no user; empty for anything else."""
    found = URI_USER.search(uri)
    if found is None:
        return ""
    user, host, telephone = found.groups()
    return unquote(telephone or (user or "").partition(":")[0] or (host or "").partition(":")[0])


def _unfolded(head: str) -> list[str]:
    lines: list[str] = []
    for line in LINE_END.split(head):
        if line[:1] in (" ", "\t") and lines:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    return lines


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()


def _display_name(value: str) -> str | None:
    found = DISPLAY_NAME.match(value)
    if found is None:
        return None
    quoted, plain = found.groups()
    name = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else (plain or "").strip()
    return name or None

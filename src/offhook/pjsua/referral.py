"""Reads REFER and NOTIFY as they came over the wire, and writes the NOTIFYs that we send."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote

from offhook.pjsua.invite import first_header, headers_of, leading_number, user_part

TAG = re.compile(r";\s*tag=([^;>\s]+)", re.IGNORECASE)
IN_BRACKETS = re.compile(r"<([^>]*)>")
FRAGMENT = re.compile(r"^SIP/2\.0 (\d{3})\b")
EVENT = "Event "
"""With the blank that SIP allows before a colon. The library looks for "Event" among the headers of all
that is sent in a dialog that has a subscription of its own, as each REFER of ours makes one, and takes what
it finds for a structure that a header given as text is not: the process ends. This one it does not find."""
LASTING_S = 180
"""How long the far end is to wait for the outcome of its transfer."""
PHRASES = {100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 202: "Accepted", 408: "Request Timeout",
           480: "Temporarily Unavailable", 486: "Busy Here", 487: "Request Terminated", 603: "Decline"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Referral:
    """A REFER, read. What is missing is empty."""

    target: str
    """The URI in Refer-To, without its headers."""
    referred_by: str
    """The user part of Referred-By."""
    sip_call_id: str
    from_tag: str
    to_tag: str
    cseq: int | None


@dataclass(frozen=True, slots=True)
class Fragment:
    """A NOTIFY of the outcome of a REFER of ours, read."""

    sip_status: int | None
    """None where it holds none."""
    is_final: bool


def read_referral(message: str) -> Referral:
    """Read the text of a REFER; it never fails."""
    headers = headers_of(message)
    target = first_header(headers, "Refer-To")
    bracketed = IN_BRACKETS.search(target)
    uri = bracketed.group(1) if bracketed else target.partition(";")[0]
    return Referral(
        target=uri.strip().partition("?")[0],
        referred_by=user_part(first_header(headers, "Referred-By")),
        sip_call_id=first_header(headers, "Call-ID"),
        from_tag=_tag(first_header(headers, "From")),
        to_tag=_tag(first_header(headers, "To")),
        cseq=leading_number(first_header(headers, "CSeq")),
    )


def read_fragment(message: str) -> Fragment | None:
    """Read the text of a NOTIFY; None for one of anything but a REFER."""
    headers = headers_of(message)
    if first_header(headers, "Event").partition(";")[0].strip().lower() != "refer":
        return None
    found = FRAGMENT.match(message.partition("\r\n\r\n")[2].lstrip())
    status = int(found.group(1)) if found else None
    is_over = first_header(headers, "Subscription-State").strip().lower().startswith("terminated")
    return Fragment(status, is_over or (status is not None and status >= 200))


def fragment(sip_status: int) -> str:
    """The body of a NOTIFY (message/sipfrag, RFC 3420)."""
    return f"SIP/2.0 {sip_status} {_phrase(sip_status)}\r\n"


def notify_headers(sip_status: int, referral_id: int | None) -> dict[str, str]:
    """The headers of a NOTIFY; `referral_id` is the CSeq of any REFER of a call but its first."""
    identity = "" if referral_id is None else f";id={referral_id}"
    state = f"active;expires={LASTING_S}" if sip_status < 200 else "terminated;reason=noresource"
    return {EVENT: f"refer{identity}", "Subscription-State": state}


def _tag(value: str) -> str:
    found = TAG.search(value)
    return unquote(found.group(1)) if found else ""


def _phrase(sip_status: int) -> str:
    if sip_status in PHRASES:
        return PHRASES[sip_status]
    try:
        return HTTPStatus(sip_status).phrase
    except ValueError:
        return "Failed"

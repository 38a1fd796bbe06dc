"""How a message of the torture test is written down."""

from collections.abc import Iterable
from dataclasses import dataclass

SILENCE = 0
"""As an answer: none, as RFC 3261 has it for responses, and allows it for what cannot be answered."""
BUSY = 486
"""What calls that are taken are answered here."""
HERE = "HERE"
"""Stands for the address and port of whoever sends the message."""
OFFER = (
    "v=0\r\no=mhandley 29739 7272939 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 49217 RTP/AVP 0 12\r\na=rtpmap:0 PCMU/8000\r\n"
)


@dataclass(frozen=True, slots=True)
class Torture:
    """One message."""

    name: str
    """As the RFC has it."""
    section: str
    """Of the RFC."""
    oddity: str
    answers: frozenset[int]
    """Final statuses that are right, and SILENCE where that is."""
    text: str
    is_call: bool = False
    """Whether it may reach an application."""
    only_over: str = ""
    """udp or tcp, where the oddity is one of that."""

    def sent_from(self, here: str, transport: str) -> bytes:
        """The message on the wire; bytes above 127 are as they are in the text's code points."""
        text = self.text.replace(HERE, here).replace("/UDP", f"/{transport.upper()}")
        return text.encode("latin-1")


def request(
    name: str, start: str, lines: Iterable[str] = (), body: str = "", *, without: Iterable[str] = ()
) -> str:
    """A request: the usual headers, those of `lines` in place of the usual ones of the same name, and a body."""
    method = start.split(" ")[0]
    usual = {
        "Via": f"SIP/2.0/UDP {HERE};branch=z9hG4bK-{name}",
        "Max-Forwards": "70",
        "To": "<sip:user@example.com>",
        "From": f"<sip:caller@example.net>;tag={name}",
        "Call-ID": f"{name}.torture@example.net",
        "CSeq": f"1 {method}",
        "Contact": f"<sip:caller@{HERE}>",
    }
    if body:
        usual["Content-Type"] = "application/sdp"
    usual["Content-Length"] = str(len(body))
    return _written(start, usual, lines, body, without)


def response(name: str, start: str, lines: Iterable[str] = ()) -> str:
    """A response that nobody asked for."""
    usual = {
        "Via": f"SIP/2.0/UDP 127.0.0.1:5050;branch=z9hG4bK-{name}",
        "To": "<sip:user@example.com>;tag=1",
        "From": f"<sip:caller@example.net>;tag={name}",
        "Call-ID": f"{name}.torture@example.net",
        "CSeq": "1 INVITE",
        "Content-Length": "0",
    }
    return _written(start, usual, lines, "", ())


def _written(
    start: str, usual: dict[str, str], lines: Iterable[str], body: str, without: Iterable[str]
) -> str:
    given = list(lines)
    named = {line.partition(":")[0].strip().lower() for line in given}
    left_out = named | {name.lower() for name in without}
    kept = [f"{name}: {value}" for name, value in usual.items() if name.lower() not in left_out]
    return "\r\n".join([start, *kept, *given, "", body])

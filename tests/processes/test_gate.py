"""Which calls a worker refuses at once."""

import hashlib
import ipaddress
from dataclasses import replace

from offhook.call.trunks import Srtp, Trunk
from offhook.pjsua.invite import Invite, read_invite
from offhook.processes.callers import Callers
from offhook.processes.gate import Gate
from offhook.processes.trunk_book import TrunkBook

KEY = "f00"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
EDGE = "127.0.0.1:5060"
SECRETIVE = Trunk(
    sid="TK1", name="a", host="192.0.2.9", inbound=(ipaddress.ip_network("192.0.2.0/24"),), srtp=Srtp.REQUIRED
)


class Book(TrunkBook):
    """Knows one trunk, and no database."""

    def __init__(self) -> None:
        super().__init__()
        self._trunks = (SECRETIVE,)


def gate(refused: list[str], *, key: str | None = KEY) -> Gate:
    book = Book()
    return Gate(
        Callers(LOOPBACK, book),
        book,
        srtp=Srtp.OPTIONAL,
        edge_key=key,
        lag_s=lambda: 0.0,
        most_lag_s=1.0,
        is_stopping=lambda: False,
        on_refused=refused.append,
    )


def invite(*headers: str, source: str = EDGE) -> Invite:
    return read_invite("\r\n".join(["INVITE sip:1 SIP/2.0", "Call-ID: c", *headers, "", ""]), source)


def word(address: str) -> str:
    words = f"{address} 5060 udp -"
    return f"X-Offhook-Edge: {words} {hashlib.sha256(f'{KEY} c {words}'.encode()).hexdigest()}"


def test_behind_an_edge_only_its_own_word_and_calls_of_this_machine_are_taken() -> None:
    refused: list[str] = []
    assert gate(refused).refuses(invite()) is None
    assert gate(refused).refuses(invite(word("198.51.100.7"))) is None
    for forged in ("X-Offhook-Edge: -", f"X-Offhook-Edge : {word('198.51.100.7')[16:-1]}"):
        assert gate(refused).refuses(invite(forged)) == 403
    assert gate(refused).refuses(invite(word("198.51.100.7"), word("198.51.100.7"))) == 403
    assert refused == ["source"] * 3


def test_a_trunk_that_must_encrypt_is_known_behind_an_edge_too() -> None:
    refused: list[str] = []
    assert gate(refused).refuses(invite(word("192.0.2.7"))) == 488
    assert gate(refused, key=None).refuses(invite(source="192.0.2.7:5060")) == 488
    offering = invite(word("192.0.2.7"), "", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x")
    assert gate(refused).refuses(offering) is None
    assert refused == ["srtp"] * 2


def test_a_client_that_has_proven_it_may_call_from_anywhere_and_nobody_else() -> None:
    refused: list[str] = []
    stranger = invite(source="198.51.100.7:5060")
    assert gate(refused, key=None).refuses(stranger) == 403
    assert gate(refused, key=None).refuses(replace(stranger, client="ada")) is None
    assert refused == ["source"]

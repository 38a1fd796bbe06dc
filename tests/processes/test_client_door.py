"""What a plain server remembers of those who call it from addresses that it does not know: little, however many they are."""

from ipaddress import ip_address

from offhook.call.resource_rows import PhoneLogin
from offhook.pjsua.newcomers import Newcomer, Proven, TurnedAway
from offhook.processes.client_book import ClientBook
from offhook.processes.client_door import BANNED, SILENCE, TOO_SHORT, WRONG, ClientDoor
from offhook.trunking.digest import answer, best_challenge
from offhook.trunking.offers import MOST_EACH
from tests.edge.phone_stub import login_of

TARGET = "sip:1000@192.0.2.9"
LINES = (
    "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK1",
    "From: <sip:ada@192.0.2.9>;tag=1",
    f"To: <{TARGET}>",
    f"Subject: {'x' * 160}",
    "CSeq: 1 INVITE",
)


class Book(ClientBook):
    """Knows one client, and no database."""

    def __init__(self, login: PhoneLogin) -> None:
        self._logins = {login.login: login}
        self.is_read = True


class Asking:
    """A door, and those who come to it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.refused: list[str] = []
        book = Book(login_of("ada", "secret"))
        self.door = ClientDoor(book, digests="both", on_refused=self.refused.append, clock=lambda: self.now)
        self._count = 0

    def comes(
        self, host: str, *headers: str, port: int = 5060, transport: str = "udp", agent: str = "x"
    ) -> object:
        """What an INVITE from there is told."""
        self._count += 1
        lines = (
            f"INVITE {TARGET} SIP/2.0",
            f"Call-ID: {self._count}",
            f"User-Agent: {agent}",
            *LINES,
            *headers,
            "",
            "",
        )
        at = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return self.door.judge(Newcomer("\r\n".join(lines).encode(), ip_address(host), at, transport, 0))

    def proves(self, host: str, *, password: str = "secret", name: str = "ada", port: int = 5060) -> object:
        """What it is told with a password that it was asked for."""
        asked = self.comes(host, port=port)
        if not isinstance(asked, TurnedAway) or not asked.headers:
            return asked
        said = answer(
            best_challenge(tuple(value for _, value in asked.headers)),
            method="INVITE",
            uri=TARGET,
            username=name,
            password=password,
            client_nonce="abc",
        )
        return self.comes(host, f"Proxy-Authorization: {said}", port=port)


def test_who_floods_is_not_answered_and_who_proved_it_goes_on() -> None:
    door = Asking()
    assert door.proves("198.51.100.1") == Proven("ada")
    told = [door.comes("198.51.100.1", port=6000) for _ in range(MOST_EACH + 5)]
    assert told[0] != SILENCE
    assert told[-1] is SILENCE
    assert door.refused[-1] == "flood"
    assert door.comes("198.51.100.2") != SILENCE
    assert door.proves("198.51.100.1") == Proven("ada")
    assert door.comes("198.51.100.1", port=6000) is SILENCE
    door.now += 2.0
    assert door.comes("198.51.100.1", port=6000) != SILENCE


def test_who_says_he_is_a_scanner_is_not_answered() -> None:
    door = Asking()
    assert door.comes("198.51.100.1", agent="SIPVicious 1") is SILENCE
    assert door.refused == ["scanner"]
    assert door.comes("198.51.100.1") != SILENCE


def test_an_ipv6_site_is_one_and_an_ipv4_address_is_itself_however_it_comes() -> None:
    door = Asking()
    for number in range(5):
        assert door.proves(f"2001:db8:0:1::{number}", password="a guess") is WRONG
    assert door.comes("2001:db8:0:1:ffff::1") is BANNED
    assert door.comes("2001:db8:0:2::1") is not BANNED
    for number in range(5):
        assert door.proves("::ffff:192.0.2.7", password="a guess", name=f"nobody-{number}") is WRONG
    assert door.comes("192.0.2.7") is BANNED
    assert door.comes("::ffff:192.0.2.8") is not BANNED


def test_names_of_any_kind_and_length_are_asked_checked_and_banned_like_others() -> None:
    for number, name in enumerate(("", "é" * 5000, "\N{SNOWMAN}", "a" * 64, "-", "long:")):
        door, host = Asking(), f"198.51.100.{number}"
        told = [door.proves(host, name=name) for _ in range(6)]
        assert told == [WRONG] * 5 + [BANNED], name


def test_over_tcp_where_no_address_is_made_up_a_short_request_is_asked_too() -> None:
    door = Asking()
    short = f"INVITE {TARGET} SIP/2.0\r\nCall-ID: 1\r\n\r\n".encode()
    here = ip_address("192.0.2.7")
    assert door.door.judge(Newcomer(short, here, "192.0.2.7:1", "udp", 0)) is TOO_SHORT
    asked = door.door.judge(Newcomer(short, here, "192.0.2.7:1", "tcp", 0))
    assert isinstance(asked, TurnedAway)
    assert asked.status == 407

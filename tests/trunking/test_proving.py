"""Digest as whoever asks for it sees it: nonces, what is read of an answer, whom it proves, and who is not listened to."""

import hashlib
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.trunking.bans import BanBook
from offhook.trunking.digest import answer, read_challenge
from offhook.trunking.expiring import Expiring
from offhook.trunking.nonces import LIFE_S, Nonces
from offhook.trunking.offers import MOST_EACH, Offers, Strangers
from offhook.trunking.proof import MD5, SHA_256, Credentials, challenge, credentials_of, is_right
from tests.edge.phone_stub import login_of

BOTH = (SHA_256, MD5)
HERE, THERE = "192.0.2.1", "192.0.2.2"
MOMENTS = st.floats(min_value=0, max_value=1e9)
WORDS = st.text(st.characters(codec="latin-1", exclude_characters='"\\\r\n'), min_size=1)
URI = "sip:1000@192.0.2.9"


def proven(nonce: str, name: str = "ada", password: str = "secret", method: str = "INVITE") -> Credentials:
    """What our own client side says to our own challenge."""
    asked = read_challenge(challenge(nonce, SHA_256, is_stale=False))
    said = answer(asked, method=method, uri=URI, username=name, password=password, client_nonce="abc")
    credentials = credentials_of([said], BOTH)
    assert credentials is not None
    return credentials


@given(at=MOMENTS, later=st.floats(min_value=0, max_value=1e5), other=st.text(max_size=80))
def test_a_nonce_holds_for_its_address_and_its_time_alone(at: float, later: float, other: str) -> None:
    nonces = Nonces()
    nonce = nonces.made(HERE, at)
    assert nonces.holds(nonce, HERE, at + later) is (int(at + later) - int(at) <= LIFE_S)
    assert nonces.holds(nonce, HERE, at)
    for made_up in (other, nonce + other[:1], other[:1] + nonce, nonce.upper(), "f" + nonce[1:], nonce[:-1]):
        assert made_up == nonce or not nonces.holds(made_up, HERE, at)
    assert not nonces.holds(nonce, THERE, at)
    assert not Nonces().holds(nonce, HERE, at)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),
            st.sampled_from(["", "00000001", "00000002"]),
            st.floats(min_value=0, max_value=90),
        )
    )
)
def test_nothing_proves_somebody_twice_however_little_is_remembered(
    steps: list[tuple[int, str, float]],
) -> None:
    nonces, at = Nonces(most_uses=3), 0.0
    told = [nonces.made(HERE, at)]
    taken = set()
    for which, count, passed in steps:
        at += passed
        told.append(nonces.made(HERE, at))
        nonce = told[-1 - which % len(told)]
        if nonces.holds(nonce, HERE, at) and nonces.use("ada", nonce, count, at):
            assert (nonce, count) not in taken
            taken.add((nonce, count))


@given(name=WORDS, password=WORDS, method=st.sampled_from(["INVITE", "REGISTER"]))
def test_a_proof_is_of_this_name_password_method_and_uri(name: str, password: str, method: str) -> None:
    nonce = Nonces().made(HERE, 0.0)
    said, login = proven(nonce, name, password, method), login_of(name, password)
    assert is_right(said, method, login)
    assert not is_right(said, "OPTIONS", login)
    assert not is_right(said, method, login_of(name, password + "x"))
    for other in (
        replace(said, uri=URI + "1"),
        replace(said, nonce=nonce[:-1]),
        replace(said, count="00000002"),
        replace(said, client_nonce="abd"),
        replace(said, quality=""),
        replace(said, response=""),
        replace(said, response="é"),
        replace(said, algorithm=MD5),
    ):
        assert not is_right(other, method, login)


def test_an_answer_without_qop_as_before_rfc_2617_proves_once() -> None:
    nonce, login = Nonces().made(HERE, 0.0), login_of("ada", "secret")
    asked = hashlib.md5(f"INVITE:{URI}".encode()).hexdigest()
    response = hashlib.md5(f"{login.ha1_md5}:{nonce}:{asked}".encode()).hexdigest()
    old = f'Digest username="ada", realm="offhook", nonce="{nonce}", uri="{URI}", response="{response}"'
    credentials = credentials_of([old], BOTH)
    assert credentials is not None
    assert is_right(credentials, "INVITE", login)
    assert credentials_of([f"{old}, nc=00000007"], BOTH) == credentials, "nobody vouches for that count"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Basic YWRhOng=",
        "Digest",
        'Digest username="ada", realm="elsewhere", nonce="n", uri="u", response="r"',
        'Digest username="ada", username="bob", realm="offhook", nonce="n", uri="u", response="r"',
        'Digest username="ada", realm="offhook", nonce="n", uri="u", response="r", qop=auth-int, nc=00000001',
        'Digest username="ada", realm="offhook", nonce="n", uri="u", response="r", qop=auth, nc="00000001:a"',
        'Digest username="ada", realm="offhook", nonce="n", uri="u", response="r", qop=auth',
        'Digest username="ada", realm="offhook", nonce="n", uri="u", response="r", algorithm=SHA-512-256',
        'Digest username="ada" realm="offhook", nonce="n", uri="u", response="r"',
        'Digest username="ada, realm="offhook", nonce="n", uri="u", response="r"',
        'Digest username="ada", realm="offhook", nonce="n", uri="u", response="r" trailing words',
    ],
)
def test_what_is_not_quite_an_answer_is_none(value: str) -> None:
    assert credentials_of([value], BOTH) is None


@given(st.text())
def test_anything_can_be_read(value: str) -> None:
    credentials_of([value, f"Digest {value}", f'Digest realm="offhook", {value}'], BOTH)


@pytest.mark.parametrize("piece", ["a", "a ", "a=", 'a="', 'a="\\', " ,", "=", 'a="\\"', "\t", "a=b,"])
def test_endless_answers_are_read_in_no_time(piece: str) -> None:
    began = time.process_time()
    credentials_of([f"Digest {piece * 60_000}"], BOTH)
    read_challenge(f"Digest {piece * 60_000}")
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("between", [" ", "\t", "  \t"])
def test_blanks_of_any_kind_follow_the_scheme(between: str) -> None:
    found = credentials_of([f'DIGEST{between}username="ada", realm="offhook"'], BOTH)
    assert found is not None
    assert found.name == "ada"
    assert credentials_of(['Digestusername="ada", realm="offhook"'], BOTH) is None


def test_the_first_answer_for_our_realm_counts() -> None:
    said = ['Digest username="eve", realm="other"', 'Digest username="ada", realm="offhook"']
    first = credentials_of([*said, 'Digest username="bob", realm="offhook"'], BOTH)
    assert first is not None
    assert first.name == "ada"
    assert credentials_of(['Digest username="ada", realm="offhook"'], (SHA_256,)) is None


def guessed(book: BanBook, name: str, address: str, at: float, times: int = 5) -> list[tuple[str, float]]:
    bans = [book.wrong(name, address, at, is_known=True) for _ in range(times)]
    return [(ban.who, ban.seconds) for each in bans for ban in each]


def banned(book: BanBook, name: str, address: str, at: float, *, is_shown: bool = True) -> bool:
    return book.is_banned(name, address, at, is_known=True, is_shown=is_shown)


def test_each_ban_is_twice_as_long_up_to_a_day() -> None:
    book, at, terms = BanBook(), 0.0, list[tuple[str, float]]()
    for _ in range(9):
        terms += guessed(book, "ada", HERE, at)
        at += terms[-1][1]
        assert banned(book, "ada", HERE, at - 1)
        assert not banned(book, "ada", HERE, at)
    assert [seconds for who, seconds in terms if who == HERE] == [600.0 * 2**n for n in range(8)] + [86_400.0]
    assert [who for who, _ in terms[:2]] == [HERE, "ada"]


def test_failures_count_for_ten_minutes() -> None:
    book = BanBook()
    assert guessed(book, "ada", HERE, 0.0, times=4) == []
    assert guessed(book, "ada", HERE, 601.0, times=4) == []
    assert len(guessed(book, "ada", HERE, 602.0, times=1)) == 2
    assert banned(book, "bob", HERE, 603.0)
    assert banned(book, "ada", THERE, 603.0)
    assert not banned(book, "ada", THERE, 603.0, is_shown=False)


def test_who_is_known_is_banned_by_his_own_guesses_alone() -> None:
    book = BanBook()
    book.right("ada", HERE, 0.0)
    guessed(book, "ada", THERE, 1.0, times=50)
    guessed(book, "bob", HERE, 1.0, times=50)
    assert not banned(book, "ada", HERE, 2.0)
    guessed(book, "ada", HERE, 2.0, times=4)
    assert not banned(book, "ada", HERE, 2.0)
    guessed(book, "ada", HERE, 2.0, times=1)
    assert banned(book, "ada", HERE, 2.0)
    assert not banned(book, "ada", HERE, 90_000.0)


def test_made_up_names_take_no_memory_and_crowd_out_nobody() -> None:
    book = BanBook(most=50)
    guessed(book, "ada", HERE, 0.0)
    for number in range(1000):
        book.wrong(f"nobody-{number // 5}", f"2001:db8::{number}", 1.0, is_known=False)
    assert book.is_banned("nobody-199", HERE + "0", 2.0, is_known=False, is_shown=True)
    assert not book.is_banned("nobody-1", HERE + "0", 2.0, is_known=False, is_shown=True)
    assert banned(book, "ada", THERE, 2.0)
    kept: Expiring[int] = Expiring(3)
    for number in range(10):
        kept.keep(number, number, 5.0)
    assert len(kept) == 3
    assert [kept.get(number, 1.0) for number in (6, 7, 8, 9)] == [None, 7, 8, 9]
    assert kept.get(9, 5.0) is None


def test_who_asks_again_is_offered_md5_alone() -> None:
    offers = Offers("both")

    def offered(asked: str, at: float = 0.0, *, is_stale: bool = False) -> tuple[str, ...]:
        return offers.to("ada", HERE, "5060", asked, at, is_stale=is_stale)

    assert offered("call 1") == BOTH
    assert offered("call 1") == BOTH, "the same request came again"
    assert offered("call 2", is_stale=True) == BOTH
    assert offered("call 2") == (MD5,)
    assert offered("call 3", 61.0) == BOTH
    offers.spoken("ada", HERE, "5060", MD5, 62.0)
    assert offered("call 4", 63.0) == (MD5,)
    offers.spoken("ada", HERE, "5060", SHA_256, 64.0)
    assert offered("call 5", 65.0) == BOTH
    assert Offers("md5").to("ada", HERE, "5060", "call", 0.0, is_stale=False) == (MD5,)
    assert Offers("sha-256").allowed == (SHA_256,)


def test_strangers_are_heard_so_often() -> None:
    strangers = Strangers()
    assert sum(strangers.are_heard(HERE, 0.0) for _ in range(500)) == MOST_EACH
    assert strangers.are_heard(HERE, 2.0)
    heard = sum(strangers.are_heard(f"2001:db8:{number:x}::", 5.0) for number in range(20_000))
    assert heard == 4000

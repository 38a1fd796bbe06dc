"""Whom an account may call: premium-rate numbers only by a prefix of their own, in whatever spelling they come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.call.destinations import PREFIX, why_not

ACCOUNT = "AC" + "1" * 32


def refusal(to: str, *allowed: str, country: str | None = None) -> str | None:
    return why_not(to, account_sid=ACCOUNT, allowed=allowed or None, country=country)


@pytest.mark.parametrize(
    "to",
    [
        "+4930123456",
        "+15551234567",
        "+15550002",
        "+18005551234",
        "+498001234567",
        "+390612345678",
        "+441212345678",
        "1000",
        "*97",
        "004930123456",
        "sip:ada@example.com",
        "sip:1000@pbx.example:5070;transport=udp",
        "sip:+4930123456@carrier.example",
        "sip:example.com",
    ],
)
def test_ordinary_numbers_may_be_called_without_a_list(to: str) -> None:
    assert refusal(to) is None


PREMIUM = [
    "+499001234567",
    "+19005551234",
    "+448712345678",
    "+39899123456",
    "+33899123456",
    "+979123456789",
    "+881612345678",
    "+88213300123",
    "+8835100123456",
    "+870773111632",
]


@pytest.mark.parametrize("to", PREMIUM)
def test_premium_numbers_need_a_prefix_of_their_own(to: str) -> None:
    told = refusal(to)
    assert told is not None
    assert to in told
    command = f"`offhook account limits {ACCOUNT} --destinations +,"
    assert command in told
    own = told.partition(command)[2].partition("`")[0]
    assert to.startswith(own)
    assert refusal(to, "+", own) is None
    assert refusal(to, own) is None
    assert refusal(to, "+") is not None


@pytest.mark.parametrize(
    "spelled",
    [
        "+4990012345678901",  # more digits than the number has
        "+49900" + "1" * 40,
        "+49900123456",  # fewer
        "00499001234567",
        "011499001234567",
        "499001234567",
        "*31#00499001234567",
        "sip:+499001234567@carrier.example",
        "sip:00499001234567@127.0.0.1",
        "SIP:%2B499001234567@carrier.example",
        "sip:+49-900-123.45(67)@carrier.example",
        "sip:+499001234567;phone-context=x:secret@carrier.example",
        "sips:+499001234567:secret@carrier.example",
    ],
)
def test_no_spelling_hides_a_premium_number(spelled: str) -> None:
    told = refusal(spelled, "+", "+49")
    assert told is not None
    assert "premium-rate" in told
    assert refusal(spelled, "+49900") is None


def test_a_list_allows_what_is_on_it_and_nothing_else() -> None:
    assert refusal("+4366012345678", "+49", "+43") is None
    assert refusal("+4930123456", "+4930") is None
    assert refusal("+4989123456", "+4930") is not None
    told = refusal("+15551234567", "+49", "+43")
    assert told is not None
    assert "(+49, +43)" in told
    assert "--destinations +49,+43,+1`" in told
    assert why_not("+4930123456", account_sid=ACCOUNT, allowed=()) is not None


def test_numbers_of_the_trunk_are_listed_as_they_are_dialled() -> None:
    assert refusal("1000", "+49") is not None
    assert refusal("1000", "+49", "10") is None
    assert refusal("*97", "+49", "*9") is None
    assert refusal("1000", "+") is None
    assert refusal("sip:1000@pbx.example", "+49") is None


def test_a_national_number_is_judged_in_its_country_or_not_at_all() -> None:
    told = refusal("09001234567")
    assert told is not None
    assert "OFFHOOK_COUNTRY" in told
    assert refusal("0301234567") is not None
    assert refusal("0301234567", country="DE") is None
    assert "premium-rate" in (refusal("09001234567", country="DE") or "")
    assert "premium-rate" in (refusal("9005551234", country="US") or "")
    assert refusal("2125551234", country="US") is None
    assert refusal("1900", country="US") is None


@given(st.integers(0, 99_999_999), st.text("0123456789", max_size=20))
def test_whatever_follows_a_premium_prefix_stays_premium(number: int, behind: str) -> None:
    assert refusal(f"+1900{number % 8_000_000 + 2_000_000}{behind}") is not None


@given(st.text(max_size=40))
def test_any_text_gets_an_answer(to: str) -> None:
    for text in (to, f"sip:{to}", f"+{to}"):
        for allowed in ((), ("+",)):
            answer = why_not(text, account_sid=ACCOUNT, allowed=allowed)
            assert answer is None or answer


@given(st.text("0123456789", min_size=5, max_size=17), st.integers(1, 15))
def test_a_longer_list_never_allows_less(digits: str, cut: int) -> None:
    number = f"+{digits}"
    if refusal(number, "+") is None:
        assert refusal(number, "+", number[: cut + 1]) is None
    if refusal(number, number[: cut + 1]) is None:
        assert refusal(number, number[: cut + 1], "+7") is None


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("+", True),
        ("+49", True),
        ("10", True),
        ("*9", True),
        ("", False),
        ("+4x", False),
        ("49+", False),
        ("+" + "1" * 16, False),
    ],
)
def test_prefixes_are_told_from_other_words(text: str, is_one: bool) -> None:
    assert bool(PREFIX.fullmatch(text)) == is_one

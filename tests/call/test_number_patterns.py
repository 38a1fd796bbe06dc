"""Patterns stand for whole numbers, and none can hold a call up."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.call.number_kinds import NumberKind, countries, kinds_of
from offhook.call.number_patterns import LONGEST_PATTERN, fault, is_pattern, matches


@pytest.mark.parametrize(
    "text", ["12[0-9]", r"\d+", "1.*", "12?", "(1|2)", "^1$", "1{3}", "555.", "+49.", "12*", "*"]
)
def test_what_is_a_pattern(text: str) -> None:
    assert is_pattern(text)
    assert fault(text) is None


@pytest.mark.parametrize("text", ["1000", "+4930", "*97", "#31#", "ada", "front-desk.berlin", "a_b"])
def test_what_is_a_name(text: str) -> None:
    assert not is_pattern(text)


@pytest.mark.parametrize(
    ("pattern", "called", "does"),
    [
        ("12[0-9]", "123", True),
        ("12[0-9]", "1234", False),
        ("12[0-9]", "0123", False),
        ("^12[0-9]$", "123", True),
        ("+49.*", "+4930", True),
        ("+49.*", "4930", False),
        ("*9[0-9]", "*97", True),
        ("*", "+49301234", True),
        ("*", "*97", True),
        ("*", "ada", False),
        ("*", "", False),
        ("[", "[", False),
        ("1+", "1\ud800", False),
    ],
)
def test_a_pattern_stands_for_a_whole_number(pattern: str, called: str, does: bool) -> None:
    assert matches(pattern, called) is does


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(a*)*b", "(.*)(.*)(.*)(.*)(.*)b", "(a|aa)+b"])
def test_no_pattern_takes_longer_than_its_number_is_long(pattern: str) -> None:
    assert is_pattern(pattern)
    assert fault(pattern) is None
    begun = time.monotonic()
    assert not matches(pattern, "a" * 20_000)
    # One that goes back and forth would need longer than the universe is old.
    assert time.monotonic() - begun < 20


def test_a_pattern_is_so_long() -> None:
    assert fault("1" * LONGEST_PATTERN) is None
    assert str(LONGEST_PATTERN) in (fault("1" * (LONGEST_PATTERN + 1)) or "")


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_a_pattern_or_none(text: str, called: str) -> None:
    wrong = fault(text)
    assert wrong is None or wrong
    assert matches(text, called) in ((False,) if wrong else (True, False))


def test_numbers_have_kinds() -> None:
    assert kinds_of("+493020304050") == {NumberKind.LOCAL}
    assert kinds_of("+4915123456789") == {NumberKind.MOBILE}
    assert kinds_of("+14155550123") == {NumberKind.LOCAL, NumberKind.MOBILE}
    assert kinds_of("+498001234567") == {NumberKind.TOLL_FREE}
    for none in ("", "ada", "+1", "+9991234567", "1000"):
        assert kinds_of(none) == frozenset()
    assert {"DE", "US"} <= set(countries())

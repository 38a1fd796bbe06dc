"""What a call keeps to itself is found wherever it comes up again."""

import pytest

from offhook.call.discretion import Discretion


@pytest.fixture
def discretion() -> Discretion:
    made = Discretion()
    made.keep("8346", "Grüße & Co", "83")
    return made


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("http://app.example/next?pin=8346&x=1", "http://app.example/next?pin=…&x=1"),
        ("you said GRÜSSE & co, grüße & co", "you said GRÜSSE & co, …"),
        ("?a=Gr%C3%BC%C3%9Fe+%26+Co", "?a=…"),
        ("?a=gr%c3%bc%c3%9fe%20%26%20co", "?a=…"),
        ("83 is too short to be looked for", "83 is too short to be looked for"),
        ("", ""),
    ],
)
def test_it_is_hidden_however_it_is_spelled(discretion: Discretion, text: str, left: str) -> None:
    assert discretion.hide(text) == left
    assert discretion.withhold(text) == (text if left == text else "…")


def test_nothing_is_hidden_where_nothing_is_kept() -> None:
    discretion = Discretion()
    discretion.keep("", "12")
    assert not discretion.has_secrets
    assert discretion.hide("12 and 123") == "12 and 123"


def test_the_longer_of_two_is_hidden_as_a_whole() -> None:
    discretion = Discretion()
    discretion.keep("1234", "123456")
    assert discretion.hide("is it 123456?") == "is it …?"


def test_what_looks_like_a_pattern_is_none() -> None:
    discretion = Discretion()
    discretion.keep("***", "a.c")
    assert discretion.hide("*** abc a.c") == "… abc …"

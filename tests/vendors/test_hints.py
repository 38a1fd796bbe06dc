"""Hints: how they are said, as a grammar, and back from what was heard to the hint as written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.vendors.embedded.grammar import read_menu
from offhook.vendors.embedded.hints import MAX_FORMS, spoken_forms

WORD = re.compile(r"[a-z]+('[a-z]+)*")


def said(hint: str) -> list[str]:
    return [" ".join(word or "…" for word in form.words) for form in spoken_forms(hint)]


@pytest.mark.parametrize(
    ("hint", "spoken"),
    [
        ("Sales", "sales"),
        ("  Account   Balance! ", "account balance"),
        ("check-in", "check in"),
        ("O’Brien's pub", "o'brien's pub"),
        ("Café Zürich", "cafe zurich"),
        ("R&D", "r and d"),
        ("2", "two"),
        ("42", "forty two"),
        ("911", "nine one one"),
        ("911", "nine eleven"),
        ("911", "nine hundred eleven"),
        ("1,250", "one thousand two hundred fifty"),
        ("1984", "nineteen eighty four"),
        ("105", "one hundred and five"),
        ("007", "zero zero seven"),
        ("007", "oh oh seven"),
        ("flight 1a", "flight one a"),
        ("21st", "twenty first"),
        ("30th floor", "thirtieth floor"),
        ("3.5", "three point five"),
        ("50%", "fifty percent"),
        ("$20", "twenty dollars"),
        ("24/7 support", "twenty four seven support"),
        ("7:30", "seven thirty"),
        ("FAQ", "faq"),
        ("FAQ", "f a q"),
        ("U.S. dollars", "u s dollars"),
        ("my pin is $OOV_CLASS_DIGIT_SEQUENCE", "my pin is …"),
        ("$FULLPHONENUM", "…"),
    ],
)
def test_a_hint_is_expected_as_callers_say_it(hint: str, spoken: str) -> None:
    assert spoken in said(hint)


@pytest.mark.parametrize(
    "hint", ["", "  ", "...", "!?", "你好", "привет", "$MONTH", "call $NOBODY_KNOWS", "🎉"]
)
def test_what_english_cannot_say_is_no_hint(hint: str) -> None:
    assert said(hint) == []


@given(st.text(max_size=100))
def test_any_text_gives_speakable_words_or_none(hint: str) -> None:
    forms = spoken_forms(hint)
    assert len(forms) <= MAX_FORMS
    for form in forms:
        assert form.words
        assert all(word is None or WORD.fullmatch(word) for word in form.words)


@given(st.lists(st.text("abc DE19 $.,'&-", max_size=12), max_size=6))
def test_what_is_heard_comes_back_as_a_hint_as_it_was_written(hints: list[str]) -> None:
    menu = read_menu(hints)
    written = {hint.strip() for hint in hints}
    for form in menu.forms:
        words = [word for word in form.words if word is not None]
        assert menu.understood(words) in written
        assert set(words) <= menu.words
        for heard in range(len(words)):
            beginning = menu.so_far(words[:heard])
            assert any(hint.startswith(beginning) for hint in written)


class TestMenu:
    MENU = read_menu(
        (
            "Sales",
            "Speak to an Agent",
            "Speak to the Manager",
            "24/7 Support",
            "ID $DIGITS, please",
            "$FULLPHONENUM",
            "room 5",
        )
    )

    @pytest.mark.parametrize(
        ("words", "text"),
        [
            ("sales", "Sales"),
            ("speak to an agent", "Speak to an Agent"),
            ("twenty four seven support", "24/7 Support"),
            ("two four seven support", "24/7 Support"),
            ("five five oh one two", "55012"),
            ("id one two three please", "ID 123, please"),
            ("room five", "room 5"),
        ],
    )
    def test_a_whole_hint_is_told_in_its_own_spelling(self, words: str, text: str) -> None:
        assert self.MENU.understood(words.split()) == text

    @pytest.mark.parametrize("words", ["", "speak to", "sales sales", "agent", "id please", "five room"])
    def test_what_is_no_whole_hint_is_not_understood(self, words: str) -> None:
        assert self.MENU.understood(words.split()) is None

    @pytest.mark.parametrize(
        ("words", "text"),
        [
            ("", ""),
            ("speak", "Speak"),
            ("speak to", "Speak to"),
            ("speak to the", "Speak to the"),
            ("twenty four", ""),
            ("twenty four seven", "24/7"),
            ("id one two", "ID 12"),
            ("id", "ID"),
        ],
    )
    def test_a_beginning_is_told_in_the_hints_spelling(self, words: str, text: str) -> None:
        assert self.MENU.so_far(words.split()) == text

    def test_of_hints_that_sound_alike_the_first_counts(self) -> None:
        menu = read_menu(("two", "2", "TWO"))
        assert menu.understood(["two"]) == "two"

    def test_hints_that_cannot_be_said_leave_the_others(self) -> None:
        menu = read_menu(("你好", "yes", "$MONTH"))
        assert [form.hint for form in menu.forms] == ["yes"]

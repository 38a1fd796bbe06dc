"""Where a text is cut, in many scripts, and that nothing of it is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.speech.sentences import sentences


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hello. How are you? Fine!", ["Hello.", "How are you?", "Fine!"]),
        ("Hello Mr. Brown. It is 3.5 km to St. James.", ["Hello Mr. Brown.", "It is 3.5 km to St. James."]),
        ("Come at 5 p.m. We open at 9 a.m. on Monday.", ["Come at 5 p.m.", "We open at 9 a.m. on Monday."]),
        ("J. R. Smith called... Right?", ["J. R. Smith called...", "Right?"]),
        ("It is No. 5. No. Yes.", ["It is No. 5.", "No.", "Yes."]),
        ('He said "Stop!" Then he left.', ['He said "Stop!"', "Then he left."]),
        ("See example.com. Or mail a.b@c.example.", ["See example.com.", "Or mail a.b@c.example."]),
        ("Das kostet z.B. fünf Euro. Am 3. Mai.", ["Das kostet z.B. fünf Euro.", "Am 3.", "Mai."]),
        ("你好。今天天气很好!再见", ["你好。", "今天天气很好!再见"]),
        ("你好。今天天气很好！再见", ["你好。", "今天天气很好！", "再见"]),
        ("「はい。」次へ。", ["「はい。」", "次へ。"]),
        ("नमस्ते। आप कैसे हैं?", ["नमस्ते।", "आप कैसे हैं?"]),
        ("مرحبا؟ نعم. شكرا", ["مرحبا؟", "نعم.", "شكرا"]),
        ("ሰላም።እንዴት ነህ", ["ሰላም።", "እንዴት ነህ"]),
        ("One\n\nTwo\nThree", ["One", "Two", "Three"]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_a_text_is_cut_into_its_sentences(text: str, found: list[str]) -> None:
    assert sentences(text) == found


def test_what_is_too_long_is_cut_after_a_clause_else_between_words_else_anywhere() -> None:
    assert sentences("one two three, four five six", longest=20) == ["one two three,", "four five six"]
    assert sentences("one two three four five", longest=12) == ["one two", "three four", "five"]
    assert sentences("x" * 25, longest=10) == ["x" * 10, "x" * 10, "x" * 5]
    assert all(len(piece) <= 400 for piece in sentences("สวัสดีครับ" * 300))


@given(st.text(alphabet=st.sampled_from("ab1 .,!?。！\n\"')A؟।🎉\u200b"), max_size=300), st.integers(5, 60))
def test_no_mark_is_lost_and_no_piece_is_too_long(text: str, longest: int) -> None:
    pieces = sentences(text, longest=longest)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(piece and len(piece) <= longest for piece in pieces)


def test_a_long_text_is_cut_at_once() -> None:
    text = "A sentence, and one more clause of it. " * 2_600
    assert len(sentences(text)) == 2_600
    assert len(sentences("." * 100_000)) == 250
    assert len("".join(sentences("a. " * 30_000))) >= 60_000

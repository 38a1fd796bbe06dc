import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.messaging.smpp_text import EACH_PART, GSM, ONE_PART, UCS2, joined, split, without_header

GSM_LETTERS = "@£$ abcXYZ019 äöüñ€[]{}~^|\\\nÅåΔ"


def put_together(text: str, **options: bool) -> tuple[str, int, int]:
    """What a telephone makes of `text`, its data_coding, and the number of its parts."""
    parts = split(text, 77, **options)
    texts = []
    for number, content in enumerate(parts.parts, 1):
        part = None
        if parts.have_header:
            content, part = without_header(content)
            assert part is not None
            assert (part.reference, part.total, part.number) == (77, len(parts.parts), number)
            assert len(content) <= EACH_PART[parts.data_coding]
        else:
            assert len(content) <= ONE_PART[parts.data_coding]
        texts.append(joined(content, parts.data_coding))
    return "".join(texts), parts.data_coding, len(parts.parts)


@given(st.text(st.sampled_from(GSM_LETTERS), max_size=700))
def test_plain_letters_come_back_whole_and_go_in_the_plain_alphabet(text: str) -> None:
    assert put_together(text)[:2] == (text, GSM)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
def test_any_text_comes_back_whole(text: str) -> None:
    assert put_together(text)[0] == text


@pytest.mark.parametrize(
    ("text", "coding", "count"),
    [
        ("a" * 160, GSM, 1),
        ("a" * 161, GSM, 2),
        ("a" * 306, GSM, 2),
        ("a" * 307, GSM, 3),
        ("€" * 80, GSM, 1),  # two bytes each
        ("€" * 81, GSM, 2),
        ("ж" * 70, UCS2, 1),
        ("ж" * 71, UCS2, 2),
        ("😀" * 35, UCS2, 1),
        ("😀" * 36, UCS2, 2),
    ],
)
def test_a_text_goes_in_as_few_parts_as_it_takes(text: str, coding: int, count: int) -> None:
    assert put_together(text) == (text, coding, count)


def test_no_letter_is_torn_apart() -> None:
    # 152 plain letters leave one byte in the first part; the next letter takes two.
    parts = split("a" * 152 + "€" + "b" * 20, 1).parts
    assert (len(parts[0]), parts[1][6:8]) == (6 + 152, b"\x1be")


def test_who_wants_ucs_2_gets_it() -> None:
    assert split("abc", 1, in_ucs2=True).parts == ("abc".encode("utf-16-be"),)


def test_a_text_of_too_many_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="255"):
        split("a" * 153 * 256, 1)

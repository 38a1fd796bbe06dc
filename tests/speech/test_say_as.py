"""What a caller hears of `<say-as>`, kind by kind and format by format."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.speech.english_dates import DATE_FORMATS, DURATION_FORMATS, TIME_FORMATS
from offhook.speech.english_numbers import cardinal, ordinal, year
from offhook.speech.say_as import READINGS, READINGS_OF_A_FORMAT, spoken

KINDS = (*READINGS, *READINGS_OF_A_FORMAT, "number_digit")
GOLDEN = [
    ("characters", "", "test", "T E S T"),
    ("characters", "", "a1-B", "A one dash B"),
    ("spell-out", "", "SOS!", "S O S exclamation mark"),
    ("cardinal", "", "10", "ten"),
    (
        "number",
        "",
        "1,234,567.05",
        "one million two hundred thirty-four thousand five hundred sixty-seven point zero five",
    ),
    ("number", "", "-3.5", "minus three point five"),
    ("cardinal", "", "0", "zero"),
    ("cardinal", "", "1000000000000", "one trillion"),
    ("ordinal", "", "3rd", "third"),
    ("ordinal", "", "3", "third"),
    ("ordinal", "", "112", "one hundred twelfth"),
    ("ordinal", "", "1,021st", "one thousand twenty-first"),
    ("number_digit", "", "123456789", "one two three four five six seven eight nine"),
    ("number_digit", "", "4 0-7", "four zero seven"),
    ("fraction", "", "3/8", "three eighths"),
    ("fraction", "", "1/2", "one half"),
    ("fraction", "", "3/4", "three quarters"),
    ("fraction", "", "2 1/2", "two and a half"),
    ("fraction", "", "2½", "two and a half"),
    ("fraction", "", "1 1/8", "one and an eighth"),
    ("fraction", "", "7/21", "seven twenty-firsts"),
    ("date", "mdy", "10-19-2016", "October nineteenth two thousand sixteen"),
    ("date", "dmy", "19.10.2016", "October nineteenth two thousand sixteen"),
    ("date", "ymd", "2016/10/19", "October nineteenth two thousand sixteen"),
    ("date", "ymd", "20161019", "October nineteenth two thousand sixteen"),
    ("date", "ydm", "2016-19-10", "October nineteenth two thousand sixteen"),
    ("date", "ym", "1984-05", "May nineteen eighty-four"),
    ("date", "my", "5/1906", "May nineteen oh six"),
    ("date", "md", "12/31", "December thirty-first"),
    ("date", "dm", "31/12", "December thirty-first"),
    ("date", "d", "2", "second"),
    ("date", "m", "2", "February"),
    ("date", "y", "1900", "nineteen hundred"),
    ("date", "", "2016-10-19", "October nineteenth two thousand sixteen"),
    ("date", "mdy", "Oct 19, 2016", "October nineteenth two thousand sixteen"),
    ("time", "hms12", "4:00am", "four A M"),
    ("time", "hms12", "12:35", "twelve thirty-five"),
    ("time", "hms12", "1:14:32", "one fourteen and thirty-two seconds"),
    ("time", "hms12", "14:05", "two oh five P M"),
    ("time", "hms12", "6:00", "six o'clock"),
    ("time", "hms24", "08:15", "oh eight fifteen"),
    ("time", "hms24", "02:50:45", "oh two fifty and forty-five seconds"),
    ("time", "hms24", "14:00", "fourteen hundred hours"),
    ("time", "hms24", "2:30pm", "fourteen thirty"),
    ("duration", "hms", "01:18:30", "one hour, eighteen minutes and thirty seconds"),
    ("duration", "hm", "01:18", "one hour and eighteen minutes"),
    ("duration", "ms", "01:18", "one minute and eighteen seconds"),
    ("duration", "", "00:00:00", "zero seconds"),
    ("telephone", "1", "(888) 555-1212", "area code eight eight eight five five five one two one two"),
    ("telephone", "39", "06 1234", "zero six one two three four"),
    ("telephone", "", "+44 20 7946 0958", "plus four four two zero seven nine four six zero nine five eight"),
    ("telephone", "", "555-0100 x12", "five five five zero one zero zero extension one two"),
    ("currency", "", "99.9 USD", "ninety-nine US dollars and ninety cents"),
    ("currency", "", "$1.01", "one dollar and one cent"),
    ("currency", "", "£0.02", "two pence"),
    ("currency", "INR", "1,500.50", "one thousand five hundred rupees and fifty paise"),
    ("currency", "", "-5 EUR", "minus five euros"),
    ("currency", "", "300 JPY", "three hundred yen"),
    ("currency", "", "1.234 USD", "one point two three four US dollars"),
    ("address", "", "150th CT NE, Redmond, WA", "one hundred fiftieth Court Northeast Redmond Washington"),
    ("address", "", "1234 N Main St., Apt 5", "twelve thirty-four North Main Street Apartment five"),
    ("address", "", "St Paul, MN 55101", "Saint Paul Minnesota five five one zero one"),
    ("name", "", "ED", "Ed"),
    ("name", "", "Dr. Jane DOE", "Doctor Jane Doe"),
]
"""Kind, format, text, and what is heard."""


@pytest.mark.parametrize(("kind", "form", "text", "heard"), GOLDEN, ids=lambda value: str(value)[:24])
def test_the_spoken_form(kind: str, form: str, text: str, heard: str) -> None:
    assert spoken(text, kind, form) == heard


def test_every_kind_and_every_format_has_a_spoken_form_in_the_table() -> None:
    told = {(kind.replace("_", "-"), form) for kind, form, _, _ in GOLDEN}
    wanted = {(kind, "") for kind in READINGS if kind not in ("verbatim", "digits")}
    wanted |= {("date", form) for form in DATE_FORMATS} | {("time", form) for form in TIME_FORMATS}
    wanted |= {("duration", form) for form in DURATION_FORMATS if len(form) > 1}
    wanted |= {("telephone", "1"), ("telephone", "39"), ("currency", "")}
    assert wanted - told == set()


@pytest.mark.parametrize(
    ("kind", "form", "text"),
    [
        ("date", "mdy", "13-45-2016"),
        ("date", "dmy", "31/2/2016"),
        ("date", "mdy", "tomorrow"),
        ("date", "hms", "10-19-2016"),
        ("time", "hms12", "25:99"),
        ("time", "hms24", "noon"),
        ("time", "hms36", "4:00"),
        ("time", "", "13:00pm"),
        ("duration", "hms", "1:2:3:4"),
        ("duration", "hm", "soon"),
        ("cardinal", "", "ten or so"),
        ("cardinal", "", "10²"),
        ("ordinal", "", "3.5"),
        ("fraction", "", "half"),
        ("telephone", "", "call me"),
        ("telephone", "abc", "555 0100"),
        ("currency", "", "99 XYZ"),
        ("currency", "", "free"),
        ("number_digit", "", "12a"),
        ("no-such-kind", "", "12 34"),
        ("characters", "", "🎉"),
    ],
)
def test_what_is_not_what_it_is_said_to_be_is_spoken_as_it_stands(kind: str, form: str, text: str) -> None:
    assert spoken(text, kind, form) == text


def test_other_languages_hear_what_is_spelled_in_their_own_voice() -> None:
    assert spoken("4711", "characters", "", "de-DE") == "4 7 1 1"
    assert spoken("+49 30", "telephone", "", "de") == "+ 4 9 3 0"
    assert spoken("10-19-2016", "date", "mdy", "de") == "10-19-2016"


@given(
    st.text(max_size=80)
    | st.from_regex(r"[-+$]?[0-9]{1,45}([./:,\- ][0-9]{1,4}){0,3} ?([a-zA-Z]{0,3})", fullmatch=True),
    st.sampled_from(KINDS) | st.text(max_size=8),
    st.sampled_from((*DATE_FORMATS, *TIME_FORMATS, *DURATION_FORMATS, "", "1", "USD")) | st.text(max_size=6),
    st.sampled_from(("en", "en-GB", "fr-FR", "")),
)
def test_any_text_of_any_kind_is_spoken_and_none_is_lost(
    text: str, kind: str, form: str, language: str
) -> None:
    said = spoken(text, kind, form, language)
    assert bool(said) == bool(text.split())
    assert "\0" not in said or "\0" in text


@given(st.integers(0, 10**40))
def test_numbers_of_any_size_have_words_and_an_order(value: int) -> None:
    assert not any(letter.isdigit() for letter in cardinal(value) + ordinal(value))


@given(st.integers(0, 12_000))
def test_every_year_has_words(value: int) -> None:
    assert year(value).replace(" ", "").replace("-", "").isalpha()

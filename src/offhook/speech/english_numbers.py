"""Figures in English words: counting numbers, ordering numbers, fractions, years. Pure; any size up to LONGEST_DIGITS."""

import re

LONGEST_DIGITS = 36
"""What is longer is told digit by digit: nobody knows the name of such a number."""

ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SCALES = [
    "thousand",
    "million",
    "billion",
    "trillion",
    "quadrillion",
    "quintillion",
    "sextillion",
    "septillion",
    "octillion",
    "nonillion",
    "decillion",
]
"""The names of 1000, 1000², … (the short scale)."""
IRREGULAR_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}

FIGURE = re.compile(r"(?P<sign>[+\-−]?)(?P<whole>\d{1,3}(?:[, ]\d{3})+|\d+)?(?:\.(?P<part>\d+))?", re.ASCII)


def cardinal(value: int) -> str:
    """The counting number: 125 is "one hundred twenty-five"."""
    if value < 0:
        return f"minus {cardinal(-value)}"
    if value < 1000:
        return _below_thousand(value)
    if len(str(value)) > LONGEST_DIGITS:
        return digits(str(value))
    words: list[str] = []
    groups = f"{value:,}".split(",")
    for place, group in zip(range(len(groups) - 2, -2, -1), groups, strict=True):
        if int(group):
            words.append(_below_thousand(int(group)) + (f" {SCALES[place]}" if place >= 0 else ""))
    return " ".join(words)


def ordinal(value: int) -> str:
    """The ordering number: 21 is "twenty-first"."""
    head, mark, last = _last_word(cardinal(value))
    if last in IRREGULAR_ORDINALS:
        return head + mark + IRREGULAR_ORDINALS[last]
    return head + mark + (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")


def digits(figure: str) -> str:
    """Digit by digit; what is no digit parts them no more than the next digit does."""
    return " ".join(ONES[int(digit)] for digit in figure if digit in "0123456789")


def number(text: str) -> str | None:
    """A figure as it is written, with its sign, its commas and its decimals; None for what is no figure."""
    found = FIGURE.fullmatch(text.strip())
    if found is None or not (found["whole"] or found["part"]):
        return None
    whole = re.sub("[, ]", "", found["whole"] or "0")
    sign = {"": "", "+": "plus "}.get(found["sign"], "minus ")
    said = digits(whole) if len(whole) > LONGEST_DIGITS else cardinal(int(whole))
    return f"{sign}{said} point {digits(found['part'])}" if found["part"] else sign + said


def fraction(over: int, under: int) -> str:
    """3 over 8 is "three eighths"; what has no name of its own is told as "over"."""
    if under in (0, 1):
        return f"{cardinal(over)} over {cardinal(under)}"
    if under == 2:
        return f"{cardinal(over)} {'half' if over == 1 else 'halves'}"
    name = "quarter" if under == 4 else ordinal(under)
    return f"{cardinal(over)} {name}{'' if over == 1 else 's'}"


def year(value: int) -> str:
    """A year as people say it: 1984 "nineteen eighty-four", 2016 "two thousand sixteen", 1906 "nineteen oh six"."""
    if value < 1000 or value > 9999 or 2000 <= value < 2100 or not value // 100 % 10:
        return cardinal(value)
    century, rest = divmod(value, 100)
    if not rest:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {cardinal(rest) if rest > 9 else f'oh {ONES[rest]}'}"


def _below_thousand(value: int) -> str:
    hundreds, rest = divmod(value, 100)
    said = [f"{ONES[hundreds]} hundred"] if hundreds else []
    if rest >= 20:
        said.append(TENS[rest // 10] + (f"-{ONES[rest % 10]}" if rest % 10 else ""))
    elif rest or not hundreds:
        said.append(ONES[rest])
    return " ".join(said)


def _last_word(words: str) -> tuple[str, str, str]:
    at = max(words.rfind(" "), words.rfind("-"))
    return (words[:at], words[at], words[at + 1 :]) if at >= 0 else ("", "", words)

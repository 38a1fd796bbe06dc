"""How English callers say numbers: each figure has several spoken forms, and a hint expects any of them."""

from offhook.speech.english_numbers import IRREGULAR_ORDINALS, ONES, TENS

Words = tuple[str, ...]

SCALES = ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred"))
MAX_CARDINAL_DIGITS = 9

DIGIT_OF_WORD = {**{word: str(value) for value, word in enumerate(ONES[:10])}, "oh": "0"}
"""The digit that each word of a spoken digit string means."""


def forms(figure: str) -> tuple[Words, ...]:
    """The ways to say a string of digits, the likeliest first: 911 is nine one one, nine eleven, nine hundred eleven…"""
    spelled = [digits(figure, zero="zero")]
    if "0" in figure:
        spelled.append(digits(figure, zero="oh"))
    if len(figure) > MAX_CARDINAL_DIGITS or (figure[0] == "0" and len(figure) > 1):
        return tuple(spelled)
    said = [cardinal(int(figure)), *_cardinal_with_and(int(figure)), *spelled]
    if len(figure) in (3, 4):
        said.extend(_in_pairs(figure))
    return tuple(dict.fromkeys(said))


def digits(figure: str, *, zero: str) -> Words:
    """Digit by digit, with the chosen word for 0."""
    return tuple(zero if digit == "0" else ONES[int(digit)] for digit in figure)


def cardinal(value: int) -> Words:
    """The counting number, for values below a thousand million: 125 is one hundred twenty five."""
    if value < 20:
        return (ONES[value],)
    if value < 100:
        return (TENS[value // 10], *(cardinal(value % 10) if value % 10 else ()))
    size, name = next(scale for scale in SCALES if value >= scale[0])
    rest = cardinal(value % size) if value % size else ()
    return (*cardinal(value // size), name, *rest)


def ordinal(value: int) -> Words:
    """The ordering number: 21 is twenty first."""
    *head, last = cardinal(value)
    if last in IRREGULAR_ORDINALS:
        return (*head, IRREGULAR_ORDINALS[last])
    return (*head, last[:-1] + "ieth" if last.endswith("y") else last + "th")


def _cardinal_with_and(value: int) -> tuple[Words, ...]:
    if value < 100 or value >= 1_000 or not value % 100:
        return ()
    return ((ONES[value // 100], "hundred", "and", *cardinal(value % 100)),)


def _in_pairs(figure: str) -> tuple[Words, ...]:
    """Years and house numbers: 1984 is nineteen eighty four, 911 nine eleven, 1906 nineteen oh six."""
    first, last = figure[:-2], figure[-2:]
    if int(first) == 0 or last == "00":
        return ()
    said_last = cardinal(int(last)) if last[0] != "0" else ("oh", ONES[int(last)])
    return ((*cardinal(int(first)), *said_last),)

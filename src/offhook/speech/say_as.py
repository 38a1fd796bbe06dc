"""What stands in `<say-as>` in words, for voices that cannot read it themselves. Pure.

English words; in other languages what is spelled is parted into its characters, and the rest stays as it is written.
The kinds and their formats are those that most voices share (W3C's note "SSML 1.0 say-as attribute values" and what grew
around it). A text that is not what it is said to be is spoken as it stands: a caller hears something, and the right words.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

from offhook.speech.english_dates import date, duration, time
from offhook.speech.english_names import address, currency, name, telephone
from offhook.speech.english_numbers import ONES, cardinal, digits, fraction, number, ordinal

SYMBOLS = {
    "@": "at",
    ".": "dot",
    "-": "dash",
    "_": "underscore",
    "/": "slash",
    "\\": "backslash",
    "#": "hash",
    "*": "star",
    "&": "and",
    "+": "plus",
    "%": "percent",
    "$": "dollar",
    "€": "euro",
    "£": "pound",
    "=": "equals",
    ":": "colon",
    ";": "semicolon",
    ",": "comma",
    "!": "exclamation mark",
    "?": "question mark",
    "'": "apostrophe",
    '"': "quote",
    "(": "open parenthesis",
    ")": "close parenthesis",
    "<": "less than",
    ">": "greater than",
}
"""Names of what is no letter; what has none here is left out."""
MOST_SPELLED = 2_000
"""Characters; what is longer is nothing to spell."""

_RAISED = ("<super>", "<sub>")
_VULGAR = re.compile(r"(?<=[0-9])(?=[¼-¾⅐-⅞])")
"""Where 1½ parts into 1 and ½: composed they would be 11 over 2."""

Said = str | None


def spoken(text: str, interpret_as: str, form: str = "", language: str = "en") -> str:
    """The words for `text` read as `interpret_as` (in any case) with the format `form`; `text` itself where it is none."""
    kind = interpret_as.strip().lower().replace("_", "-")
    if language.lower().split("-")[0] != "en":
        return _parted(text) if kind in SPELLED and len(text) <= MOST_SPELLED else " ".join(text.split())
    if any(unicodedata.decomposition(letter).startswith(_RAISED) for letter in text):
        return " ".join(text.split())  # 10² is not 102
    plain = " ".join(unicodedata.normalize("NFKC", _VULGAR.sub(" ", text)).split())
    said = None
    if kind in READINGS:
        said = READINGS[kind](plain)
    elif kind in READINGS_OF_A_FORMAT:
        said = READINGS_OF_A_FORMAT[kind](plain, form.strip().lower())
    return said if said is not None else " ".join(text.split())


def _parted(text: str) -> str:
    """1234 as 1 2 3 4: each voice knows the names of its own language."""
    return " ".join(letter for letter in text if not letter.isspace())


def _characters(text: str) -> Said:
    if len(text) > MOST_SPELLED:
        return None
    said = [_character(letter) for letter in text if not letter.isspace()]
    return " ".join(filter(None, said)) or None


def _character(letter: str) -> str:
    if letter in "0123456789":
        return ONES[int(letter)]
    return letter.upper()[:1] if letter.isalpha() else SYMBOLS.get(letter, "")


def _ordinal(text: str) -> Said:
    found = re.fullmatch(r"([0-9]{1,36}|[0-9]{1,3}(?:,[0-9]{3}){1,11})(?:st|nd|rd|th)?", text, re.IGNORECASE)
    return ordinal(int(found[1].replace(",", ""))) if found else None


def _digits(text: str) -> Said:
    return digits(text) if re.fullmatch(r"[0-9][0-9 \-.,()/]*", text) else None


def _fraction(text: str) -> Said:
    found = re.fullmatch(
        r"(?P<minus>[-−]?)(?:(?P<whole>[0-9]{1,9})[ +]\s*)?(?P<over>[0-9]{1,9})\s*[/⁄]\s*(?P<under>[0-9]{1,9})",
        text,
    )
    if found is None:
        return None
    over, under = int(found["over"]), int(found["under"])
    said = fraction(over, under)
    if found["whole"]:
        part = (
            f"{'an' if under in (8, 11, 18) else 'a'} {said.partition(' ')[2]}"
            if over == 1 and under > 1
            else said
        )
        said = f"{cardinal(int(found['whole']))} and {part}"
    return f"minus {said}" if found["minus"] else said


READINGS: Mapping[str, Callable[[str], Said]] = {
    "characters": _characters,
    "spell-out": _characters,
    "verbatim": _characters,
    "cardinal": number,
    "number": number,
    "ordinal": _ordinal,
    "number-digit": _digits,
    "digits": _digits,
    "fraction": _fraction,
    "address": address,
    "name": name,
}
READINGS_OF_A_FORMAT: Mapping[str, Callable[[str, str], Said]] = {
    "date": date,
    "time": time,
    "duration": duration,
    "telephone": telephone,
    "currency": currency,
}
"""What may stand in `interpret-as`; an underscore is a dash."""
SPELLED = frozenset({"characters", "spell-out", "verbatim", "number-digit", "digits", "telephone"})
"""What is told character by character, and so the same way in all languages."""

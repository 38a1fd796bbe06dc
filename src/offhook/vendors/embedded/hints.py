"""Hints as callers say them: lower case, numbers spelled out, punctuation gone.

A hint is read word by word. Each word has one or more spoken forms, and remembers where it ends in the hint,
so that what was heard can be told in the hint's own spelling, also when only its beginning was heard yet.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from offhook.vendors.embedded import spoken_numbers
from offhook.vendors.embedded.spoken_numbers import Words

MAX_FORMS = 12
"""Spoken forms that one hint may have; the rarer ones beyond are not expected."""
MAX_ACRONYM_LETTERS = 5

DIGIT_CLASSES = frozenset(
    ("$DIGITS", "$OPERAND", "$FULLPHONENUM", "$POSTALCODE", "$OOV_CLASS_DIGIT_SEQUENCE"),
)
"""Class tokens that stand for a string of digits, spoken one by one, of any length from one."""

SYMBOLS = {"&": "and", "@": "at", "%": "percent", "+": "plus"}
CLASS_TOKEN = re.compile(r"(\$[A-Z_]{2,})\W*$")
CURRENCIES = {"$": "dollars", "€": "euros", "£": "pounds"}
CURRENCY_FIRST = re.compile(r"([$€£])\s*(\d[\d,]*(?:\.\d+)?)")
PIECE = re.compile(
    r"(?P<ordinal>\d+(?:st|nd|rd|th)\b)|(?P<decimal>\d[\d,]*\.\d+)|(?P<figure>\d+(?:,\d{3})*)"
    r"|(?P<dotted>(?:[a-z]\.){2,}[a-z]?)|(?P<word>[a-z]+(?:'[a-z]+)*)|(?P<symbol>[&@%+$€£])",
    re.IGNORECASE,
)
LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "ł": "l", "Ł": "L"})
"""Letters that no decomposition makes plain."""
WRITTEN_WORD = re.compile(r"\S+")
UPPER_CASE = re.compile(r"[A-Z]+")


@dataclass(frozen=True, slots=True)
class Step:
    """One written word of a hint, in one spoken form. No words: any string of digits is said here."""

    words: Words
    start: int
    end: int
    """Where the word stands in the hint."""

    @property
    def is_digits(self) -> bool:
        """Whether a string of digits is said here."""
        return not self.words


@dataclass(frozen=True, slots=True)
class SpokenForm:
    """One way to say a hint."""

    hint: str
    steps: tuple[Step, ...]

    @property
    def words(self) -> tuple[str | None, ...]:
        """The words in order; None where a string of digits is said."""
        return tuple(word for step in self.steps for word in (step.words if not step.is_digits else (None,)))


def spoken_forms(hint: str) -> tuple[SpokenForm, ...]:
    """The ways to say a hint. None where there is nothing in it that English could say."""
    choices: list[list[Step]] = []
    for written in WRITTEN_WORD.finditer(hint):
        if token := CLASS_TOKEN.match(written[0]):
            if token[1] not in DIGIT_CLASSES:
                return ()
            choices.append([Step((), written.start(), written.start() + token.end(1))])
            continue
        said = _word_forms(written[0])
        if said is None:
            return ()
        choices.append([Step(words, written.start(), written.end()) for words in said if words])
    choices = [steps for steps in choices if steps]
    if not choices:
        return ()
    combined = itertools.islice(itertools.product(*choices), MAX_FORMS)
    return tuple(SpokenForm(hint, steps) for steps in combined)


def _word_forms(written: str) -> tuple[Words, ...] | None:
    """The ways to say one written word; an empty one for bare punctuation, None for a word in another script."""
    text = CURRENCY_FIRST.sub(lambda found: f"{found[2]} {found[1]} ", _plain(written))
    if any(character.isalpha() and not character.isascii() for character in text):
        return None
    pieces = [_piece_forms(piece) for piece in PIECE.finditer(text)]
    said = (tuple(itertools.chain(*ways)) for ways in itertools.product(*pieces))
    return tuple(dict.fromkeys(itertools.islice(said, MAX_FORMS)))


def _plain(written: str) -> str:
    """Accents dropped, the typographic apostrophe made plain, hyphens and other joints opened."""
    decomposed = unicodedata.normalize("NFKD", written.replace("’", "'"))
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return bare.translate(LETTERS)


def _piece_forms(piece: re.Match[str]) -> tuple[Words, ...]:
    text = piece[0]
    match piece.lastgroup:
        case "ordinal":
            value = text[:-2]
            known = len(value) <= spoken_numbers.MAX_CARDINAL_DIGITS
            return (spoken_numbers.ordinal(int(value)),) if known else spoken_numbers.forms(value)
        case "decimal":
            whole, _, fraction = text.replace(",", "").partition(".")
            tail = ("point", *spoken_numbers.digits(fraction, zero="zero"))
            return tuple((*said, *tail) for said in spoken_numbers.forms(whole))
        case "figure":
            return spoken_numbers.forms(text.replace(",", ""))
        case "symbol":
            return ((SYMBOLS.get(text) or CURRENCIES[text],),)
        case "dotted":
            return (tuple(text.lower().replace(".", "")),)
        case _:
            return tuple(_letters_or_word(text))


def _letters_or_word(text: str) -> Iterator[Words]:
    """FAQ may be said as a word or letter by letter."""
    yield (text.lower(),)
    if UPPER_CASE.fullmatch(text) and 2 <= len(text) <= MAX_ACRONYM_LETTERS:
        yield tuple(text.lower())

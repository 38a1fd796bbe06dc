"""Cuts a text into sentences, so that the first is heard while the last is being made. For any script; pure.

A full stop ends a sentence only where it can: not after an abbreviation, an initial or inside a number. The marks of
Chinese, Japanese, Devanagari, Arabic, Armenian, Ethiopic, Khmer, Burmese and Tibetan need no space after them. What is too
long for one piece is cut after a clause, else between words, else anywhere; no word and no mark is ever lost.
"""

import re
from collections.abc import Iterator

LONGEST = 400
"""Characters of a piece; half a minute of speech."""
SHORTEST = 2
"""What has fewer letters or digits than this is no sentence of its own, and stays with the one before."""

_CLOSERS = "\"'”’»)\\]}】」』）》›"
_ENDS = re.compile(
    rf"(?<![.!?…‽⁇⁈⁉])[.!?…‽⁇⁈⁉]++[{_CLOSERS}]*+(?=\s)"
    rf"|[。！？｡．؟۔।॥։።፧፨។៕၊။༎]++[{_CLOSERS}]*+"
    r"|\n\s*"
)
_CLAUSES = re.compile(r"[,;:—–](?=\s)|[，、；：،؛፣፤]|\s[-–—](?=\s)")
_SPACES = re.compile(r"\s+")

ABBREVIATIONS = frozenset(
    re.findall(
        r"\S+",
        "mr mrs ms dr prof st jr sr vs etc inc ltd co corp dept est approx tel "
        "jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun gen col sgt capt lt rev hon "
        "ave blvd rd apt messrs mme mlle "
        "bzw ca evtl ggf inkl str tel usw vgl hr fr z.b d.h u.a o.ä i.d.r "
        "m mm av bd env sra sres ud uds sig sigg dott ing geb i.e e.g a.m p.m u.s u.k",
    )
)
"""Words before a full stop that rarely ends a sentence, in lower case and without their last stop."""
NUMBERED = frozenset(["no", "nos", "nr", "fig", "figs", "vol", "pp", "p", "art", "sec", "ch", "ext"])
"""Words that are abbreviations where a figure follows: "No. 5", but "No. Yes."."""
_LAST_WORD = re.compile(r"[\w.]*\w$")


def sentences(text: str, *, longest: int = LONGEST) -> list[str]:
    """The sentences in order, without the space between them; none is longer than `longest` characters."""
    found: list[str] = []
    for sentence in _sentences(text):
        if found and _letters(sentence) < SHORTEST and len(found[-1]) + 1 + len(sentence) <= longest:
            found[-1] += (" " if len(sentence.strip()) > 1 else "") + sentence
        else:
            found.extend(_cut(sentence, longest))
    return found


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for end in _ENDS.finditer(text):
        if end[0][0] == "." and not _ends_sentence(text, end):
            continue
        if sentence := text[start : end.end()].strip():
            yield sentence
        start = end.end()
    if rest := text[start:].strip():
        yield rest


def _ends_sentence(text: str, end: "re.Match[str]") -> bool:
    """Whether the full stop at `end` is more than the mark of an abbreviation."""
    if end[0] != ".":
        return True
    before = _LAST_WORD.search(text, max(0, end.start() - 40), end.start())
    word = before[0].lower() if before else ""
    after = text[end.end() : end.end() + 40].lstrip()
    if not after:
        return True
    if word in ABBREVIATIONS:
        # "… at 5 p.m. We open" is an end, "at 5 p.m. on" and "Mr. Brown" are none.
        return word in ("a.m", "p.m", "etc", "usw") and after[0].isupper()
    if word in NUMBERED:
        return not after[0].isdigit()
    is_initial = len(word) == 1 and word.isalpha() and text[end.start() - 1].isupper()
    is_counted = word.isdecimal() and after[0].islower()
    return not is_initial and not is_counted and not after[0].islower()


def _cut(sentence: str, longest: int) -> Iterator[str]:
    rest = sentence
    while len(rest) > longest:
        at = _where(rest[: longest + 1], longest)
        if piece := rest[:at].strip():
            yield piece
        rest = rest[at:].lstrip()
    if rest:
        yield rest


def _where(beginning: str, longest: int) -> int:
    """Where to cut: after the last clause of the latter half, else after the last word, else anywhere."""
    for marks in (_CLAUSES, _SPACES):
        ends = [found.end() for found in marks.finditer(beginning) if longest // 2 < found.end() <= longest]
        if ends:
            return ends[-1]
    ends = [found.end() for found in _SPACES.finditer(beginning) if 0 < found.end() <= longest]
    return ends[-1] if ends else longest


def _letters(sentence: str) -> int:
    return sum(letter.isalnum() for letter in sentence)

"""How words sound, in the phones of the recogniser's model: looked up, or worked out from the spelling.

The dictionary is sorted by word, so a word is found by bisection in the mapped file: nothing is loaded, and
all processes share its pages.
"""

import mmap
import os
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path

PHONES = {
    # vowels with r
    "aɪɚ": "AY ER", "aɪə": "AY AH", "ɑːɹ": "AA R", "ɔːɹ": "AO R", "oːɹ": "AO R", "ɪɹ": "IH R", "iɹ": "IY R",
    "ʊɹ": "UH R", "ɛɹ": "EH R", "eɹ": "EH R", "ɜː": "ER", "ɚ": "ER", "ɝ": "ER",
    # diphthongs
    "aɪ": "AY", "aʊ": "AW", "ɔɪ": "OY", "oʊ": "OW", "eɪ": "EY",
    # vowels
    "iː": "IY", "uː": "UW", "ɑː": "AA", "ɔː": "AO", "i": "IY", "u": "UW", "ɑ": "AA", "ɔ": "AO", "ɒ": "AA",
    "o": "OW", "æ": "AE", "a": "AA", "ʌ": "AH", "ə": "AH", "ɐ": "AH", "ᵻ": "IH", "ɪ": "IH", "ʊ": "UH",
    "ɛ": "EH", "e": "EY", "y": "UW",
    # consonants
    "tʃ": "CH", "dʒ": "JH", "n̩": "AH N", "l̩": "AH L", "b": "B", "d": "D", "ð": "DH", "f": "F", "ɡ": "G",
    "g": "G", "h": "HH", "ç": "HH", "j": "Y", "k": "K", "x": "K", "l": "L", "ɬ": "L", "m": "M", "n": "N",
    "ɲ": "N Y", "ŋ": "NG", "p": "P", "ɹ": "R", "r": "R", "s": "S", "ʃ": "SH", "t": "T", "ɾ": "T",
    "ʔ": "T", "θ": "TH", "v": "V", "w": "W", "z": "Z", "ʒ": "ZH",
}  # fmt: skip
"""Phones of the model for the sounds of General American, in the International Phonetic Alphabet."""
LONGEST_SOUND = max(map(len, PHONES))

PhoneticSpelling = Callable[[str], str]
"""Gives a word's sounds in the International Phonetic Alphabet."""


class Dictionary:
    """A pronunciation dictionary file: `word PH ON ES`, further ones as `word(2) …`, sorted by word."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._text = mmap.mmap(file.fileno(), os.fstat(file.fileno()).st_size, access=mmap.ACCESS_READ)

    def lookup(self, word: str) -> tuple[str, ...]:
        """The pronunciations of a word in lower case, the usual one first; none where it is not known."""
        wanted = word.encode()
        place = bisect_left(range(len(self._text)), wanted, key=self._word_from)
        self._text.seek(self._line_from(place))
        found = []
        while (line := self._text.readline()) and _headword(line) == wanted:
            found.append(line.split(None, 1)[1].decode().strip())
        return tuple(found)

    def _line_from(self, place: int) -> int:
        """Where the first line begins that begins at `place` or later."""
        newline = self._text.find(b"\n", place - 1) if place else -1
        return newline + 1 if place == 0 or newline >= 0 else len(self._text)

    def _word_from(self, place: int) -> bytes:
        """The word of that line; grows with `place`, and is beyond all words after the last line."""
        start = self._line_from(place)
        end = self._text.find(b" ", start)
        return _headword(self._text[start:end]) if end > 0 else b"\xff"


def phones_of(sounds: str) -> str:
    """The model's phones for sounds in the International Phonetic Alphabet; unknown signs are left out."""
    phones, place = [], 0
    while place < len(sounds):
        for length in range(LONGEST_SOUND, 0, -1):
            if phone := PHONES.get(sounds[place : place + length]):
                phones.append(phone)
                place += length
                break
        else:
            place += 1
    return " ".join(phones)


def _headword(line: bytes) -> bytes:
    return line.partition(b" ")[0].partition(b"(")[0]

"""Texts as mobile networks carry them: in the GSM alphabet or UCS-2, in one part or several (3GPP TS 23.038, 23.040).

Letters of the GSM alphabet go one to a byte, as the networks' centres take them; those of its extension take two.
"""

from collections.abc import Iterator
from dataclasses import dataclass

GSM, UCS2 = 0, 8
"""Values of data_coding."""
LATIN_1 = 3
ONE_PART = {GSM: 160, UCS2: 140}
EACH_PART = {GSM: 153, UCS2: 134}
"""Bytes of text in the only part, and in each of several, beside their header."""
MOST_PARTS = 255
_ESCAPE = 0x1B
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    "\x0c": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_TO_GSM = {letter: bytes((code,)) for code, letter in enumerate(_BASIC) if code != _ESCAPE} | {
    letter: bytes((_ESCAPE, code)) for letter, code in _EXTENSION.items()
}
_FROM_EXTENSION = {code: letter for letter, code in _EXTENSION.items()}


@dataclass(frozen=True, slots=True)
class Parts:
    """A text ready to be sent."""

    data_coding: int
    parts: tuple[bytes, ...]
    """The bytes of each part, with its header where there are several."""

    @property
    def have_header(self) -> bool:
        """Whether each part begins with a user data header."""
        return len(self.parts) > 1


def split(text: str, reference: int, *, in_ucs2: bool = False) -> Parts:
    """`text` in as few parts as it takes, `reference` (0 to 255) being what its parts have in common.

    Raises ValueError for a text that needs more than MOST_PARTS.
    """
    letters = None if in_ucs2 else [_TO_GSM.get(letter) for letter in text]
    if letters is None or None in letters:
        coding, encoded = UCS2, [letter.encode("utf-16-be", "replace") for letter in text]
    else:
        coding, encoded = GSM, [letter for letter in letters if letter is not None]
    if sum(map(len, encoded)) <= ONE_PART[coding]:
        return Parts(coding, (b"".join(encoded),))
    stretches = tuple(_stretches(encoded, EACH_PART[coding]))
    if len(stretches) > MOST_PARTS:
        raise ValueError(f"the text needs {len(stretches)} parts; {MOST_PARTS} are possible")
    total = len(stretches)
    header = bytes((5, 0, 3, reference, total))
    return Parts(coding, tuple(header + bytes((number,)) + part for number, part in enumerate(stretches, 1)))


def _stretches(letters: list[bytes], size: int) -> Iterator[bytes]:
    """Runs of whole letters, so that none is torn apart."""
    part = bytearray()
    for letter in letters:
        if len(part) + len(letter) > size:
            yield bytes(part)
            part.clear()
        part += letter
    yield bytes(part)


def joined(content: bytes, data_coding: int) -> str:
    """The text in `content`, whose header was taken off."""
    if data_coding == UCS2:
        return content.decode("utf-16-be", "replace")
    if data_coding == LATIN_1:
        return content.decode("latin-1")
    text = []
    codes = iter(content)
    for code in codes:
        if code == _ESCAPE:
            text.append(_FROM_EXTENSION.get(next(codes, 0), " "))
        else:
            text.append(_BASIC[code] if code < len(_BASIC) else "?")
    return "".join(text)


@dataclass(frozen=True, slots=True)
class PartOf:
    """Which part of which message some content is."""

    reference: int
    total: int
    number: int
    """Counts from 1."""


def without_header(content: bytes) -> tuple[bytes, PartOf | None]:
    """Content whose user data header is taken off, and what that says of parts; None where it says nothing."""
    if not content or len(content) <= content[0]:
        return content, None
    end = 1 + content[0]
    header, rest, part = content[1:end], content[end:], None
    at = 0
    while at + 2 <= len(header):
        element, length = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + length]
        if element == 0x00 and len(value) == 3:
            part = PartOf(value[0], value[1], value[2])
        elif element == 0x08 and len(value) == 4:
            part = PartOf(int.from_bytes(value[:2], "big"), value[2], value[3])
        at += 2 + length
    return rest, part if part is not None and 1 <= part.number <= part.total else None

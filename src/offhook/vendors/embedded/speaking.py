"""Text to telephone audio: cut into pieces, spoken, brought down to 8 kHz.

A text is spoken piece by piece, so that a long one never keeps a short one of another call waiting for
the library, and so that its audio need not be held in memory.
"""

import re
from collections.abc import Callable, Iterator

import numpy as np
import soxr

from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.vendors.embedded.espeak import Espeak
from offhook.vendors.embedded.languages import ChosenVoice

PIECE_CHARACTERS = 400
"""Half a minute of speech; takes the library some 20 ms."""
CUTS = (re.compile(r"[.!?…]['\")\]]*\s|[。！？]|\n"), re.compile(r"[,;:]\s|[，、；：]"), re.compile(r"\s"))
"""Where a text may be cut: best after a sentence, else after a clause, else between words."""


def speak(
    text: str,
    voice: ChosenVoice,
    words_per_minute: int,
    *,
    is_ssml: bool = False,
    library: Espeak,
    is_wanted: Callable[[], bool],
) -> Iterator[tuple[int, bytes]]:
    """16-bit mono PCM at 8 kHz of a text, piece by piece; stops soon after it is no longer wanted.

    With each piece comes how many characters of the text are spoken by then. Nothing for a text without words. SSML is
    spoken in one piece: whoever sends it cuts it (`ssml_pieces`). Raises EspeakFailed.
    """
    resampler = soxr.ResampleStream(library.sample_rate_hz, SAMPLE_RATE_HZ, 1, "int16", "HQ")
    for end, piece in [(len(text), text)] if is_ssml and text else pieces(text):
        spoken = bytearray()

        def take(pcm: bytes, spoken: bytearray = spoken) -> bool:
            spoken.extend(pcm)
            return is_wanted()

        if not library.speak(piece, voice.identifier, words_per_minute, take, is_ssml=is_ssml):
            return
        yield end, resampler.resample_chunk(np.frombuffer(spoken, np.int16)).tobytes()
    yield len(text), resampler.resample_chunk(np.zeros(0, np.int16), last=True).tobytes()


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """The text in pieces of at most PIECE_CHARACTERS, each with where it ends in the text; those without anything
    to say are left out."""
    rest = text.lstrip()
    while rest:
        length = _cut(rest)
        end = len(text) - len(rest) + length
        if piece := rest[:length].strip():
            yield end, piece
        rest = rest[length:].lstrip()


def _cut(text: str) -> int:
    if len(text) <= PIECE_CHARACTERS:
        return len(text)
    beginning = text[:PIECE_CHARACTERS]
    for cut in CUTS:
        if ends := [found.end() for found in cut.finditer(beginning)]:
            return ends[-1]
    return PIECE_CHARACTERS

"""What a caller says, as it arrives: 16-bit mono PCM at 8 kHz, 300 to 3400 Hz, once through G.711 µ-law."""

from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

from offhook.speech.pcm import FRAME_BYTES, SAMPLE_RATE_HZ
from offhook.vendors.embedded.espeak import Espeak, load
from offhook.vendors.embedded.languages import Languages
from offhook.vendors.embedded.speaking import speak

BAND_HZ = (300, 3400)
BIAS = 132
CLIP = 32635

Samples = npt.NDArray[np.float64]


def caller_says(
    text: str,
    *,
    speaker: str = "adam",
    language: str = "en-US",
    words_per_minute: int = 175,
    silence_s: float = 0.3,
    silence_after_s: float | None = None,
) -> bytes:
    """The audio of a caller who says `text`, with silence before and after it."""
    library, languages = _voice()
    voice = languages.choose(language, speaker)
    pieces = speak(text, voice, words_per_minute, library=library, is_wanted=lambda: True)
    spoken = b"".join(pcm for _, pcm in pieces)
    after_s = silence_s if silence_after_s is None else silence_after_s
    return over_the_phone(_silence(silence_s) + spoken + _silence(after_s))


def over_the_phone(pcm: bytes) -> bytes:
    """`pcm` as a telephone line lets it through."""
    return _mu_law_and_back(_band_limited(np.frombuffer(pcm, "<i2").astype(np.float64))).tobytes()


def frames(pcm: bytes) -> Iterator[bytes]:
    """`pcm` in frames of 20 ms, the last one filled up with silence."""
    for start in range(0, len(pcm), FRAME_BYTES):
        yield pcm[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")


@cache
def _voice() -> tuple[Espeak, Languages]:
    library = load()
    return library, Languages(library.voices(), library.variants())


def _silence(seconds: float) -> bytes:
    return bytes(int(seconds * SAMPLE_RATE_HZ) * 2)


def _band_limited(samples: Samples) -> Samples:
    spectrum = np.fft.rfft(samples)
    frequencies = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE_HZ)
    spectrum[(frequencies < BAND_HZ[0]) | (frequencies > BAND_HZ[1])] = 0
    return np.fft.irfft(spectrum, len(samples))


def _mu_law_and_back(samples: Samples) -> npt.NDArray[np.int16]:
    """ITU-T G.711: a sign, three bits of exponent, four of mantissa."""
    size = np.minimum(np.abs(np.rint(samples)), CLIP).astype(np.int32) + BIAS
    exponent = np.floor(np.log2(size)).astype(np.int32) - 7
    mantissa = (size >> (exponent + 3)) & 0x0F
    decoded = (((mantissa << 3) + BIAS) << exponent) - BIAS
    return np.where(samples < 0, -decoded, decoded).astype("<i2")

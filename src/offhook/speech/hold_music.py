"""Music for those who wait or are held, made of a few notes: quiet, slow, and nobody's property."""

import math
import struct
from functools import cache

from offhook.speech.pcm import SAMPLE_RATE_HZ

NOTE_S = 0.5
LOUDEST = 2300
"""20 dB below 0 dBm0, which in 16 bits is a sine of 22,750 (ITU-T G.711)."""
DECAY = 2.2
"""How fast a note fades, in e-folds a second."""
CHORDS_HZ = (
    (261.63, 329.63, 392.00, 493.88),
    (220.00, 261.63, 329.63, 392.00),
    (174.61, 220.00, 261.63, 329.63),
    (196.00, 246.94, 293.66, 349.23),
)
"""C, A minor, F and G, each with its seventh, as one plays them one note after another."""
ORDER = (0, 2, 1, 3, 2, 1)

EXIT_HZ, EXIT_NOTE_S, EXIT_LOUDEST, FADE_S = (620.0, 440.0), 0.15, 6000, 0.005


@cache
def hold_music() -> bytes:
    """Twelve seconds of plucked chords, made to be repeated; PCM at 8 kHz."""
    notes = [chord[index] for chord in CHORDS_HZ for index in ORDER]
    samples: list[int] = []
    for hertz in notes:
        samples += _plucked(hertz)
    return struct.pack(f"<{len(samples)}h", *samples)


@cache
def exit_beep() -> bytes:
    """Two short notes, the second lower: somebody went. PCM at 8 kHz."""
    count, fade = int(EXIT_NOTE_S * SAMPLE_RATE_HZ), int(FADE_S * SAMPLE_RATE_HZ)
    samples = [
        int(EXIT_LOUDEST * min(1.0, n / fade, (count - n) / fade) * math.sin(_angle(hertz, n)))
        for hertz in EXIT_HZ
        for n in range(count)
    ]
    return struct.pack(f"<{len(samples)}h", *samples)


def _plucked(hertz: float) -> list[int]:
    count = int(NOTE_S * SAMPLE_RATE_HZ)
    fade = int(FADE_S * SAMPLE_RATE_HZ)
    return [
        int(
            LOUDEST
            * min(1.0, n / fade, (count - n) / fade)
            * math.exp(-DECAY * n / SAMPLE_RATE_HZ)
            * (0.75 * math.sin(_angle(hertz, n)) + 0.25 * math.sin(_angle(2 * hertz, n)))
        )
        for n in range(count)
    ]


def _angle(hertz: float, n: int) -> float:
    """Of the `n`th sample of a sine."""
    return 2 * math.pi * hertz * n / SAMPLE_RATE_HZ

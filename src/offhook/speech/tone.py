"""Tones that need no voice."""

import math
import struct
from functools import cache

from offhook.speech.pcm import SAMPLE_RATE_HZ

SPECIAL_INFORMATION_HZ = (950, 1400, 1800)
SPECIAL_INFORMATION_S = 0.33
AMPLITUDE = 6000


@cache
def special_information_tone() -> bytes:
    """Three rising tones, known everywhere as "this call cannot be completed" (ITU-T E.180); PCM at 8 kHz."""
    count = int(SPECIAL_INFORMATION_S * SAMPLE_RATE_HZ)
    samples = [
        int(AMPLITUDE * math.sin(2 * math.pi * frequency * n / SAMPLE_RATE_HZ))
        for frequency in SPECIAL_INFORMATION_HZ
        for n in range(count)
    ]
    return struct.pack(f"<{len(samples)}h", *samples)


COMFORT_HZ = (349.23, 523.25)
COMFORT_NOTE_S = 1.0
COMFORT_PAUSE_S = 0.5
COMFORT_AMPLITUDE = 719
"""30 dB below 0 dBm0, which in 16 bits is a sine of 22,750 (ITU-T G.711: its loudest sine is 3.17 dBm0)."""


@cache
def comfort_tone() -> bytes:
    """Two soft notes that swell and fade, and a short pause: "we are at it". PCM at 8 kHz, made to be repeated.

    Slow and faint, so that nobody takes it for the ringing, busy or error tones of any country.
    """
    count = int(COMFORT_NOTE_S * SAMPLE_RATE_HZ)
    notes = [
        int(COMFORT_AMPLITUDE * math.sin(math.pi * n / count) ** 2 * math.sin(_angle(frequency, n)))
        for frequency in COMFORT_HZ
        for n in range(count)
    ]
    return struct.pack(f"<{len(notes)}h", *notes) + bytes(2 * int(COMFORT_PAUSE_S * SAMPLE_RATE_HZ))


def _angle(frequency_hz: float, n: int) -> float:
    """Of the `n`th sample of a sine."""
    return 2 * math.pi * frequency_hz * n / SAMPLE_RATE_HZ


RINGING_HZ, RINGING_S, RINGING_PAUSE_S = 425, 1.0, 4.0
BEEP_HZ, BEEP_S = 1000, 0.3
FADE_S = 0.005
"""A tone that begins or ends at once clicks."""


@cache
def ringing_tone() -> bytes:
    """What a caller hears while it rings at the far end, one turn of it (ITU-T E.180, as most countries have it); PCM at
    8 kHz, made to be repeated."""
    return _faded(RINGING_HZ, RINGING_S) + bytes(2 * int(RINGING_PAUSE_S * SAMPLE_RATE_HZ))


@cache
def beep() -> bytes:
    """A short tone: speak now. PCM at 8 kHz."""
    return _faded(BEEP_HZ, BEEP_S)


def _faded(frequency_hz: float, seconds: float) -> bytes:
    count, fade = int(seconds * SAMPLE_RATE_HZ), int(FADE_S * SAMPLE_RATE_HZ)
    samples = [
        int(AMPLITUDE * min(1.0, n / fade, (count - n) / fade) * math.sin(_angle(frequency_hz, n)))
        for n in range(count)
    ]
    return struct.pack(f"<{count}h", *samples)

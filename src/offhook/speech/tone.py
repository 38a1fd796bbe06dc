"""Tones that need no voice."""

import math
import struct

from offhook.speech.pcm import SAMPLE_RATE_HZ

SPECIAL_INFORMATION_HZ = (950, 1400, 1800)
SPECIAL_INFORMATION_S = 0.33
AMPLITUDE = 6000


def special_information_tone() -> bytes:
    """Three rising tones, known everywhere as "this call cannot be completed" (ITU-T E.180); PCM at 8 kHz."""
    count = int(SPECIAL_INFORMATION_S * SAMPLE_RATE_HZ)
    samples = [
        int(AMPLITUDE * math.sin(2 * math.pi * frequency * n / SAMPLE_RATE_HZ))
        for frequency in SPECIAL_INFORMATION_HZ
        for n in range(count)
    ]
    return struct.pack(f"<{len(samples)}h", *samples)

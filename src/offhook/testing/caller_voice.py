"""The sound of a caller: frames that a voice detector takes for speech, an answering machine's beep, and silence."""

import math
import struct

from offhook.speech.pcm import FRAME_BYTES, SAMPLE_RATE_HZ

SAMPLES = FRAME_BYTES // 2
SILENCE = bytes(FRAME_BYTES)
PITCH_HZ = 130
FORMANTS_HZ = (600, 1100, 2400)


def voiced_frame(index: int) -> bytes:
    """The `index`-th frame of a long vowel."""
    samples = []
    for n in range(index * SAMPLES, (index + 1) * SAMPLES):
        t = n / SAMPLE_RATE_HZ
        sound = 0.0
        for harmonic in range(1, 26):
            frequency = harmonic * PITCH_HZ
            nearest = min(abs(frequency - formant) for formant in FORMANTS_HZ)
            sound += math.exp(-nearest / 180) * math.sin(2 * math.pi * frequency * t)
        samples.append(int(3000 * sound))
    return struct.pack(f"<{SAMPLES}h", *(max(-32000, min(32000, sample)) for sample in samples))


BEEP = struct.pack(f"<{SAMPLES}h", *(int(6000 * math.sin(2 * math.pi * n / 8)) for n in range(SAMPLES)))
"""20 ms of a tone of 1000 Hz, of which every frame is the same."""
VOWEL = tuple(voiced_frame(index) for index in range(50))
"""One second of it, computed once."""

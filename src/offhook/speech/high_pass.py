"""Takes hum out of live audio: what lies below 200 Hz, where mains and its first harmonics are and telephones carry no
speech. A Butterworth filter of the fourth order; 50 Hz is 48 dB down. Costs some 15 µs a frame.
"""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from offhook.speech.pcm import FRAME_BYTES, SAMPLE_BYTES, SAMPLE_RATE_HZ

CORNER_HZ = 200.0
SAMPLES = FRAME_BYTES // SAMPLE_BYTES
BLOCK = 40
"""Samples that are filtered in one step. Larger products would be divided among threads, which costs more than they."""
SECTIONS = 2
"""Of the second order each."""

Floats = npt.NDArray[np.float32]


class HighPass:
    """One caller's audio, frame by frame."""

    def __init__(self) -> None:
        self._matrix = _block_matrix()
        self._input = np.zeros(BLOCK + 2 * SECTIONS, np.float32)
        """A block, and after it the state in which the one before left the filter."""

    def filtered(self, frame: bytes) -> bytes:
        """20 ms of 16-bit PCM at 8 kHz, without what is low. A frame of another length is left as it is."""
        if len(frame) != FRAME_BYTES:
            return frame
        samples = np.frombuffer(frame, "<i2").astype(np.float32)
        for begin in range(0, SAMPLES, BLOCK):
            self._input[:BLOCK] = samples[begin : begin + BLOCK]
            output = self._matrix @ self._input
            self._input[BLOCK:] = output[BLOCK:]
            samples[begin : begin + BLOCK] = output[:BLOCK]
        return samples.clip(-32768, 32767).astype("<i2").tobytes()


@lru_cache(maxsize=1)
def _block_matrix() -> Floats:
    """The filter as one product for a whole block: a loop over samples would cost a hundred times as much."""
    return np.array([_run(unit) for unit in np.eye(BLOCK + 2 * SECTIONS)], np.float32).T.copy()


def _run(unit: npt.NDArray[np.float64]) -> list[float]:
    """What comes of one block and state: the block filtered, and the state after it."""
    samples = [float(value) for value in unit[:BLOCK]]
    state = [float(value) for value in unit[BLOCK:]]
    after: list[float] = []
    for section in range(SECTIONS):
        (b0, b1, b2), (a1, a2) = _coefficients(section)
        first, second = state[2 * section : 2 * section + 2]
        for n, sample in enumerate(samples):
            output = b0 * sample + first
            first = b1 * sample - a1 * output + second
            second = b2 * sample - a2 * output
            samples[n] = output
        after += (first, second)
    return samples + after


@lru_cache(maxsize=SECTIONS)
def _coefficients(section: int) -> tuple[tuple[float, float, float], tuple[float, float]]:
    """Of one section, by the bilinear transform."""
    quality = 1 / (2 * math.sin(math.pi * (2 * section + 1) / (4 * SECTIONS)))
    angle = 2 * math.pi * CORNER_HZ / SAMPLE_RATE_HZ
    cosine, alpha = math.cos(angle), math.sin(angle) / (2 * quality)
    scale = 1 / (1 + alpha)
    edge = scale * (1 + cosine) / 2
    return (edge, -2 * edge, edge), (-2 * cosine * scale, (1 - alpha) * scale)

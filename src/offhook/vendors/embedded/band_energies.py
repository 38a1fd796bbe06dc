"""A telephone's band as the embedded recogniser looks at it: the energies of 20 bands, 100 times a second.

Pure: samples in, logarithmic energies out.
"""

import numpy as np
import numpy.typing as npt

from offhook.speech.pcm import SAMPLE_RATE_HZ

HOP = SAMPLE_RATE_HZ // 100
WINDOW = 205
"""25.6 ms, as the acoustic model's own."""
TRANSFORM = 256
BANDS = 20
BAND_HZ = (200.0, 3600.0)
PRE_EMPHASIS = 0.97
FLOOR = 1e-3

Frames = npt.NDArray[np.float32]


def _filters() -> Frames:
    """Triangles, equally wide on the mel scale; power spectrum in, band energies out."""
    low, high = (2595 * np.log10(1 + edge / 700) for edge in BAND_HZ)
    corners = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    frequencies = np.fft.rfftfreq(TRANSFORM, 1 / SAMPLE_RATE_HZ)[:, None]
    rising = (frequencies - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - frequencies) / (corners[2:] - corners[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


_FILTERS = _filters()
_SHAPE = np.hamming(WINDOW).astype(np.float32)


class BandEnergies:
    """Logarithmic band energies of a stream of samples, one row for each 10 ms."""

    def __init__(self) -> None:
        self._samples: Frames = np.zeros(0, np.float32)
        self._last = np.float32(0)

    def of(self, samples: Frames) -> Frames:
        """The rows that are complete with these samples."""
        before = np.concatenate(([self._last], samples[:-1])).astype(np.float32)
        self._last = samples[-1]
        self._samples = np.concatenate((self._samples, samples - np.float32(PRE_EMPHASIS) * before))
        count = max(0, (len(self._samples) - WINDOW) // HOP + 1)
        if not count:
            return np.zeros((0, BANDS), np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(self._samples, WINDOW)[: count * HOP : HOP]
        spectrum = np.fft.rfft(windows * _SHAPE, TRANSFORM)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        self._samples = self._samples[count * HOP :]
        energies: Frames = np.log(power @ _FILTERS + np.float32(FLOOR))
        return energies

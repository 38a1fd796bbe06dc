"""What the decoder hears: cepstra of wideband speech, worked out from the narrow band that a telephone lets through.

The acoustic model was trained on speech up to 6.8 kHz. Of a telephone's band, the upper third of its filters holds
only hiss, and with it most of what tells s from f and th. A small network with one hidden layer (`cepstra.npz`, made by
`python -m bench.speech.training`) looks at 70 ms of the band and tells which cepstra the same speech would have had
wideband and without noise. It learned from synthetic callers of the tuning set only, on clean lines, in noise and
with lost packets.

Pure: samples in, cepstra out.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from offhook.speech.pcm import SAMPLE_RATE_HZ

HOP = SAMPLE_RATE_HZ // 100
WINDOW = 205
"""25.6 ms, as the model's own."""
TRANSFORM = 256
BANDS = 20
BAND_HZ = (200.0, 3600.0)
PRE_EMPHASIS = 0.97
CONTEXT = 3
"""Frames looked at before and after each."""
SEEN = (2 * CONTEXT + 1) * BANDS
CEPSTRA = 13
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


class Network:
    """The weights: from band energies with their context to cepstra whose mean is zero."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as weights:
            self._inner: Frames = weights["inner"]
            self._inner_bias: Frames = weights["inner_bias"]
            self._outer: Frames = weights["outer"]
            self._outer_bias: Frames = weights["outer_bias"]

    def cepstra(self, seen: Frames) -> Frames:
        """One row of CEPSTRA for each row of SEEN."""
        hidden = np.maximum(seen @ self._inner + self._inner_bias, 0)
        told: Frames = hidden @ self._outer + self._outer_bias
        return told


NETWORK = Network(Path(__file__).with_name("cepstra.npz"))


class Cepstra:
    """The cepstra of one utterance, 45 ms after its samples."""

    def __init__(self, network: Network = NETWORK) -> None:
        self._network = network
        self._energies = BandEnergies()
        self._rows: Frames = np.zeros((0, BANDS), np.float32)

    def of(self, samples: Frames) -> bytes:
        """What can be told with these samples: 32-bit floats, CEPSTRA for each 10 ms."""
        rows = self._energies.of(samples)
        if not len(self._rows) and len(rows):
            self._rows = np.repeat(rows[:1], CONTEXT, axis=0)
        self._rows = np.concatenate((self._rows, rows))
        return self._told()

    def finish(self) -> bytes:
        """The rest."""
        if not len(self._rows):
            return b""
        self._rows = np.concatenate((self._rows, np.repeat(self._rows[-1:], CONTEXT, axis=0)))
        return self._told()

    def _told(self) -> bytes:
        count = len(self._rows) - 2 * CONTEXT
        if count <= 0:
            return b""
        cepstra = self._network.cepstra(with_context(self._rows))
        self._rows = self._rows[count:]
        return cepstra.astype("<f4").tobytes()


def with_context(rows: Frames) -> Frames:
    """Rows of SEEN: each row of band energies but the first and last few, with its neighbours."""
    windows = np.lib.stride_tricks.sliding_window_view(rows, 2 * CONTEXT + 1, axis=0)
    return np.ascontiguousarray(windows.transpose(0, 2, 1)).reshape(-1, SEEN)

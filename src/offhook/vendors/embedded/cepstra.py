"""What the decoder hears: cepstra of wideband speech, worked out from the narrow band that a telephone lets through.

The acoustic model was trained on speech up to 6.8 kHz. Of a telephone's band, the upper third of its filters holds
only hiss, and with it most of what tells s from f and th. A small network with two hidden layers (`cepstra.npz`, made by
`python -m bench.speech.training`) looks at 110 ms of the band and at the noise under it, and tells which cepstra the
same speech would have had wideband and without noise, drawn a little towards what the acoustic model expects of the
phone that is spoken. It learned from synthetic callers only, on clean lines, in noise and with lost packets; from none
that the recogniser is measured on.

Pure: samples in, cepstra out.
"""

from pathlib import Path

import numpy as np

from offhook.vendors.embedded.band_energies import BANDS, BandEnergies, Frames
from offhook.vendors.embedded.noise_floor import NoiseFloor

CONTEXT = 5
"""Frames looked at before and after each."""
SEEN = (2 * CONTEXT + 1) * BANDS + BANDS
"""Numbers that the network sees: the bands of all these frames, then the noise in each band."""
CEPSTRA = 13


class Network:
    """The weights: from what is seen to cepstra whose mean is zero."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as kept:
            self._layers: list[tuple[Frames, Frames]] = [
                (kept[f"weights_{number}"].astype(np.float32), kept[f"biases_{number}"])
                for number in range(len(kept.files) // 2)
            ]

    def cepstra(self, seen: Frames) -> Frames:
        """One row of CEPSTRA for each row of SEEN."""
        *hidden, (weights, biases) = self._layers
        for inner, inner_biases in hidden:
            seen = np.maximum(seen @ inner + inner_biases, 0)
        told: Frames = seen @ weights + biases
        return told


NETWORK = Network(Path(__file__).with_name("cepstra.npz"))


class Cepstra:
    """The cepstra of one utterance, 65 ms after its samples."""

    def __init__(self, network: Network = NETWORK) -> None:
        self._network = network
        self._energies = BandEnergies()
        self._noise = NoiseFloor()
        self._rows: Frames = np.zeros((0, BANDS), np.float32)
        self._floors: Frames = np.zeros((0, BANDS), np.float32)

    def of(self, samples: Frames) -> bytes:
        """What can be told with these samples: 32-bit floats, CEPSTRA for each 10 ms."""
        rows = self._energies.of(samples)
        if not len(self._rows) and len(rows):
            self._take(np.repeat(rows[:1], CONTEXT, axis=0))
        self._take(rows)
        return self._told()

    def finish(self) -> bytes:
        """The rest."""
        if not len(self._rows):
            return b""
        self._take(np.repeat(self._rows[-1:], CONTEXT, axis=0))
        return self._told()

    def _take(self, rows: Frames) -> None:
        self._rows = np.concatenate((self._rows, rows))
        self._floors = np.concatenate((self._floors, self._noise.under(rows)))

    def _told(self) -> bytes:
        count = len(self._rows) - 2 * CONTEXT
        if count <= 0:
            return b""
        cepstra = self._network.cepstra(seen(self._rows, self._floors))
        self._rows, self._floors = self._rows[count:], self._floors[count:]
        return cepstra.astype("<f4").tobytes()


def seen(rows: Frames, floors: Frames) -> Frames:
    """Rows of SEEN, one for each row of band energies but the first and last few; with the noise as it is known after
    the last of them."""
    windows = np.lib.stride_tricks.sliding_window_view(rows, 2 * CONTEXT + 1, axis=0)
    around = windows.transpose(0, 2, 1).reshape(len(windows), -1)
    return np.hstack((around, floors[2 * CONTEXT :]))

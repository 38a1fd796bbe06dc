"""How loud the noise of a line is, band by band, told from the audio itself.

Pure: logarithmic band energies in, those of the noise out.
"""

import numpy as np

from offhook.vendors.embedded.band_energies import Frames

RISE = 0.004
FALL = 0.06
"""Shares of the way to what is heard that the floor goes in 10 ms: it falls in pauses, and hardly rises while
somebody speaks."""
SETTLING_ROWS = 20
"""An utterance begins before somebody speaks: at first the floor is the mean of what was heard."""


class NoiseFloor:
    """Follows the noise under one utterance."""

    def __init__(self) -> None:
        self._floor: Frames | None = None
        self._heard = 0

    def under(self, rows: Frames) -> Frames:
        """The noise as it is known after each of these rows."""
        told = np.empty_like(rows)
        for number, row in enumerate(rows):
            told[number] = self._follow(row)
        return told

    def _follow(self, row: Frames) -> Frames:
        if self._floor is None:
            self._floor = row
        above = row - self._floor
        self._heard += 1
        least = 1 / self._heard if self._heard <= SETTLING_ROWS else 0.0
        floor: Frames = self._floor + above * np.maximum(np.where(above > 0, RISE, FALL), least).astype(
            np.float32
        )
        self._floor = floor
        return floor

"""Hears the beep after which an answering machine records: one steady tone, and then none.

A frame of 20 ms is a tone where nearly all of its power lies around one frequency. A voice has many at once, music does
not hold one, ringing and dial tones are lower or have two, and what hums on and on is no beep.
"""

import numpy as np

from offhook.speech.pcm import FRAME_BYTES, SAMPLE_BYTES, SAMPLE_RATE_HZ

LOWEST_HZ, HIGHEST_HZ = 500, 2500
LEAST_FRAMES = 7
"""Of the same tone in a row: 140 ms; machines beep for 200 ms to a second."""
MOST_FRAMES = 150
"""3 s."""
LEAST_AMPLITUDE = 300
"""36 dB below the loudest sine."""
LEAST_SHARE = 0.9
"""Of a frame's power that lies within a tone's reach; the taper spreads a sine over that."""
REACH = 2
"""Lines of the spectrum to either side of the strongest, 50 Hz each."""
MOST_DRIFT = 1
"""Lines by which the strongest may move from frame to frame."""

_SAMPLES = FRAME_BYTES // SAMPLE_BYTES
_TAPER = np.hanning(_SAMPLES)
_LINE_HZ = SAMPLE_RATE_HZ / _SAMPLES
_LEAST_POWER = (LEAST_AMPLITUDE**2 / 2) * _SAMPLES


class BeepEar:
    """Listens to one line. Costs about 50 µs a frame, and 10 µs while the line is silent."""

    def __init__(self) -> None:
        self._line: int | None = None
        self._frames = 0

    def hear(self, frame: bytes) -> bool:
        """Take the next frame; whether a beep ended with the one before."""
        line = _tone(frame)
        if line is not None and self._line is not None and abs(line - self._line) <= MOST_DRIFT:
            self._frames += 1
            self._line = line
            return False
        was_beep = LEAST_FRAMES <= self._frames <= MOST_FRAMES
        self._line, self._frames = line, 0 if line is None else 1
        return was_beep and line is None


def _tone(frame: bytes) -> int | None:
    """The line of the spectrum that holds the frame's power; None where several do, or too little is there."""
    samples = np.frombuffer(frame, np.int16).astype(np.float64)
    if len(samples) < _SAMPLES or float(samples @ samples) < _LEAST_POWER:
        return None
    powers = np.abs(np.fft.rfft(samples * _TAPER)) ** 2
    strongest = int(powers.argmax())
    if not LOWEST_HZ <= strongest * _LINE_HZ <= HIGHEST_HZ:
        return None
    around = powers[max(0, strongest - REACH) : strongest + REACH + 1].sum()
    return strongest if around >= LEAST_SHARE * powers.sum() else None

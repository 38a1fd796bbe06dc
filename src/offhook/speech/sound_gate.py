"""Tells sound from silence in a caller's audio: a voice however soft, and anything loud, such as music or tones."""

from array import array
from collections import deque

from offhook.speech.ear import Ear

LOUD_PEAK = 2_000
"""24 dB below the loudest sample: above the noise of lines and rooms, below any sound made on purpose."""
WINDOW_FRAMES = 6
LOUD_FRAMES = 4
"""Sound is what is loud in 4 of the last 6 frames (120 ms): a click is none."""


class SoundGate:
    """Listens to one caller, frame by frame."""

    def __init__(self) -> None:
        self._ear = Ear()
        self._loud: deque[bool] = deque(maxlen=WINDOW_FRAMES)
        self._loud_at: float | None = None

    @property
    def last_sound_at(self) -> float | None:
        """When the last sound was heard; None before the first."""
        heard = [at for at in (self._ear.last_voiced_at, self._loud_at) if at is not None]
        return max(heard, default=None)

    def hear(self, frame: bytes, at: float) -> None:
        """Take the next 20 ms of 16-bit PCM at 8 kHz."""
        self._ear.hear(frame, at)
        samples = array("h", frame)
        self._loud.append(max(samples, default=0) >= LOUD_PEAK or min(samples, default=0) <= -LOUD_PEAK)
        if sum(self._loud) >= LOUD_FRAMES:
            self._loud_at = at

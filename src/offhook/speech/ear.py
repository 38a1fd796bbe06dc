"""The local ear: tells speech from silence in live audio, frame by frame, in the worker itself.

webrtcvad judges single frames and is sometimes wrong; a voice is believed only when most of a short window
is voiced, and it goes on only as long as runs of voiced frames arrive. Costs about 2 µs a frame.
"""

from collections import deque

import webrtcvad

from offhook.speech.pcm import FRAME_S, SAMPLE_RATE_HZ

START_WINDOW_FRAMES = 6
START_VOICED_FRAMES = 4
"""Speech begins when 4 of the last 6 frames (120 ms) are voiced: a click or a breath is not speech."""
RUN_FRAMES = 2
"""Speech goes on while runs of at least this many voiced frames arrive: single ones are noise."""


class Ear:
    """Listens to one caller. `mode` 0 to 3: higher takes less for speech (jambonz `vad.mode`)."""

    def __init__(self, *, mode: int = 2) -> None:
        self._vad = webrtcvad.Vad(mode)
        self._window: deque[bool] = deque(maxlen=START_WINDOW_FRAMES)
        self._run = 0
        self._began_at: float | None = None
        self._last_voiced_at: float | None = None
        self._voiced_s = 0.0

    @property
    def began_at(self) -> float | None:
        """When speech was first believed; None before."""
        return self._began_at

    @property
    def last_voiced_at(self) -> float | None:
        """When the last voiced frame of speech arrived; None before speech began."""
        return self._last_voiced_at

    @property
    def voiced_s(self) -> float:
        """Seconds of voiced frames since speech began."""
        return self._voiced_s

    def hear(self, frame: bytes, at: float) -> bool:
        """Take the next 20 ms of 16-bit PCM at 8 kHz; True at the frame with which speech begins."""
        voiced = self._vad.is_speech(frame, SAMPLE_RATE_HZ)
        self._window.append(voiced)
        self._run = self._run + 1 if voiced else 0
        if self._began_at is None:
            if sum(self._window) < START_VOICED_FRAMES:
                return False
            self._began_at = self._last_voiced_at = at
            self._voiced_s = START_VOICED_FRAMES * FRAME_S
            return True
        if self._run >= RUN_FRAMES:
            self._last_voiced_at = at
            self._voiced_s += FRAME_S
        return False

    def forget(self) -> None:
        """Wait for speech anew; what was heard was none."""
        self._began_at = self._last_voiced_at = None
        self._voiced_s = 0.0
        self._window.clear()

"""The local ear: tells speech from silence in live audio, frame by frame, in the worker itself.

webrtcvad judges single frames and is sometimes wrong; a voice is believed only when most of a short window
is voiced, and it goes on only as long as runs of voiced frames arrive. It takes hum for speech and never learns better;
without what is low it takes steady noise for speech more often. So a frame is voiced where it finds so with and without
what is low. Costs about 20 µs a frame.
"""

import webrtcvad

from offhook.speech.belief import Belief
from offhook.speech.high_pass import HighPass
from offhook.speech.pcm import FRAME_S, SAMPLE_RATE_HZ

START_WINDOW_FRAMES = 6
START_VOICED_FRAMES = 4
"""Speech begins when 4 of the last 6 frames (120 ms) are voiced: a click or a breath is not speech."""
RUN_FRAMES = 2
"""Speech goes on while runs of at least this many voiced frames arrive: single ones are noise."""
SETTLING_FRAMES = 6
"""webrtcvad takes the first 100 ms of any noise for speech, until it knows the line."""


class Ear(Belief):
    """Listens to one caller. `mode` 0 to 3: higher takes less for speech (jambonz `vad.mode`)."""

    def __init__(self, *, mode: int = 2) -> None:
        super().__init__(
            step_s=FRAME_S, window=START_WINDOW_FRAMES, least=START_VOICED_FRAMES, run=RUN_FRAMES
        )
        self._vad, self._high_vad = webrtcvad.Vad(mode), webrtcvad.Vad(mode)
        self._high_pass = HighPass()
        self._settling = SETTLING_FRAMES

    def hear(self, frame: bytes, at: float) -> bool:
        """Take the next 20 ms of 16-bit PCM at 8 kHz; True at the frame with which speech begins."""
        voiced = self._vad.is_speech(frame, SAMPLE_RATE_HZ)
        voiced_high = self._high_vad.is_speech(self._high_pass.filtered(frame), SAMPLE_RATE_HZ)
        if self._settling:
            self._settling -= 1
            return False
        return self.take(voiced and voiced_high, at)

"""Tells from the first seconds after an answer who speaks: a person says a few words and waits, a machine goes on.

Frames and moments are handed in, and the first verdict stands. All times are seconds on the clock of whoever listens.
"""

from offhook.speech.beep_ear import BeepEar
from offhook.speech.ear import Ear
from offhook.speech.pcm import FRAME_S
from offhook.verbs import Detected, DetectMachine, Telltale

WAITING_S = 0.8
"""After a greeting, a silence of this length is somebody who waits for an answer."""
BETWEEN_WORDS_S = 0.1
"""The shortest pause between two words. The ear hears sounds for a tenth of a second longer than they last."""
WORD_FRAMES = 10
"""A voice that the ear hears for less (200 ms) is a click or a breath."""


class AnswerEar:
    """Listens to one far end from its answer at `began_at`. Costs about 25 µs a frame."""

    def __init__(self, wanted: DetectMachine, began_at: float) -> None:
        self._wanted = wanted
        self._began_at = began_at
        self._ear, self._beep = Ear(), BeepEar()
        self._spoke_at: float | None = None
        self._voiced_at: float | None = None
        self._frames = self._word_frames = self._words = 0
        self._verdict: Detected | None = None

    @property
    def due_at(self) -> float:
        """When there will be a verdict, if nobody makes a sound until then."""
        wanted = self._wanted
        last = self._began_at + wanted.longest_s
        if self._voiced_at is None:
            return min(last, self._began_at + wanted.silence_s)
        return min(last, self._voiced_at + WAITING_S)

    def hear(self, frame: bytes, at: float) -> Detected | None:
        """Take the next 20 ms of 16-bit PCM at 8 kHz, which ended `at`; the verdict, once there is one."""
        if self.judge(at) is not None:
            return self._verdict
        self._ear.hear(frame, at)
        if self._ear.last_voiced_at == at:
            self._voiced(at)
        if self._beep.hear(frame):
            self._decide(Telltale.BEEP, at)
        return self._verdict

    def judge(self, now: float) -> Detected | None:
        """The verdict as it is `now`, whatever was heard; None before `due_at`."""
        if self._verdict is None and now >= self.due_at:
            if self._voiced_at is None:
                self._decide(Telltale.SILENCE, now)
            elif now < self._voiced_at + WAITING_S:
                self._decide(Telltale.TIME_UP, now)
            elif self._words:
                self._decide(Telltale.WAITS, now)
            else:
                self._forget()
                return self.judge(now)
        return self._verdict

    def _voiced(self, at: float) -> None:
        if self._spoke_at is None or self._voiced_at is None:
            # A voice is believed in once some of it was heard.
            self._frames = self._word_frames = round(self._ear.voiced_s / FRAME_S)
            self._spoke_at = at - self._ear.voiced_s
        else:
            if at - self._voiced_at > BETWEEN_WORDS_S + FRAME_S:
                self._word_frames = 0
            self._frames += 1
            self._word_frames += 1
        self._voiced_at = at
        self._words += self._word_frames == WORD_FRAMES
        self._judge_greeting(at, self._spoke_at)

    def _forget(self) -> None:
        """It was no voice."""
        self._ear.forget()
        self._spoke_at = self._voiced_at = None
        self._frames = self._word_frames = 0

    def _judge_greeting(self, at: float, spoke_at: float) -> None:
        wanted = self._wanted
        if self._frames * FRAME_S > wanted.greeting_s:
            self._decide(Telltale.LONG_GREETING, at)
        elif self._words > wanted.words:
            self._decide(Telltale.MANY_WORDS, at)
        elif at - spoke_at > wanted.speech_s:
            self._decide(Telltale.LONG_SPEECH, at)

    def _decide(self, telltale: Telltale, at: float) -> None:
        if self._verdict is None:
            is_machine = telltale not in (Telltale.WAITS, Telltale.TIME_UP)
            self._verdict = Detected(is_machine=is_machine, telltale=telltale, after_s=at - self._began_at)

"""Whether the prompts of a gather may be heard: the policy of barging in, applied to what the caller does. Pure."""

from enum import Enum, auto

from offhook.interpreter.utterance import Utterance
from offhook.verbs import BargeIn


class Prompts(Enum):
    """What is to be heard of the prompts."""

    PLAY = auto()
    """They begin, or go on where they were."""
    WAIT = auto()
    """They are silent, and go on should it turn out that nobody spoke."""
    STOP = auto()
    """They are over, by themselves or because the caller took the turn."""


class PromptTurn:
    """The prompts of one gather."""

    def __init__(self, policy: BargeIn, *, are_there: bool, at: float) -> None:
        self._policy = policy
        self._state = Prompts.PLAY if are_there else Prompts.STOP
        self._over_at = at

    @property
    def state(self) -> Prompts:
        """What is to be heard of them."""
        return self._state

    @property
    def over_at(self) -> float | None:
        """When they were over for good; None before."""
        return self._over_at if self._state is Prompts.STOP else None

    @property
    def holds_keys(self) -> bool:
        """Whether keys have to wait until the prompts are over."""
        return self._state is not Prompts.STOP and not self._policy.on_keys

    def stop(self, at: float) -> None:
        """They are over for good."""
        if self._state is not Prompts.STOP:
            self._state, self._over_at = Prompts.STOP, at

    def resume(self) -> None:
        """It was a false alarm."""
        if self._state is Prompts.WAIT:
            self._state = Prompts.PLAY

    def hear(self, utterance: Utterance, at: float, *, is_told: bool = False) -> None:
        """Somebody may be speaking; `is_told`: the recogniser says so. Words silence prompts for good, the ear until it
        turns out to have been wrong."""
        policy = self._policy
        if self._state is Prompts.STOP or not policy.on_speech:
            return
        count = len(utterance.words.split())
        if count and count >= policy.words:
            self.stop(at)
            return
        if policy.words or self._state is Prompts.WAIT:
            return
        lasting_s = utterance.lasting_s
        by_ear = lasting_s is not None and lasting_s >= policy.voice_s
        if by_ear or (is_told and not policy.voice_s):
            self._state = Prompts.WAIT
            if not policy.resumes:
                self.stop(at)

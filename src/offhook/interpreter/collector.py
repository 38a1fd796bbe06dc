"""Decides when a gather is over and what it heard.

Pure: it is fed what happened and when, and answers with what it now waits for. It starts no timer and
touches no call, so every rule here is tested on a clock that does not tick by itself.

    WAITING ──key──► KEYS ─────────────finish key, enough keys, key_timeout──────────────► over
       │  ▲            ▲
    voice or words   key (keys beat speech at any time)
       ▼  │a blip      │
    SPEAKING ──silence of speech_end_timeout, or max_speech──► FINISHING ──last words──► over
       │
    WAITING ──start_timeout after the prompts──► over, with nothing

An input and a deadline at the same instant: the input wins.
"""

from dataclasses import dataclass
from enum import Enum, auto

from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    SpeechEnded,
    SpeechEvent,
    SpeechFailed,
    SpeechStarted,
)
from offhook.verbs import Gather, Gathered, GatherEnd, Input, Understood

BLIP_S = 0.2
"""A shorter sound that left no words is no speech: a cough, a click."""


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The caller pressed a key."""

    key: str


@dataclass(frozen=True, slots=True)
class PromptsOver:
    """The prompts were played to their end, or cut short."""


@dataclass(frozen=True, slots=True)
class VoiceHeard:
    """The ear hears speech: the last voiced frame so far, and how much was voiced."""

    last_voiced_at: float
    voiced_s: float


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing happened but time."""


Event = KeyPressed | PromptsOver | VoiceHeard | TimePassed | SpeechEvent


class Phase(Enum):
    """Where a gather stands."""

    WAITING = auto()
    KEYS = auto()
    SPEAKING = auto()
    FINISHING = auto()
    OVER = auto()


class Collector:
    """One gather. Times are seconds on one monotonic clock."""

    def __init__(self, gather: Gather, *, at: float, finds_end: bool = False, grace_s: float = 2.0) -> None:
        """`finds_end`: the recogniser tells by itself when the speaker stopped. `grace_s`: how long its last
        words may take."""
        self._gather = gather
        self._finds_end = finds_end
        self._grace_s = grace_s
        self._phase = Phase.WAITING
        self._prompts_over_at: float | None = None if gather.prompts else at
        self._keys = ""
        self._last_key_at = at
        self._speech_began_at: float | None = None
        self._last_voiced_at: float | None = None
        self._voiced_s = 0.0
        self._last_words_at: float | None = None
        self._finals: list[Final] = []
        self._partial = ""
        self._stability: float | None = None
        self._finishing_at = at
        self._failure: SpeechFailed | None = None
        self._recognition_over = not gather.hears(Input.SPEECH)
        self._gathered: Gathered | None = None

    @property
    def gathered(self) -> Gathered | None:
        """The result; None until the gather is over."""
        return self._gathered

    @property
    def phase(self) -> Phase:
        """Where the gather stands."""
        return self._phase

    @property
    def has_input(self) -> bool:
        """Whether the caller did something: the prompts fall silent."""
        return self._phase is not Phase.WAITING

    @property
    def wants_last_words(self) -> bool:
        """Whether the utterance is over and the recogniser should be told so."""
        return self._phase is Phase.FINISHING

    @property
    def speech_began_at(self) -> float | None:
        """When speech began; None where nobody spoke."""
        return self._speech_began_at

    @property
    def words(self) -> str:
        """What is understood so far."""
        return " ".join(text for text in (*(final.text for final in self._finals), self._partial) if text)

    def understood(self, number: int) -> Understood:
        """What is understood so far, as the `number`-th that is told of it."""
        stable = " ".join(final.text for final in self._finals)
        return Understood(stable=stable, unstable=self._partial, stability=self._stability, number=number)

    @property
    def keys(self) -> str:
        """What is pressed so far."""
        return self._keys

    @property
    def deadline(self) -> float | None:
        """When `TimePassed` will change something; None where only an event can."""
        match self._phase:
            case Phase.WAITING:
                if self._prompts_over_at is None:
                    return None
                return self._prompts_over_at + self._gather.start_timeout_s
            case Phase.KEYS:
                return self._last_key_at + self._gather.key_timeout_s
            case Phase.SPEAKING:
                return self._speech_deadline()
            case Phase.FINISHING:
                return self._finishing_at + self._grace_s
            case Phase.OVER:
                return None

    def feed(self, event: Event, *, at: float) -> None:
        """Take what happened at `at`; events come in the order of their times."""
        if self._phase is Phase.OVER:
            return
        match event:
            case KeyPressed(key):
                self._key(key, at)
            case PromptsOver():
                if self._prompts_over_at is None:
                    self._prompts_over_at = at
            case VoiceHeard(last_voiced_at, voiced_s):
                self._last_voiced_at = last_voiced_at
                self._voiced_s = voiced_s
                self._speech(at)
            case SpeechStarted() | Partial() | Final() | SpeechFailed() | SpeechEnded():
                self._recognised(event, at)
            case TimePassed():
                self._time(at)

    def _recognised(self, event: SpeechEvent, at: float) -> None:
        match event:
            case SpeechStarted():
                self._speech(at)
            case Partial(text, stability):
                self._words(at)
                self._partial, self._stability = text, stability
            case Final(text):
                self._words(at)
                self._partial = ""
                if text:
                    self._finals.append(event)
            case SpeechFailed():
                self._failure = event
                self._recognition_ended()
            case SpeechEnded():
                self._recognition_ended()

    def _key(self, key: str, at: float) -> None:
        gather = self._gather
        if not gather.hears(Input.KEYS):
            return
        if key in gather.finish_keys:
            self._finish_key(at)
            return
        if not self._keys and key not in gather.start_keys:
            return
        self._phase = Phase.KEYS
        self._keys += key
        self._last_key_at = at
        if gather.max_keys is not None and len(self._keys) >= gather.max_keys:
            self._over(GatherEnd.KEYS)

    def _finish_key(self, at: float) -> None:
        match self._phase:
            case Phase.KEYS:
                self._over(GatherEnd.KEYS)
            case Phase.WAITING:
                self._over(self._failure_end() or GatherEnd.NO_INPUT, is_submitted=True)
            case Phase.SPEAKING:
                self._end_of_speech(at)
            case Phase.FINISHING | Phase.OVER:
                pass

    def _end_of_speech(self, at: float) -> None:
        if self._recognition_over:
            self._conclude_speech()
            return
        self._phase = Phase.FINISHING
        self._finishing_at = at

    def _speech(self, at: float) -> None:
        if self._phase is Phase.WAITING and self._gather.hears(Input.SPEECH):
            self._phase = Phase.SPEAKING
            self._speech_began_at = at

    def _words(self, at: float) -> None:
        self._speech(at)
        self._last_words_at = at

    def _recognition_ended(self) -> None:
        self._recognition_over = True
        if self._phase is Phase.FINISHING:
            self._conclude_speech()

    def _speech_deadline(self) -> float:
        began_at = self._speech_began_at
        assert began_at is not None
        heard_at = max(began_at, self._last_voiced_at or began_at)
        if self._last_voiced_at is None and self._last_words_at is not None:
            heard_at = self._last_words_at
        silent_at = heard_at + self._gather.speech_end_timeout_s
        if self._finds_end and self._finals and not self._partial and self._last_words_at is not None:
            # Noise can keep the ear busy for ever; the recogniser's own finding ends it all the same.
            silent_at = min(silent_at, self._last_words_at + self._gather.speech_end_timeout_s)
        return min(silent_at, began_at + self._gather.max_speech_s)

    def _time(self, at: float) -> None:
        deadline = self.deadline
        if deadline is None or at < deadline:
            return
        match self._phase:
            case Phase.WAITING:
                self._over(self._failure_end() or GatherEnd.NO_INPUT)
            case Phase.KEYS:
                self._over(GatherEnd.KEYS)
            case Phase.SPEAKING if self._was_a_blip():
                self._phase = Phase.WAITING
                self._speech_began_at = self._last_voiced_at = None
                self._time(at)
            case Phase.SPEAKING:
                self._end_of_speech(at)
            case Phase.FINISHING:
                self._conclude_speech()
            case Phase.OVER:
                pass

    def _was_a_blip(self) -> bool:
        return self._last_words_at is None and self._last_voiced_at is not None and self._voiced_s < BLIP_S

    def _failure_end(self) -> GatherEnd | None:
        if self._failure is None:
            return None
        if self._failure.kind is FailureKind.NEEDS_MODEL:
            return GatherEnd.NEEDS_MODEL
        return GatherEnd.RECOGNISER_FAILED

    def _conclude_speech(self) -> None:
        if self.words:
            self._over(GatherEnd.SPEECH)
        elif (end := self._failure_end()) is not None:
            self._over(end)
        elif not self._recognition_over:
            self._failure = SpeechFailed(
                FailureKind.BROKEN, f"no answer within {self._grace_s:g} s of the end of speech"
            )
            self._over(GatherEnd.RECOGNISER_FAILED)
        else:
            self._over(GatherEnd.NO_MATCH)

    def _over(self, end: GatherEnd, *, is_submitted: bool = False) -> None:
        self._phase = Phase.OVER
        speech = self.words if end is GatherEnd.SPEECH else ""
        known = [final.confidence for final in self._finals if final.confidence is not None]
        self._gathered = Gathered(
            end=end,
            keys=self._keys if end is GatherEnd.KEYS else "",
            speech=speech,
            confidence=min(known) if speech and known else None,
            detail=self._failure.detail if self._failure is not None and end.is_failure else "",
            is_submitted=is_submitted,
        )

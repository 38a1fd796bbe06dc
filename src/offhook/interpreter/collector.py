"""Decides when a gather is over and what it heard.

Pure: it is fed what happened and when, and answers with what it now waits for. It starts no timer and
touches no call, so every rule here is tested on a clock that does not tick by itself.

    WAITING ──key──► KEYS ─────────────finish key, enough keys, key_timeout──────────────► over
       │  ▲            ▲
    voice or words   key (keys beat speech at any time)
       ▼  │a blip      │
    SPEAKING ──silence of speech_end_timeout, or max_speech──► FINISHING ──last words──► over
       │  ▲                                                        │
       │  └──────────────speech goes on over its pauses────────────┘
    WAITING ──start_timeout after the prompts──► over, with nothing

total_timeout after the prompts ends any of the first three, with what there is.

An input and a deadline at the same instant: the input wins. What may not silence the prompts (`prompt_turn`) is kept
and counts once they are over.
"""

import math
from enum import Enum, auto

from offhook.interpreter.gather_events import Event as Event
from offhook.interpreter.gather_events import KeyPressed as KeyPressed
from offhook.interpreter.gather_events import PromptsOver as PromptsOver
from offhook.interpreter.gather_events import TimePassed as TimePassed
from offhook.interpreter.gather_events import VoiceHeard as VoiceHeard
from offhook.interpreter.prompt_turn import Prompts, PromptTurn
from offhook.interpreter.utterance import Utterance
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

MOST_WORDLESS_ENDS = 3
"""A recogniser that stops by itself again and again is not asked for ever."""


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
        self.finds_end = finds_end
        """May change while another recogniser takes over."""
        self.last_words_by: float | None = None
        """Where another recogniser has to hear all again: until when its last words are waited for, if that is later."""
        self._gather = gather
        self._grace_s = grace_s
        self._phase = Phase.WAITING
        self._prompts = PromptTurn(gather.barge_in, are_there=bool(gather.prompts), at=at)
        self._keys = ""
        self._held_keys = ""
        """Typed into prompts that keys do not silence."""
        self._last_key_at = at
        self._utterance = Utterance(gather)
        self._heeded_at: float | None = None
        """Since when the utterance has not had to wait for the prompts; None while it has."""
        self._waited_for_prompts = False
        self._finishing_at = at
        self._goes_on = False
        """Whether what the recogniser is asked for is only a stretch of the utterance."""
        self._attempts = self._hearings = 1
        self._wordless_ends = 0
        """How often the recogniser stopped by itself with nothing to tell."""
        self._finals_before = False
        """Whether this hearing understood something."""
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
    def prompts(self) -> Prompts:
        """What is to be heard of the prompts now."""
        return self._prompts.state

    @property
    def has_input(self) -> bool:
        """Whether the caller did something."""
        return self._phase is not Phase.WAITING

    @property
    def wants_last_words(self) -> bool:
        """Whether the recogniser should be told that no more audio comes."""
        return self._phase is Phase.FINISHING

    @property
    def hearings(self) -> int:
        """How many times the recogniser has to be asked to listen by now; each time after the end of the time before."""
        return self._hearings

    @property
    def attempts(self) -> int:
        """How often the wait for a voice began; the ear forgets what it heard before."""
        return self._attempts

    @property
    def speech_began_at(self) -> float | None:
        """When speech began; None where nobody spoke."""
        return self._utterance.began_at

    @property
    def words(self) -> str:
        """What is understood so far."""
        return self._utterance.words

    def understood(self, number: int) -> Understood:
        """What is understood so far, as the `number`-th that is told of it."""
        return self._utterance.understood(number)

    @property
    def keys(self) -> str:
        """What is pressed so far, with what waits for the end of the prompts."""
        return self._keys + self._held_keys

    @property
    def deadline(self) -> float | None:
        """When `TimePassed` will change something; None where only an event can."""
        gather = self._gather
        match self._phase:
            case Phase.WAITING:
                over_at = self._prompts.over_at
                return None if over_at is None else min(over_at + gather.start_timeout_s, self._all_over_at)
            case Phase.KEYS:
                is_enough = len(self._keys) >= gather.min_keys
                key_s = gather.key_timeout_s if is_enough else gather.start_timeout_s
                return min(self._last_key_at + key_s, self._all_over_at)
            case Phase.SPEAKING:
                return self._speech_deadline()
            case Phase.FINISHING:
                return max(self._finishing_at + self._grace_s, self.last_words_by or 0.0)
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
                self._stop_prompts(at)
            case VoiceHeard():
                self._utterance.voice(event)
                self._speech(at)
            case SpeechStarted() | Partial() | Final() | SpeechFailed() | SpeechEnded():
                self._recognised(event, at)
            case TimePassed():
                self._time(at)

    def _key(self, key: str, at: float) -> None:
        if not self._prompts.holds_keys:
            self._judge_key(key, at)
        elif self._gather.hears(Input.KEYS) or self._is_end_key(key):
            self._held_keys += key

    def _stop_prompts(self, at: float) -> None:
        """The prompts are over; what waited for that counts now, in order."""
        if self._heeded_at is None and self._phase is Phase.SPEAKING:
            self._heeded_at = at
            self._waited_for_prompts = self._prompts.state is Prompts.PLAY
        self._prompts.stop(at)
        held, self._held_keys = self._held_keys, ""
        for key in held:
            if self._phase is not Phase.OVER:
                self._judge_key(key, at)

    def _judge_key(self, key: str, at: float) -> None:
        gather = self._gather
        is_speaking = self._phase in (Phase.SPEAKING, Phase.FINISHING)
        if self._is_end_key(key) and is_speaking and self._utterance.was_voiced:
            self._goes_on = False
            self._end_of_speech(at)
            return
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
        self._prompts.stop(at)
        if gather.max_keys is not None and len(self._keys) >= gather.max_keys:
            self._over(GatherEnd.KEYS)

    def _is_end_key(self, key: str) -> bool:
        return self._gather.continuous is not None and key == self._gather.continuous.end_key

    def _finish_key(self, at: float) -> None:
        match self._phase:
            case Phase.KEYS:
                self._over(GatherEnd.KEYS)
            case Phase.WAITING:
                self._over(self._failure_end() or GatherEnd.NO_INPUT, is_submitted=True)
            case Phase.SPEAKING:
                self._end_of_speech(at)
            case Phase.FINISHING:
                self._goes_on = False
            case Phase.OVER:
                pass

    def _recognised(self, event: SpeechEvent, at: float) -> None:
        match event:
            case SpeechStarted():
                self._speech(at, is_told=True)
            case Partial():
                self._utterance.partial(event, at)
                self._speech(at, is_told=True)
            case Final():
                self._finals_before = self._finals_before or bool(event.text)
                self._utterance.final(event, at, was_asked_for=self._phase is Phase.FINISHING)
                self._speech(at, is_told=True)
            case SpeechFailed():
                self._failure = event
                self._recognition_ended(at)
            case SpeechEnded():
                self._recognition_ended(at)

    def _speech(self, at: float, *, is_told: bool = False) -> None:
        """There is a voice, or there are words."""
        if not self._gather.hears(Input.SPEECH) or self._phase not in (Phase.WAITING, Phase.SPEAKING):
            return
        if self._phase is Phase.WAITING:
            self._phase = Phase.SPEAKING
            self._utterance.begin(at)
        self._prompts.hear(self._utterance, at, is_told=is_told)
        if self._prompts.state is not Prompts.PLAY and self._heeded_at is None:
            self._heeded_at = at
        if self._prompts.state is Prompts.STOP and self._held_keys:
            self._stop_prompts(at)

    def _recognition_ended(self, at: float) -> None:
        was_asked = self._phase is Phase.FINISHING
        if self._failure is None and (self._goes_on if was_asked else self._understood_a_stretch):
            self._utterance.settle(self._finishing_at if was_asked else at)
            self._phase, self._goes_on = Phase.SPEAKING, False
            self._listen_again()
            return
        if not was_asked and self._stopped_on_noise:
            self._wordless_ends += 1
            self._listen_again()
            return
        self._recognition_over = True
        if was_asked:
            self._conclude_speech()

    @property
    def _understood_a_stretch(self) -> bool:
        is_continuous = self._gather.continuous is not None
        return is_continuous and self._phase is Phase.SPEAKING and self._finals_before

    @property
    def _stopped_on_noise(self) -> bool:
        """Whether the recogniser took something for the utterance that was none, and the caller may still speak. One that
        was told how long to wait for them has done so."""
        may_wait = self._gather.recogniser.initial_speech_timeout_s is None
        is_wordless = self._failure is None and not self.words
        return may_wait and is_wordless and self._wordless_ends < MOST_WORDLESS_ENDS

    def _listen_again(self) -> None:
        self._hearings += 1
        self._recognition_over = self._finals_before = False

    def _end_of_speech(self, at: float) -> None:
        if not self._may_prove_nothing:
            self._stop_prompts(at)
        if self._phase in (Phase.KEYS, Phase.OVER):  # keys that had to wait beat speech, too
            return
        if self._recognition_over or (self._has_settled and self._phase is Phase.SPEAKING):
            self._conclude_speech()
        elif self._phase is Phase.SPEAKING:
            self._phase = Phase.FINISHING
            self._finishing_at = at

    @property
    def _has_settled(self) -> bool:
        """Whether the recogniser has told all that it can know."""
        return self._utterance.is_settled and not self.finds_end

    def _speech_deadline(self) -> float | None:
        utterance, heeded_at = self._utterance, self._heeded_at
        if self._prompts.state is not Prompts.STOP and utterance.is_blip:
            return utterance.blip_over_at()
        if heeded_at is None:
            return None
        most = self._speech_over_by(heeded_at)
        if self._gather.continuous is None:
            return min(most, utterance.silent_at(finds_end=self.finds_end))
        over_at = min(most, self._pause_over_at(self._gather.continuous.pause_s))
        return over_at if self._stretch_over_at is None else min(over_at, self._stretch_over_at)

    @property
    def _all_over_at(self) -> float:
        """When the time for all of the input is over."""
        over_at, total_s = self._prompts.over_at, self._gather.total_timeout_s
        return math.inf if over_at is None or total_s is None else over_at + total_s

    def _speech_over_by(self, heeded_at: float) -> float:
        """When an utterance is over, whatever is still said."""
        return min(heeded_at + self._gather.max_speech_s, self._all_over_at)

    def _pause_over_at(self, pause_s: float) -> float:
        return self._utterance.pause_over_at(pause_s, finds_end=self.finds_end)

    @property
    def _stretch_over_at(self) -> float | None:
        """When the recogniser is asked for the words of a stretch; None where it tells them by itself, or has."""
        if self.finds_end or self._recognition_over or self._utterance.is_settled:
            return None
        return self._utterance.silent_at(finds_end=False)

    def _time(self, at: float) -> None:
        deadline = self.deadline
        if deadline is None or at < deadline:
            return
        match self._phase:
            case Phase.WAITING:
                self._over(self._failure_end() or GatherEnd.NO_INPUT)
            case Phase.KEYS:
                self._over(GatherEnd.KEYS)
            case Phase.SPEAKING if self._utterance.is_blip:
                self._wait_anew()
                self._prompts.resume()
                self._time(at)
            case Phase.SPEAKING:
                if not self._ask_for_a_stretch(at):
                    self._end_of_speech(at)
            case Phase.FINISHING:
                self._conclude_speech()
            case Phase.OVER:
                pass

    def _ask_for_a_stretch(self, at: float) -> bool:
        """Ask for the words of a stretch, where the utterance may go on after it."""
        continuous, heeded_at = self._gather.continuous, self._heeded_at
        if continuous is None or heeded_at is None or self._stretch_over_at is None:
            return False
        if at >= min(self._pause_over_at(continuous.pause_s), self._speech_over_by(heeded_at)):
            return False
        self._phase, self._goes_on, self._finishing_at = Phase.FINISHING, True, at
        return True

    def _wait_anew(self) -> None:
        """Nobody spoke, or nothing to be understood."""
        self._phase = Phase.WAITING
        self._attempts += 1
        self._utterance = Utterance(self._gather)
        self._heeded_at = None

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
        elif self._waited_for_prompts or self._may_prove_nothing:
            # What was heard while the prompts played was nothing; they go on, or the caller's turn only begins.
            self._waited_for_prompts = False
            self._wait_anew()
            self._listen_again()
            self._prompts.resume()
        else:
            self._over(GatherEnd.NO_MATCH)

    @property
    def _may_prove_nothing(self) -> bool:
        """Whether prompts that a voice silenced go on where nothing of it is understood."""
        return self._prompts.state is Prompts.WAIT and self._utterance.is_brief

    def _over(self, end: GatherEnd, *, is_submitted: bool = False) -> None:
        self._phase = Phase.OVER
        self._prompts.stop(self._finishing_at)  # from here on nobody asks when
        speech = self.words if end is GatherEnd.SPEECH else ""
        self._gathered = Gathered(
            end=end,
            keys=self._keys if end is GatherEnd.KEYS else "",
            speech=speech,
            confidence=self._utterance.confidence if speech else None,
            detail=self._failure.detail if self._failure is not None and end.is_failure else "",
            is_submitted=is_submitted,
        )

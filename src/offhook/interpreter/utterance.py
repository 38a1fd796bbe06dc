"""What is known of one utterance: when a voice was heard, what was understood, and when it would be over. Pure."""

from offhook.interpreter.gather_events import VoiceHeard
from offhook.speech.recogniser import Final, Partial
from offhook.verbs import Gather, Understood

BLIP_S = 0.2
"""A shorter sound that left no words is no speech: a cough, a click."""
BRIEF_S = 0.6
"""So much voice of which nothing is understood may have been a cough or a door; more is a caller who wants an answer, or a
line that never falls silent."""
FALSE_ALARM_S = 0.8
"""Silence after a blip into a prompt, until it is believed to have been one: words of a short answer come sooner."""
AUTO_END_S = 0.7
"""Silence that ends an utterance where nobody says how much and the recogniser does not find the end."""
OWN_FINDING_S = 2.0
"""How long after the last voiced frame a recogniser that finds the end may take for it where nobody says how long."""


class Utterance:
    """One utterance, or what may become one. Times are seconds on one monotonic clock."""

    def __init__(self, gather: Gather) -> None:
        self._gather = gather
        detection = gather.voice_detection
        self._blip_s = max(BLIP_S, detection.voice_s) if detection.gates_recogniser else BLIP_S
        self.began_at: float | None = None
        """When it began; None while nobody speaks."""
        self._last_voiced_at: float | None = None
        self._voiced_s = 0.0
        self._lasting_s = 0.0
        self._last_words_at: float | None = None
        self._finals: list[Final] = []
        self._partial = Partial("")
        self._settled_at = -1.0
        """The last moment that is in the finals of a recogniser which was asked for them."""

    @property
    def words(self) -> str:
        """What is understood so far."""
        return self.understood(0).text

    def understood(self, number: int) -> Understood:
        """The same, apart, as the `number`-th that is told of it."""
        stable = " ".join(final.text for final in self._finals)
        partial = self._partial
        return Understood(stable=stable, unstable=partial.text, stability=partial.stability, number=number)

    @property
    def has_finals(self) -> bool:
        """Whether something is understood for good."""
        return bool(self._finals)

    @property
    def confidence(self) -> float | None:
        """That of the least sure stretch; None where the recogniser tells none."""
        return min((final.confidence for final in self._finals if final.confidence is not None), default=None)

    @property
    def is_blip(self) -> bool:
        """Whether all there was is a short sound without words."""
        return (
            self._last_words_at is None and self._last_voiced_at is not None and self._voiced_s < self._blip_s
        )

    @property
    def is_brief(self) -> bool:
        """Whether there was little voice, and no words."""
        return self._last_words_at is None and self._voiced_s < BRIEF_S

    @property
    def was_voiced(self) -> bool:
        """Whether words came, or a voice that was more than a blip."""
        return bool(self.words) or self._voiced_s >= self._blip_s

    @property
    def lasting_s(self) -> float | None:
        """Voice without a longer pause, in seconds; None where the ear heard none."""
        return None if self._last_voiced_at is None else self._lasting_s

    @property
    def is_settled(self) -> bool:
        """Whether no voice was heard since the recogniser was asked for what it understood."""
        return self._settled_at >= 0.0 and (self._last_voiced_at or 0.0) <= self._settled_at

    def begin(self, at: float) -> None:
        """Somebody speaks."""
        self.began_at = at

    def voice(self, heard: VoiceHeard) -> None:
        """What the ear says."""
        self._last_voiced_at = heard.last_voiced_at
        self._voiced_s = heard.voiced_s
        self._lasting_s = heard.voiced_s if heard.lasting_s is None else heard.lasting_s

    def partial(self, partial: Partial, at: float) -> None:
        """What the recogniser understands so far; replaces the partial before."""
        self._last_words_at = at
        self._partial = partial

    def final(self, final: Final, at: float, *, was_asked_for: bool) -> None:
        """A stretch is understood for good. What was asked for says nothing of when the words were said, if the ear
        knows."""
        if not (was_asked_for and self._last_voiced_at is not None):
            self._last_words_at = at
        self._partial = Partial("")
        if final.text:
            self._finals.append(final)

    def settle(self, at: float) -> None:
        """No more comes of what was said until `at`: a partial that stands alone counts."""
        if self._partial.text:
            self._finals.append(Final(self._partial.text))
            self._partial = Partial("")
        self._settled_at = at

    def blip_over_at(self) -> float:
        """When a blip into a prompt is believed to have been one."""
        return self._heard_at + min(self._end_s(finds_end=False), FALSE_ALARM_S)

    def silent_at(self, *, finds_end: bool) -> float:
        """When the utterance is over by silence, the way things are."""
        end_s = self._end_s(finds_end)
        silent_at = self._heard_at + end_s
        if finds_end and self._finals and not self._partial.text and self._last_words_at is not None:
            # Noise can keep the ear busy for ever; the recogniser's own finding ends it all the same.
            is_auto = self._gather.speech_end_timeout_s is None
            silent_at = min(silent_at, self._last_words_at + (0.0 if is_auto else end_s))
        return silent_at

    def pause_over_at(self, pause_s: float, *, finds_end: bool) -> float:
        """When speech that goes on over its pauses is over, the way things are."""
        words_at = self._last_words_at
        if words_at is not None and finds_end and self._finals and not self._partial.text:
            return words_at + pause_s
        return max(self._heard_at, words_at or self._heard_at) + pause_s

    @property
    def _heard_at(self) -> float:
        """When somebody was last heard."""
        assert self.began_at is not None
        if self._last_voiced_at is None and self._last_words_at is not None:
            return self._last_words_at
        return max(self.began_at, self._last_voiced_at or self.began_at)

    def _end_s(self, finds_end: bool) -> float:
        end_s = self._gather.speech_end_timeout_s
        if end_s is not None:
            return end_s
        return OWN_FINDING_S if finds_end else AUTO_END_S

"""Who speaks when: what silences a prompt, what counts as speech, and when an utterance is over."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class BargeIn:
    """What silences the prompts of a gather. What is said or typed into a prompt that plays on is not lost: it counts
    once the prompts are over."""

    on_keys: bool = True
    """Whether a key does."""
    on_speech: bool = True
    """Whether speech does."""
    words: int = 0
    """So many understood words are needed, in a partial or final result; 0 believes the local ear alone."""
    voice_s: float = 0.0
    """So many seconds must be voiced besides, for the ear alone to be believed."""
    resumes: bool = True
    """Whether a prompt that the ear silenced goes on where it was, once it turns out that nobody spoke."""


class EarKind(StrEnum):
    """What tells speech from silence in the worker itself."""

    WEBRTC = "webrtc"
    """Costs next to nothing; hears speech in steady noise."""
    SILERO = "silero"
    """For noisy lines: hum, music and babble; costs 3 to 5 % of a core for each caller, in a process of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceDetection:
    """How the local ear hears, and whether it decides when a recogniser is connected."""

    kind: EarKind = EarKind.WEBRTC
    mode: int = 2
    """0 to 3: higher takes less for speech."""
    gates_recogniser: bool = False
    """Connect the recogniser only once speech is heard; what was said until then is sent first."""
    voice_s: float = 0.125
    """Seconds of voice that are needed for that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuous:
    """Speech that goes on over its pauses: each understood stretch is kept, until nobody goes on."""

    pause_s: float
    """Seconds after the last words that end it."""
    end_key: str | None = None
    """A key that ends it at once, where something was said; else it is a key like any other."""

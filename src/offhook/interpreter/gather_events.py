"""What can happen to a gather. Times come beside an event, never in it, but for when a voice was last heard."""

from dataclasses import dataclass

from offhook.speech.recogniser import SpeechEvent


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The caller pressed a key."""

    key: str


@dataclass(frozen=True, slots=True)
class PromptsOver:
    """The prompts were played to their end."""


@dataclass(frozen=True, slots=True)
class VoiceHeard:
    """The ear hears speech: the last voiced frame so far, and how much was voiced."""

    last_voiced_at: float
    voiced_s: float
    lasting_s: float | None = None
    """How much of it came without a longer pause; None: all."""


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing happened but time."""


Event = KeyPressed | PromptsOver | VoiceHeard | TimePassed | SpeechEvent

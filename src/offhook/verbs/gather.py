"""Ask the caller for keys, speech, or both."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from offhook.verbs.pause import Pause
from offhook.verbs.play import Play
from offhook.verbs.recogniser_options import RecogniserOptions
from offhook.verbs.request import Target
from offhook.verbs.say import Say
from offhook.verbs.turn_taking import BargeIn, Continuous, VoiceDetection

Prompt = Say | Play | Pause

EVERY_KEY = frozenset("0123456789*#")
"""The keys of a telephone; A to D exist in RFC 4733 but on no phone that calls us."""


class Input(StrEnum):
    """What a gather listens for."""

    KEYS = "dtmf"
    SPEECH = "speech"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather:
    """Play the prompts while listening; the first rule that is met ends it.

    Keys beat speech: once a key is pressed, speech is no longer waited for. All times are counted from
    the end of the prompts or the last input, whichever is later.
    """

    needs_answer: ClassVar[bool] = True

    inputs: frozenset[Input] = frozenset({Input.KEYS})
    prompts: tuple[Prompt, ...] = ()
    beeps_after_prompts: bool = False
    """Whether a beep follows the prompts, as their last."""
    action: Target | None = None
    """Where the outcome is sent; None goes on with the next verb."""
    follows_action: bool = True
    """Whether the call goes on with what the action answers; else the action is told, and the next verb runs."""
    tells_no_input: bool = False
    """Whether the action is told, too, that nothing was gathered; its answer is not read then, and the next verb runs."""
    start_timeout_s: float = 5.0
    """Silence allowed before the first key or the first word."""
    key_timeout_s: float = 5.0
    """Silence allowed between two keys."""
    speech_end_timeout_s: float | None = 5.0
    """Silence that ends an utterance, counted from the last voiced frame; None leaves it to the recogniser, where it finds
    the end, and else to the ear."""
    total_timeout_s: float | None = None
    """The longest that all of the input may take, counted from the end of the prompts; what was gathered by then is the
    result. None sets no such bound."""
    max_speech_s: float = 60.0
    """The longest utterance; what was understood by then is the result."""
    start_keys: frozenset[str] = EVERY_KEY
    """Keys that may begin an input; others are not heard until one of these was."""
    valid_keys: frozenset[str] = EVERY_KEY
    """Keys that an input may consist of; one with others is none, and `invalid_sound` is heard."""
    invalid_sound: Play | None = None
    finish_keys: frozenset[str] = frozenset("#")
    """Keys that end the input and are no part of it; empty waits for `max_keys` or silence."""
    max_keys: int | None = None
    """Finish as soon as this many keys are pressed."""
    min_keys: int = 1
    """Only from so many keys on does `key_timeout_s` end the input; before, `start_timeout_s` runs after each key."""
    recogniser: RecogniserOptions = field(default_factory=RecogniserOptions)
    """What to listen for. Whether partial results are wanted follows from the gather."""
    recognisers: tuple[str, ...] = ()
    """Names of recognisers in the order in which they are tried; empty takes those of the settings."""
    barge_in: BargeIn = field(default_factory=BargeIn)
    listens_during_prompts: bool = True
    """Whether speech is heard before the prompts are over. Keys always are."""
    voice_detection: VoiceDetection = field(default_factory=VoiceDetection)
    continuous: Continuous | None = None
    """Speech over pauses; None ends with the first utterance."""
    partials_to: Target | None = None
    """Where what is understood so far is sent while the caller still speaks."""
    act_on_empty: bool = False
    """Send the outcome to `action` even when nothing was gathered."""
    keeps_log: bool = True
    """Whether what was said and typed may be kept; else it stands in no row, no log and no trace."""
    line: int | None = None
    """The line of the document where the verb stands."""

    def hears(self, kind: Input) -> bool:
        """Whether this gather listens for `kind`."""
        return kind in self.inputs

    @property
    def language(self) -> str:
        """The language that is listened for."""
        return self.recogniser.language

    @property
    def hints(self) -> tuple[str, ...]:
        """Words and phrases to expect."""
        return self.recogniser.hints

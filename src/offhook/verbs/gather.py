"""Ask the caller for keys, speech, or both."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from offhook.verbs.pause import Pause
from offhook.verbs.play import Play
from offhook.verbs.request import Target
from offhook.verbs.say import Say

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
    action: Target | None = None
    """Where the outcome is sent; None goes on with the next verb."""
    start_timeout_s: float = 5.0
    """Silence allowed before the first key or the first word."""
    key_timeout_s: float = 5.0
    """Silence allowed between two keys."""
    speech_end_timeout_s: float = 5.0
    """Silence that ends an utterance, counted from the last voiced frame."""
    max_speech_s: float = 60.0
    """The longest utterance; what was understood by then is the result."""
    start_keys: frozenset[str] = EVERY_KEY
    """Keys that may begin an input; others are not heard until one of these was."""
    finish_keys: frozenset[str] = frozenset("#")
    """Keys that end the input and are no part of it; empty waits for `max_keys` or silence."""
    max_keys: int | None = None
    """Finish as soon as this many keys are pressed."""
    language: str = "en-US"
    hints: tuple[str, ...] = ()
    """Words and phrases to expect."""
    partials_to: Target | None = None
    """Where what is understood so far is sent while the caller still speaks."""
    act_on_empty: bool = False
    """Send the outcome to `action` even when nothing was gathered."""
    line: int | None = None
    """The line of the document where the verb stands."""

    def hears(self, kind: Input) -> bool:
        """Whether this gather listens for `kind`."""
        return kind in self.inputs

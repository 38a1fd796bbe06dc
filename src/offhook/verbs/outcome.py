"""What came of a verb: the run loop hands it to the program, which tells the application."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from offhook.verbs.detect_machine import Detected
from offhook.verbs.outcomes_of_legs import Conferred, Dialled, HoldChanged, Queued, Recorded, Referred
from offhook.verbs.send_message import MessageAsked
from offhook.verbs.stream import Streamed


@dataclass(frozen=True, slots=True)
class Done:
    """The verb ran to its end and has nothing to tell."""

    call_is_over: ClassVar[bool] = False

    voices: tuple[str, ...] = field(default=(), compare=False)
    """Of a text: the vendors whose voices spoke it, in order."""


class GatherEnd(StrEnum):
    """The rule that ended a gather. The value is the `reason` of its record where that is not a success."""

    SPEECH = "speech"
    """Words were understood."""
    KEYS = "keys"
    """Keys were pressed."""
    NO_INPUT = "no_input"
    """Nobody spoke or pressed a key in time."""
    NO_MATCH = "no_match"
    """Somebody spoke, and nothing could be made of it; or pressed keys that are not valid."""
    NEEDS_MODEL = "needs_model"
    """The recogniser has no model for what was asked of it (free speech, or another language)."""
    RECOGNISER_FAILED = "recogniser_failed"
    """The recogniser broke while it listened."""
    PROMPT_FAILED = "prompt_failed"
    """A prompt could not be had, so the caller was never asked."""
    HANG_UP = "hang_up"
    """The caller left in the middle."""
    CANCELLED = "cancelled"
    """The call was taken elsewhere, or the server stopped."""
    PROCESS_LOST = "process_lost"
    """The process that ran the call died."""

    @property
    def is_success(self) -> bool:
        """Whether the caller was heard."""
        return self in (GatherEnd.SPEECH, GatherEnd.KEYS)

    @property
    def is_failure(self) -> bool:
        """Whether the gather could not do its work, as against a caller who said nothing of use."""
        return self in (
            GatherEnd.NEEDS_MODEL,
            GatherEnd.RECOGNISER_FAILED,
            GatherEnd.PROMPT_FAILED,
            GatherEnd.HANG_UP,
            GatherEnd.CANCELLED,
            GatherEnd.PROCESS_LOST,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What a gather heard. At most one of `keys` and `speech` is not empty."""

    call_is_over: ClassVar[bool] = False

    end: GatherEnd
    keys: str = ""
    """Pressed keys, the finish key left out."""
    speech: str = ""
    confidence: float | None = None
    """0 to 1 as the recogniser sees it; None where it does not say."""
    detail: str = ""
    """What exactly went wrong, for people."""
    is_submitted: bool = False
    """Whether the finish key was pressed, and nothing before it."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell the application."""
        return not self.keys and not self.speech


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What is understood so far of somebody who still speaks."""

    stable: str = ""
    """What will not change any more."""
    unstable: str = ""
    """What follows it, and may."""
    stability: float | None = None
    """How likely `unstable` is to stay, 0 to 1; None where the recogniser does not say."""
    number: int = 0
    """How many were told of the same gather before."""

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join(part for part in (self.stable, self.unstable) if part)


Outcome = (
    Done
    | Gathered
    | Recorded
    | Dialled
    | Conferred
    | Queued
    | HoldChanged
    | Referred
    | MessageAsked
    | Streamed
    | Detected
)

"""What one installation makes of the questions on which the pages of Vobiz leave a choice."""

from dataclasses import dataclass
from enum import StrEnum

from offhook.dialects.vobiz.signatures import VOBIZ_AND_PLIVO


class NoInput(StrEnum):
    """What follows a Gather without input."""

    NOTIFY = "notify"
    """Its action is told, the answer is not read, and the next element runs."""
    REDIRECT = "redirect"
    """Its action is told, and the answer runs, as with an input."""
    SKIP = "skip"
    """Nobody is told, and the next element runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """The choices of one installation."""

    signature: str = VOBIZ_AND_PLIVO
    """One of `signatures.SCHEMES`."""
    no_input: NoInput = NoInput.NOTIFY
    has_plus: bool = False
    """Whether numbers are told with their `+`."""


UNLESS_CHOSEN = Habits()

"""End the call."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup:
    """End the call: at once, and nothing after it runs, or later, while what comes after it does."""

    needs_answer: ClassVar[bool] = True

    after_s: float | None = None
    """How many seconds from now; None is at once."""
    line: int | None = None
    """The line of the document where the verb stands."""

"""End the call."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup:
    """End the call; nothing after it runs."""

    needs_answer: ClassVar[bool] = True

    line: int | None = None
    """The line of the document where the verb stands."""

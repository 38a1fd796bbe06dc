"""Let callers hear themselves."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """Send the caller's own audio back until the call ends: the shortest test of a line."""

    needs_answer: ClassVar[bool] = True

    line: int | None = None
    """The line of the document where the verb stands."""

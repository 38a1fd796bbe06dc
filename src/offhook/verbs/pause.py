"""Wait in silence."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Wait; as the first verb of a ringing call it lets the call ring on."""

    needs_answer: ClassVar[bool] = False

    length_s: float = 1.0
    line: int | None = None
    """The line of the document where the verb stands."""

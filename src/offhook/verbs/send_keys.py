"""Press keys towards the caller."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class SendKeys:
    """Send keys to the far end, as an automatic system there would take them from a telephone."""

    needs_answer: ClassVar[bool] = True

    keys: str
    """0-9, `*`, `#` and A-D; `w` waits for half a second."""
    is_background: bool = False
    """Whether the next verb runs while they are sent."""
    line: int | None = None
    """The line of the document where the verb stands."""

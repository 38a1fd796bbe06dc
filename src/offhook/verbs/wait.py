"""Wait until the far end falls silent, or an answering machine beeps."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Listen to the far end and go on as soon as it has done what is waited for, or when the time is over."""

    needs_answer: ClassVar[bool] = True

    length_s: float = 1.0
    """The longest wait."""
    silence_s: float | None = None
    """Go on after so long a silence; None does not listen for it."""
    for_beep: bool = False
    """Go on once an answering machine's beep is over."""
    line: int | None = None
    """The line of the document where the verb stands."""

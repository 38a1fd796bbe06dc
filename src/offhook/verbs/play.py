"""Play a sound file to the caller."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Play the WAV, MP3 or OGG file at `url`; ends when it has been played `loop` times."""

    needs_answer: ClassVar[bool] = True

    url: str
    """Absolute http or https URL."""
    loop: int = 1
    """How often; 0 repeats until the caller hangs up."""
    is_skippable: bool = False
    """Whether a file that cannot be had, or is no sound, is passed over with a notification; else it is a fault of the
    document."""
    line: int | None = None
    """The line of the document where the verb stands."""

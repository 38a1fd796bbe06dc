"""Record what the caller says."""

from dataclasses import dataclass
from typing import ClassVar

from offhook.verbs.request import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Record until silence, a key, the longest time or the caller's hang-up."""

    needs_answer: ClassVar[bool] = True

    action: Target | None = None
    """Where the outcome is sent; None goes on with the next verb."""
    silence_s: float = 5.0
    """Silence that ends the recording."""
    finish_keys: frozenset[str] = frozenset("1234567890*#")
    """Keys that end the recording; empty for none."""
    max_length_s: float = 3600.0
    has_beep: bool = True
    """Whether a beep is heard before."""
    is_transcribed: bool = False
    transcription_target: Target | None = None
    """Where the transcription is sent once it is there."""
    language: str = ""
    """The language of the transcription; empty takes the configured one."""
    line: int | None = None
    """The line of the document where the verb stands."""

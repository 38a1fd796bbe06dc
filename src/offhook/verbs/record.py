"""Record what the caller says."""

from dataclasses import dataclass
from typing import ClassVar

from offhook.verbs.file_format import FileFormat
from offhook.verbs.request import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Record until silence, a key, the longest time or the caller's hang-up."""

    needs_answer: ClassVar[bool] = True

    action: Target | None = None
    """Where the outcome is sent; None goes on with the next verb."""
    follows_action: bool = True
    """Whether the call goes on with what the action answers; else the action is told, and the next verb runs."""
    callback: Target | None = None
    """Where it is told that the file is ready; the answer is not read."""
    is_background: bool = False
    """Record both sides while the following verbs run, until the call ends or `max_length_s` is over. Silence and keys do
    not end it then, and there is no beep."""
    silence_s: float = 5.0
    """Silence that ends the recording."""
    finish_keys: frozenset[str] = frozenset("1234567890*#")
    """Keys that end the recording; empty for none."""
    max_length_s: float = 3600.0
    has_beep: bool = True
    """Whether a beep is heard before."""
    is_stereo: bool = False
    """Whether the two sides are kept apart; counts for what has both."""
    file_format: FileFormat = FileFormat.WAV
    is_transcribed: bool = False
    transcription_target: Target | None = None
    """Where the transcription is sent once it is there."""
    language: str = ""
    """The language of the transcription; empty takes the configured one."""
    line: int | None = None
    """The line of the document where the verb stands."""

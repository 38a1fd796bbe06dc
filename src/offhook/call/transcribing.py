"""A recording that somebody is putting into words."""

from dataclasses import dataclass
from datetime import datetime

from offhook.call.voice_rows import TranscriptionRow
from offhook.verbs import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionTask:
    """A transcription that was taken, and what is needed to make and to tell it."""

    row: TranscriptionRow
    file: str | None
    """Where the recording lies, relative to the folder of all recordings; None where it was deleted."""
    callback: Target | None
    callback_parameters: tuple[tuple[str, str], ...]
    application_language: str | None = None
    """The language of the application that is told; None is the one of the installation."""
    lease_until: datetime
    """Until when it is this taker's."""

"""What is told of recordings and their transcriptions."""

from dataclasses import dataclass
from datetime import datetime

from offhook.call.voice_rows import RecordingSource
from offhook.verbs import Request, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStarted:
    """Something is being recorded."""

    recording_id: str
    """32 hex digits."""
    account_sid: str
    at: datetime
    source: RecordingSource
    file: str
    """Where it lies, relative to the folder of all recordings."""
    call_id: str | None
    """The call, or for a conference the one that began the recording."""
    conference_id: str | None = None
    channels: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFinished:
    """A recording is whole. Follows its `RecordingStarted` always, unless the process is lost."""

    recording_id: str
    account_sid: str
    at: datetime
    duration_s: float
    """0 for one in which nothing was recorded: it is no recording then, and its row goes."""
    size_bytes: int
    failure: str = ""
    """Why it ended early; what was written until then is there."""
    callbacks: tuple[Request, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionAsked:
    """A finished recording is to be put into words. Comes after its `RecordingFinished`."""

    transcription_id: str
    """32 hex digits."""
    recording_id: str
    account_sid: str
    call_id: str | None
    at: datetime
    provider: str
    """The recogniser's name."""
    language: str
    duration_s: float
    """The length of the recording."""
    callback: Target | None = None
    """Where the words are sent, with `callback_parameters` besides its own."""
    callback_parameters: tuple[tuple[str, str], ...] = ()
    application_language: str | None = None
    """The language of the application that is told; None is the one of the installation."""

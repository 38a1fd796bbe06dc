"""The rows of what calls leave behind besides themselves: recordings, conferences, and a line for each verb.

All moments are datetimes with a time zone, in UTC, to the millisecond. All durations are seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class VerbKind(StrEnum):
    """The verbs that have lists of their own, besides gathers."""

    SAY = "say"
    PLAY = "play"
    HOLD = "hold"
    RESUME = "resume"
    REFER = "refer"
    STREAM = "stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbRow:
    """A verb that ran."""

    record_id: str
    """32 hex digits."""
    account_sid: str
    call_id: str
    kind: VerbKind
    status: str
    reason: str
    error_code: int | None
    duration_s: float
    details: Mapping[str, str | int | None]
    date_created: datetime


class RecordingSource(StrEnum):
    """What began a recording."""

    RECORD = "record"
    DIAL = "dial"
    CONFERENCE = "conference"
    QUEUE = "queue"
    WHOLE_CALL = "call"


class RecordingStatus(StrEnum):
    """Whether a recording is whole."""

    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    FAILED = "failed"
    """It ended early; what was written until then is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRow:
    """A recording."""

    recording_id: str
    """32 hex digits."""
    account_sid: str
    call_id: str | None
    conference_id: str | None
    source: RecordingSource
    channels: int
    status: RecordingStatus
    reason: str
    duration_s: float
    size_bytes: int
    file: str
    """Where it lies, relative to the folder of all recordings."""
    date_created: datetime
    date_updated: datetime


class TranscriptionStatus(StrEnum):
    """Whether a recording has been put into words."""

    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionRow:
    """The words of a recording."""

    transcription_id: str
    """32 hex digits."""
    account_sid: str
    recording_id: str
    call_id: str | None
    status: TranscriptionStatus
    reason: str
    provider: str
    language: str
    duration_s: float
    text: str
    date_created: datetime
    date_updated: datetime


class ConferenceStatus(StrEnum):
    """The states of a conference."""

    INITIALIZING = "initializing"
    """Somebody waits in it, and it has not begun."""
    MODERATOR_ABSENT = "moderator-absent"
    MODERATOR_PRESENT = "moderator-present"
    STOPPING = "stopping"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether nothing can come after it."""
        return self in (ConferenceStatus.COMPLETED, ConferenceStatus.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceRow:
    """A conference, running or over."""

    conference_id: str
    """32 hex digits."""
    account_sid: str
    friendly_name: str
    status: ConferenceStatus
    worker_id: str
    """The worker that holds it, or held it."""
    date_created: datetime
    date_updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantRow:
    """A call that is, or was, in a conference."""

    conference_id: str
    call_id: str
    account_sid: str
    is_muted: bool
    is_on_hold: bool
    starts_conference: bool
    ends_conference: bool
    date_created: datetime
    """When it came."""
    date_updated: datetime
    left_at: datetime | None
    is_deaf: bool = False

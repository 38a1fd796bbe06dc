"""What a list of rows can be narrowed to, and a stretch of one. Lists are newest first.

Texts that say so take `%` for any run of characters; everything else is compared as it stands.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

from offhook.call.info import CallStatus, Direction
from offhook.call.number_kinds import NumberKind
from offhook.call.rows import GatherKind
from offhook.call.voice_rows import ConferenceStatus, VerbKind

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A stretch of a list, and how long the whole list is."""

    rows: tuple[Row, ...] = ()
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFilter:
    """Which numbers; both texts take `%`."""

    phone_number: str | None = None
    friendly_name: str | None = None
    kind: NumberKind | None = None
    """Only numbers in E.164 that are of this kind."""
    sort_by: Literal["phone_number", "friendly_name"] | None = None
    """None is by age."""
    is_reversed: bool = False
    """Whether what `sort_by` says goes from the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls; `from_` and `to` take `%`."""

    from_: str | None = None
    to: str | None = None
    status: CallStatus | None = None
    parent_call_id: str | None = None
    started_from: datetime | None = None
    """The earliest start time, inclusive."""
    ended_before: datetime | None = None
    """The end time lies before this moment."""
    statuses: tuple[CallStatus, ...] = ()
    """Any of these; none is all."""
    directions: tuple[Direction, ...] = ()
    """Any of these; none is all."""
    created_from: datetime | None = None
    """The earliest creation, inclusive."""
    created_before: datetime | None = None
    """The creation lies before this moment."""
    least_s: float | None = None
    """The shortest duration, inclusive."""
    is_over: bool | None = None


@dataclass(frozen=True, slots=True)
class CallSums:
    """What some calls come to."""

    calls: int = 0
    answered: int = 0
    seconds: float = 0.0
    last_at: datetime | None = None
    """When the newest of them was created."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceFilter:
    """Which conferences; `friendly_name` takes `%`."""

    friendly_name: str | None = None
    status: ConferenceStatus | None = None
    is_over: bool | None = None
    created_from: datetime | None = None
    """The earliest creation, inclusive."""
    updated_from: datetime | None = None
    """The earliest last change, inclusive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherFilter:
    """Which gathers."""

    kind: GatherKind
    created_from: datetime | None = None
    """The earliest creation, inclusive."""
    call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbFilter:
    """Which records of verbs."""

    kind: VerbKind
    created_from: datetime | None = None
    """The earliest creation, inclusive."""
    call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationFilter:
    """Which notifications; `request_url` and `message` take `%`."""

    created_from: datetime | None = None
    """The earliest creation, inclusive."""
    created_before: datetime | None = None
    """The creation lies before this moment."""
    call_id: str | None = None
    code: int | None = None
    request_url: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFilter:
    """Which recordings, in which order."""

    call_id: str | None = None
    conference_id: str | None = None
    conference_name: str | None = None
    from_: str | None = None
    """Who called; takes `%`, as `to` does."""
    to: str | None = None
    created_from: datetime | None = None
    """The earliest creation, inclusive."""
    created_before: datetime | None = None
    """The creation lies before this moment."""
    sort_by: Literal["date_created", "duration_s", "call_id"] = "date_created"
    is_descending: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionFilter:
    """Which transcriptions; `text` takes `%`."""

    text: str | None = None
    recording_id: str | None = None
    created_from: datetime | None = None
    """The earliest creation, inclusive."""
    created_before: datetime | None = None
    """The creation lies before this moment."""

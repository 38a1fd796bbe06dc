"""What a list of rows can be narrowed to, and a stretch of one. Lists are newest first.

Texts that say so take `%` for any run of characters; everything else is compared as it stands.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from offhook.call.info import CallStatus
from offhook.call.rows import GatherKind

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


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherFilter:
    """Which gathers."""

    kind: GatherKind
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

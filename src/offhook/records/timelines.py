"""Timelines of calls, as they are read: the parts of each put together again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from offhook.call.timeline import Event
from offhook.records.database import Database
from offhook.records.tables import call_timelines


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTimeline:
    """What was kept of a call's timeline."""

    began_at: datetime | None
    """The wall clock's time at its beginning; None where nothing was kept."""
    events: tuple[Event, ...]
    """In the order of time, without the `began` that opens it."""


class Timelines:
    """The timelines of all calls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_call(self, call_id: str) -> KeptTimeline:
        """The timeline of a call, as far as it is kept by now."""
        with self._database.reading() as connection:
            return timeline_of(connection, call_id)


def timeline_of(connection: Connection, call_id: str) -> KeptTimeline:
    """The timeline of a call, inside a transaction."""
    wanted = (
        select(call_timelines.c.events)
        .where(call_timelines.c.call_id == call_id)
        .order_by(call_timelines.c.chunk)
    )
    events = [_event(event) for row in connection.execute(wanted) for event in row.events]
    began = next((facts["at"] for _, kind, facts in events if kind == "began"), None)
    # Threads note side by side, so neighbours may stand the wrong way round by some milliseconds.
    told = sorted((event for event in events if event[1] != "began"), key=lambda event: event[0])
    return KeptTimeline(
        began_at=datetime.fromisoformat(str(began)) if began is not None else None, events=tuple(told)
    )


def _event(event: Any) -> Event:
    at, kind, facts = event
    return int(at), str(kind), facts

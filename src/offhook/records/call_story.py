"""All that the records know of one call, on one axis of time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from offhook.call.ending import EndCause, Ending
from offhook.call.ending_words import why_ended
from offhook.call.exchange import without_credentials
from offhook.call.rows import CallRow
from offhook.call.timeline import Event
from offhook.records.calls import call_row
from offhook.records.columns import MILLISECOND
from offhook.records.database import Database
from offhook.records.outbox_rows import callback_of
from offhook.records.tables import calls, gathers, notifications, outbox
from offhook.records.timelines import KeptTimeline, timeline_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStory:
    """A call and what happened in it."""

    call: CallRow
    began_at: datetime
    """What the events' milliseconds are counted from."""
    has_timeline: bool
    """Whether a timeline was kept; without one the events are those that rows tell of."""
    events: tuple[Event, ...]
    """The timeline's own, and `gather`, `notification`, `callback` and `callback_try` from the rows of those names."""
    why: str
    """How it ended, in words."""


class CallStories:
    """The stories of all calls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, call_id: str, *, account_sid: str | None = None) -> CallStory | None:
        """The story of a call; None where the account, or without one anybody, has no such call."""
        wanted = select(calls).where(calls.c.call_id == call_id)
        if account_sid is not None:
            wanted = wanted.where(calls.c.account_sid == account_sid)
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
            if row is None:
                return None
            return _story(connection, call_row(row))


def _story(connection: Connection, call: CallRow) -> CallStory:
    timeline = timeline_of(connection, call.call_id)
    began_at = timeline.began_at or call.date_created

    def since(moment: datetime) -> int:
        return (moment - began_at) // MILLISECOND

    events = [
        *timeline.events,
        *((since(at), kind, facts) for at, kind, facts in _row_events(connection, call)),
    ]
    return CallStory(
        call=call,
        began_at=began_at,
        has_timeline=timeline.began_at is not None,
        events=tuple(sorted(events, key=lambda event: event[0])),
        why=why_ended(_ending(timeline, call), call.reason, call.status),
    )


def _ending(timeline: KeptTimeline, call: CallRow) -> Ending | None:
    """How the timeline saw the end. Not for a call whose worker died, which ended on paper alone."""
    if call.reason.startswith("worker_lost"):
        return None
    for _, kind, facts in reversed(timeline.events):
        if kind == "ended":
            sip_status = facts.get("sip_status")
            return Ending(EndCause(str(facts["cause"])), sip_status if isinstance(sip_status, int) else None)
    return None


Told = tuple[datetime, str, Mapping[str, object]]


def _row_events(connection: Connection, call: CallRow) -> Iterator[Told]:
    of_account = {"account_sid": call.account_sid, "call_id": call.call_id}
    for table, tell in ((gathers, _gather), (notifications, _notification)):
        wanted = select(table).filter_by(**of_account)
        for row in connection.execute(wanted):
            yield tell(row)
    for row in connection.execute(select(outbox).filter_by(call_id=call.call_id).order_by(outbox.c.seq)):
        yield from _callback(row)


def _gather(row: Row[Any]) -> Told:
    facts = {
        "gather_id": row.gather_id,
        "listens_for": "speech" if row.kind == "speech" else "keys",
        "status": row.status,
        "reason": row.reason,
        "keys": row.keys,
        "speech": row.speech,
        "confidence": row.confidence,
        "provider": row.provider,
        "language": row.language,
        **({"switches": row.switches} if row.switches else {}),
    }
    return row.date_created or row.started_at, "gather", facts


def _notification(row: Row[Any]) -> Told:
    level = "warning" if row.log else "error"
    facts = {"notification_id": row.notification_id, "level": level, "code": row.code, "message": row.message}
    return row.date_created, "notification", facts


def _callback(row: Row[Any]) -> Iterator[Told]:
    callback = callback_of(row)
    target = callback.request.target
    about = {
        "callback_id": callback.id,
        "method": target.method.value,
        "url": without_credentials(target.url),
    }
    yield (
        callback.created,
        "callback",
        {
            **about,
            "parameters": dict(callback.request.parameters),
            "state": callback.state,
            "tries": callback.attempt,
            "last_status": callback.last_status,
            "last_error": callback.last_error,
        },
    )
    # The outbox keeps the last ones alone.
    first = max(1, callback.attempt - len(callback.attempts) + 1)
    for number, tried in enumerate(callback.attempts, first):
        facts = {
            **about,
            "try": number,
            "status": tried.status,
            "took_ms": tried.took_ms,
            "error": tried.error or None,
            "body": tried.head,
        }
        yield tried.at, "callback_try", facts

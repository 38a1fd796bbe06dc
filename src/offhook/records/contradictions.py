"""What can be wrong among the records of calls, and where it is found."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, literal, select

from offhook.call.info import CallStatus
from offhook.call.rows import GatherStatus
from offhook.records.columns import database_now
from offhook.records.outbox import State
from offhook.records.tables import calls, gathers, outbox, rooms, workers

MOST = 1_000
"""How many of each kind one look finds."""
LEASE_MARGIN_MS = 5_000
"""How long ago a dispatcher's hold on an item must have run out: until then it may be about to be released."""


class Kind(StrEnum):
    """What can be wrong."""

    CALL_WITHOUT_END = "call_without_end"
    """A call runs on paper, and the worker that ran it is gone."""
    CALLBACK_MISSING = "callback_missing"
    """A call is over, its end was to be told, and nothing says so in the outbox."""
    GATHER_WITHOUT_END = "gather_without_end"
    """A gather listens on paper, in a call that is over or was never written."""
    CALLBACK_STUCK = "callback_stuck"
    """A callback is in the hands of a dispatcher that did not report on it in time."""
    ROOM_WITHOUT_OWNER = "room_without_owner"
    """A conference or queue belongs to a worker that is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """One thing that should not be."""

    kind: Kind
    id: str
    """Of the call, gather, outbox item or room."""
    call_id: str | None
    account_sid: str
    words: str
    """What is the matter."""
    is_curable: bool = True


def contradictions(
    connection: Connection, *, lease_s: float, ended_since: datetime, account_sid: str | None
) -> Iterator[Contradiction]:
    """All that is wrong now, of one account or all. `lease_s` is how long a worker lives without renewing its lease.

    Missing callbacks are looked for in calls that ended since a moment, as those of before may have been forgotten with
    their time.
    """
    yield from _calls_without_end(connection, lease_s, account_sid)
    yield from _callbacks_missing(connection, account_sid, ended_since)
    yield from _gathers_without_end(connection, account_sid)
    yield from _callbacks_stuck(connection, account_sid)
    yield from _rooms_without_owner(connection, lease_s, account_sid)


def workers_alive(lease_s: float) -> Any:
    """The ids of workers that hold a lease now, to be selected from."""
    renewed = workers.c.renewed_at >= database_now() - round(lease_s * 1000)
    return select(workers.c.worker_id).where(workers.c.stopped_at.is_(None), renewed)


def _calls_without_end(
    connection: Connection, lease_s: float, account_sid: str | None
) -> Iterator[Contradiction]:
    wanted = (
        select(calls, workers.c.renewed_at, workers.c.stopped_at)
        .join(workers, workers.c.worker_id == calls.c.worker_id, isouter=True)
        .where(calls.c.end_time.is_(None), calls.c.worker_id.not_in(workers_alive(lease_s)))
        .where(*_of(calls.c.account_sid, account_sid))
        .order_by(calls.c.date_created)
        .limit(MOST)
    )
    for row in connection.execute(wanted):
        yield Contradiction(
            kind=Kind.CALL_WITHOUT_END,
            id=row.call_id,
            call_id=row.call_id,
            account_sid=row.account_sid,
            words=f"{row.status} since {_shown(row.date_updated)}, and {_worker_words(row)}",
        )


def _callbacks_missing(
    connection: Connection, account_sid: str | None, ended_since: datetime
) -> Iterator[Contradiction]:
    told = exists().where(
        outbox.c.call_id == calls.c.call_id,
        outbox.c.account_sid == calls.c.account_sid,
        outbox.c.created >= calls.c.date_updated,
    )
    wanted = (
        select(calls)
        .where(calls.c.end_time >= ended_since, calls.c.if_lost_url.is_not(None), ~told)
        .where(*_of(calls.c.account_sid, account_sid))
        .order_by(calls.c.date_created)
        .limit(MOST)
    )
    for row in connection.execute(wanted):
        # Only the callback of a failed call was written down beforehand.
        is_curable = row.status == CallStatus.FAILED.value
        yield Contradiction(
            kind=Kind.CALLBACK_MISSING,
            id=row.call_id,
            call_id=row.call_id,
            account_sid=row.account_sid,
            words=f"{row.status} since {_shown(row.end_time)}, and its last callback was never made",
            is_curable=is_curable,
        )


def _gathers_without_end(connection: Connection, account_sid: str | None) -> Iterator[Contradiction]:
    runs = exists().where(calls.c.call_id == gathers.c.call_id, calls.c.end_time.is_(None))
    wanted = (
        select(gathers)
        .where(gathers.c.status == GatherStatus.RUNNING.value, ~runs)
        .where(*_of(gathers.c.account_sid, account_sid))
        .order_by(gathers.c.started_at)
        .limit(MOST)
    )
    for row in connection.execute(wanted):
        yield Contradiction(
            kind=Kind.GATHER_WITHOUT_END,
            id=row.gather_id,
            call_id=row.call_id,
            account_sid=row.account_sid,
            words=f"listens since {_shown(row.started_at)}, and its call is over",
        )


def _callbacks_stuck(connection: Connection, account_sid: str | None) -> Iterator[Contradiction]:
    wanted = (
        select(outbox)
        .where(outbox.c.state == State.LEASED.value)
        .where(outbox.c.lease_until < database_now() - literal(LEASE_MARGIN_MS))
        .where(*_of(outbox.c.account_sid, account_sid))
        .order_by(outbox.c.created)
        .limit(MOST)
    )
    for row in connection.execute(wanted):
        yield Contradiction(
            kind=Kind.CALLBACK_STUCK,
            id=row.id,
            call_id=row.call_id,
            account_sid=row.account_sid,
            words=f"taken by a dispatcher until {_shown(row.lease_until)}, and never reported on: none runs",
        )


def _rooms_without_owner(
    connection: Connection, lease_s: float, account_sid: str | None
) -> Iterator[Contradiction]:
    wanted = select(rooms).where(
        rooms.c.worker_id.not_in(workers_alive(lease_s)), *_of(rooms.c.account_sid, account_sid)
    )
    for row in connection.execute(wanted.limit(MOST)):
        yield Contradiction(
            kind=Kind.ROOM_WITHOUT_OWNER,
            id=row.room_id,
            call_id=None,
            account_sid=row.account_sid,
            words=f"{row.kind} {row.name!r} belongs to worker {row.worker_id}, which is gone",
        )


def _of(column: ColumnElement[str], account_sid: str | None) -> list[ColumnElement[bool]]:
    return [] if account_sid is None else [column == account_sid]


def _worker_words(row: Row[Any]) -> str:
    if row.renewed_at is None:
        return f"its worker {row.worker_id} is unknown"
    if row.stopped_at is not None:
        return f"the lease of its worker {row.worker_id} ended at {_shown(row.stopped_at)}"
    return f"its worker {row.worker_id} was last heard of at {_shown(row.renewed_at)}"


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"

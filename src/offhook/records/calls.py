"""Calls, as they are read."""

from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from offhook.call.info import CallStatus, Direction
from offhook.call.listing import CallFilter, CallSums, Page
from offhook.call.rows import CallRow
from offhook.records.database import Database
from offhook.records.ended_column import how_ended_of
from offhook.records.listing import NumberedList, alike, counted, looked_at
from offhook.records.numbering import Listing, ends
from offhook.records.tables import calls
from offhook.verbs import Method, Request, Target


class Calls:
    """The calls of all accounts, each seen by its account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, account_sid: str, call_id: str) -> CallRow | None:
        """The account's call with this id."""
        wanted = select(calls).where(calls.c.call_id == call_id, calls.c.account_sid == account_sid)
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return call_row(row) if row else None

    def page(self, account_sid: str, wanted: CallFilter, *, offset: int, limit: int) -> Page[CallRow]:
        """A stretch of the account's calls, newest first."""
        seq = calls.c.seq
        belongs = calls.c.account_sid == account_sid
        with self._database.reading() as connection:
            ends_now = ends(connection, account_sid, Listing.CALLS)
            whole = NumberedList((belongs,), seq, calls.c.date_created, ends_now)
            # A call does not end before it is created, so the later ones need not be looked at.
            first, last = whole.between(connection, None, wanted.ended_before)
            if wanted == CallFilter():
                rows, total = whole.stretch(connection, (first, last), offset=offset, limit=limit)
            else:
                others = _conditions(wanted)
                query = select(calls).where(belongs, seq <= last, *others, *_looked_at_times(wanted))
                count = select(calls).where(belongs, *others, *_times(wanted))
                rows, total = counted(connection, query, seq.desc(), offset=offset, limit=limit, count=count)
        return Page(tuple(call_row(row) for row in rows), total)

    def sums(self, account_sid: str, wanted: CallFilter) -> CallSums:
        """What the account's calls come to."""
        columns = func.count(), func.count(calls.c.answered_at), func.sum(calls.c.duration_s)
        query = select(*columns, func.max(calls.c.date_created)).where(
            calls.c.account_sid == account_sid, *_conditions(wanted), *_times(wanted)
        )
        with self._database.reading() as connection:
            number, answered, seconds, last_at = connection.execute(query).one()
        return CallSums(number, answered, seconds or 0.0, last_at)


def _conditions(wanted: CallFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.from_ is not None:
        conditions.append(alike(calls.c.from_, wanted.from_))
    if wanted.to is not None:
        conditions.append(alike(calls.c.to, wanted.to))
    if wanted.status is not None:
        conditions.append(calls.c.status == wanted.status.value)
    if wanted.parent_call_id is not None:
        conditions.append(calls.c.parent_call_id == wanted.parent_call_id)
    if wanted.statuses:
        conditions.append(calls.c.status.in_([status.value for status in wanted.statuses]))
    if wanted.directions:
        conditions.append(calls.c.direction.in_([direction.value for direction in wanted.directions]))
    if wanted.created_from is not None:
        conditions.append(calls.c.date_created >= wanted.created_from)
    if wanted.created_before is not None:
        conditions.append(calls.c.date_created < wanted.created_before)
    if wanted.least_s is not None:
        conditions.append(calls.c.duration_s >= wanted.least_s)
    if wanted.is_over is not None:
        conditions.append(calls.c.end_time.is_not(None) if wanted.is_over else calls.c.end_time.is_(None))
    return conditions


def _times(wanted: CallFilter) -> list[ColumnElement[bool]]:
    """The conditions on times for counting, which an index on them does alone."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.started_from is not None:
        conditions.append(calls.c.start_time >= wanted.started_from)
    if wanted.ended_before is not None:
        conditions += [calls.c.end_time < wanted.ended_before, calls.c.start_time < wanted.ended_before]
    return conditions


def _looked_at_times(wanted: CallFilter) -> list[ColumnElement[bool]]:
    """The same for reading a page."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.started_from is not None:
        conditions.append(looked_at(calls.c.start_time) >= wanted.started_from)
    if wanted.ended_before is not None:
        conditions.append(looked_at(calls.c.end_time) < wanted.ended_before)
    return conditions


def call_row(row: Row[Any]) -> CallRow:
    """A row of the table as a value."""
    return CallRow(
        call_id=row.call_id,
        account_sid=row.account_sid,
        instance_id=row.instance_id,
        worker_id=row.worker_id,
        parent_call_id=row.parent_call_id,
        direction=Direction(row.direction),
        from_=row.from_,
        to=row.to,
        status=CallStatus(row.status),
        date_created=row.date_created,
        date_updated=row.date_updated,
        start_time=row.start_time,
        answered_at=row.answered_at,
        end_time=row.end_time,
        duration_s=row.duration_s,
        ring_duration_s=row.ring_duration_s,
        number_sid=row.number_sid,
        caller_name=row.caller_name,
        forwarded_from=row.forwarded_from,
        metadata=row.metadata,
        reason=row.reason,
        sip_status=row.sip_status,
        ended=how_ended_of(row.ended),
        if_lost=_if_lost(row),
        language=row.language,
    )


def _if_lost(row: Row[Any]) -> Request | None:
    if row.if_lost_url is None:
        return None
    parameters = tuple((str(name), str(value)) for name, value in row.if_lost_parameters)
    target = Target(row.if_lost_url, Method(row.if_lost_method))
    return Request(target, parameters, signature=row.if_lost_signature or "")

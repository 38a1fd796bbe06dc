"""Calls of workers that died: their rows reach a final status all the same, and the customer is told.

A lost call ends, on paper, when its worker was last heard of: at its last renewed lease, or at the call's own
last change where that is later. It gets a new fence: should its worker only have been silent, what that writes about
the call from then on changes nothing.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, select, update

from offhook.call.facts import CallFinished, Fact, GatherFinished
from offhook.call.info import CallStatus, new_id
from offhook.call.rows import CallRow, GatherKind, GatherStatus
from offhook.records.calls import call_row
from offhook.records.columns import database_now
from offhook.records.database import Database
from offhook.records.entry import Entry
from offhook.records.installation import next_fence
from offhook.records.meeting_writing import close_lost_conferences
from offhook.records.tables import calls, gathers, workers
from offhook.records.writer import Writer
from offhook.verbs import Gathered, GatherEnd, Request

FinalCallback = Callable[[CallRow], Request | None]
"""Makes the last status callback of a call out of its closed row; None where none is to be sent."""


class LostCalls:
    """Closes calls that nobody runs any more. `poke` is called when callbacks wait to be sent."""

    def __init__(
        self, database: Database, *, final_callback: FinalCallback, poke: Callable[[], None] = lambda: None
    ) -> None:
        self._database = database
        self._final_callback = final_callback
        self._poke = poke

    def close_predecessors(
        self, *, worker_index: int, except_worker_id: str, sip_address: str | None = None
    ) -> int:
        """Close the calls of those who had a worker's place before it; returns how many there were.

        Call it when a worker starts, before it takes calls. Where workers run on several machines, whose
        places are counted separately, `sip_address` narrows it to those who had that address too.
        """
        had_place = [workers.c.worker_index == worker_index, workers.c.worker_id != except_worker_id]
        if sip_address is not None:
            had_place.append(workers.c.sip_address == sip_address)
        return self._close(*had_place)

    def close_expired(self, *, lease_s: float, except_worker_ids: Collection[str] = ()) -> int:
        """Close the calls of workers that renewed no lease for `lease_s` seconds; returns how many there were.

        Such a worker's lease is ended, and it learns so when it tries to renew it. `except_worker_ids` are known to
        live, though the database did not hear of them.
        """
        is_expired = workers.c.renewed_at < database_now() - round(lease_s * 1000)
        return self._close(is_expired, workers.c.worker_id.not_in(except_worker_ids))

    def _close(self, *is_lost: ColumnElement[bool]) -> int:
        if not self._are_there(is_lost):
            return 0
        with self._database.writing() as connection:
            end_lease = update(workers).where(*is_lost, workers.c.stopped_at.is_(None))
            connection.execute(end_lease.values(stopped_at=database_now(), free_slots=0))
            lost = _unfinished(connection, is_lost)
            close_lost_conferences(connection, *is_lost)
            entries = [entry for row in lost for entry in self._endings(connection, row)]
            fence = next_fence(connection)
            take = update(calls).where(calls.c.call_id == bindparam("lost"))
            if lost:
                connection.execute(take.values(fence=fence), [{"lost": row.call_id} for row in lost])
            has_callbacks = Writer(worker_id="", instance_id="", fence=fence).write(connection, entries)
        if has_callbacks:
            self._poke()
        return len(lost)

    def _are_there(self, is_lost: Sequence[ColumnElement[bool]]) -> bool:
        """Whether there is anything to close; asked each second, and it holds nobody up."""
        leases = select(workers.c.worker_id).where(*is_lost, workers.c.stopped_at.is_(None))
        with self._database.reading() as connection:
            if connection.execute(leases.limit(1)).first() is not None:
                return True
            return bool(_unfinished(connection, is_lost, limit=1))

    def _endings(self, connection: Connection, row: Row[Any]) -> list[Entry]:
        """The facts that the dead worker owes, gathers first."""
        at = max(row.renewed_at, row.date_updated)
        call = call_row(row)
        owed: list[Fact] = [*_gathers_end(connection, call, at), self._call_end(call, at)]
        return [Entry(fact, new_id()) for fact in owed]

    def _call_end(self, call: CallRow, at: datetime) -> CallFinished:
        duration_s = (at - call.answered_at).total_seconds() if call.answered_at else 0.0
        ring_duration_s = ((call.answered_at or at) - call.date_created).total_seconds()
        reason = f"worker_lost: worker {call.worker_id} is gone"
        closed = replace(
            call,
            status=CallStatus.FAILED,
            reason=reason,
            date_updated=at,
            end_time=at,
            duration_s=duration_s,
            ring_duration_s=max(0.0, ring_duration_s),
        )
        callback = self._final_callback(closed)
        return CallFinished(
            call_id=call.call_id,
            account_sid=call.account_sid,
            at=at,
            status=CallStatus.FAILED,
            reason=reason,
            duration_s=duration_s,
            ring_duration_s=max(0.0, ring_duration_s),
            callbacks=(callback,) if callback else (),
        )


def _unfinished(
    connection: Connection, is_lost: Sequence[ColumnElement[bool]], limit: int | None = None
) -> Sequence[Row[Any]]:
    wanted = (
        select(calls, workers.c.renewed_at)
        .join(workers, workers.c.worker_id == calls.c.worker_id)
        .where(*is_lost, calls.c.end_time.is_(None))
        .order_by(calls.c.date_created)
        .limit(limit)
    )
    return connection.execute(wanted).all()


def _gathers_end(connection: Connection, call: CallRow, at: datetime) -> list[GatherFinished]:
    running = select(gathers.c.gather_id, gathers.c.kind).where(
        gathers.c.account_sid == call.account_sid,
        gathers.c.call_id == call.call_id,
        gathers.c.status == GatherStatus.RUNNING.value,
    )
    return [
        GatherFinished(
            gather_id=row.gather_id,
            call_id=call.call_id,
            account_sid=call.account_sid,
            at=at,
            is_speech=row.kind == GatherKind.SPEECH.value,
            gathered=Gathered(end=GatherEnd.PROCESS_LOST),
            duration_s=0.0,
        )
        for row in connection.execute(running)
    ]

"""Finds rows that contradict each other, and sets them right.

None of this comes about in the ordinary run of things: transactions, leases and the reaper see to that. It is the second
pair of eyes for after a restored backup, a database edited by hand, or a fault of ours.
"""

from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, select, update

from offhook.call.facts import GatherFinished
from offhook.call.info import new_id
from offhook.call.rows import GatherKind
from offhook.records.calls import call_row
from offhook.records.columns import EPOCH, database_now
from offhook.records.contradictions import Contradiction, Kind, contradictions, workers_alive
from offhook.records.database import Database
from offhook.records.entry import Entry
from offhook.records.lost import FinalCallback, LostCalls
from offhook.records.outbox import State, enqueue
from offhook.records.tables import calls, gathers, outbox, rooms, workers
from offhook.records.writer import Writer
from offhook.verbs import Gathered, GatherEnd


class Reconciling:
    """Looks through the records. `lease_s` is how long a worker lives without renewing its lease."""

    def __init__(self, database: Database, *, lease_s: float, final_callback: FinalCallback) -> None:
        self._database = database
        self._lease_s = lease_s
        self._final_callback = final_callback

    def find(self, *, ended_since: datetime, account_sid: str | None = None) -> tuple[Contradiction, ...]:
        """What is wrong now, of one account or all; missing callbacks of calls that ended since a moment alone."""
        with self._database.reading() as connection:
            found = contradictions(
                connection, lease_s=self._lease_s, ended_since=ended_since, account_sid=account_sid
            )
            return tuple(found)

    def cure(self, found: Collection[Contradiction], *, living: Collection[str] = ()) -> None:
        """Set right what can be. `living` are workers known to live though the database did not hear of them."""
        if any(one.kind is Kind.CALL_WITHOUT_END for one in found):
            self._write_leases_of_unknown_workers()
            lost = LostCalls(self._database, final_callback=self._final_callback)
            lost.close_expired(lease_s=self._lease_s, except_worker_ids=living)
        with self._database.writing() as connection:
            for one in found:
                match one.kind:
                    case Kind.CALLBACK_MISSING if one.is_curable:
                        self._send_callback(connection, one.id)
                    case Kind.GATHER_WITHOUT_END:
                        _end_gather(connection, one.id)
                    case Kind.CALLBACK_STUCK:
                        _release(connection, one.id)
                    case Kind.ROOM_WITHOUT_OWNER:
                        is_ownerless = rooms.c.worker_id.not_in(workers_alive(self._lease_s))
                        connection.execute(delete(rooms).where(rooms.c.room_id == one.id, is_ownerless))
                    case _:
                        pass

    def _send_callback(self, connection: Connection, call_id: str) -> None:
        call = call_row(connection.execute(select(calls).where(calls.c.call_id == call_id)).one())
        request = self._final_callback(call)
        if request is not None:
            enqueue(
                connection,
                request,
                id=new_id(),
                account_sid=call.account_sid,
                call_id=call_id,
                created=datetime.now(UTC),
            )

    def _write_leases_of_unknown_workers(self) -> None:
        """A call whose worker has no lease at all gets one that ended long ago, so that it can be closed like any other."""
        unknown = (
            select(calls.c.worker_id)
            .where(calls.c.end_time.is_(None), calls.c.worker_id.not_in(select(workers.c.worker_id)))
            .distinct()
        )
        with self._database.writing() as connection:
            for worker_id in connection.execute(unknown).scalars().all():
                connection.execute(workers.insert(), _ended_lease(worker_id))


def _ended_lease(worker_id: str) -> dict[str, object]:
    nowhere = {"worker_index": -1, "address": "", "sip_address": "", "build": "unknown"}
    moments = {"started_at": EPOCH, "renewed_at": EPOCH, "stopped_at": EPOCH}
    return {"worker_id": worker_id, "call_slots": 0, "free_slots": 0, **nowhere, **moments}


def _end_gather(connection: Connection, gather_id: str) -> None:
    for row in connection.execute(select(gathers).where(gathers.c.gather_id == gather_id)).all():
        ended = connection.scalar(select(calls.c.end_time).where(calls.c.call_id == row.call_id))
        fact = GatherFinished(
            gather_id=gather_id,
            call_id=row.call_id,
            account_sid=row.account_sid,
            at=ended or row.started_at,
            is_speech=row.kind == GatherKind.SPEECH.value,
            gathered=Gathered(end=GatherEnd.PROCESS_LOST),
            duration_s=0.0,
        )
        Writer(worker_id="", instance_id="").write(connection, [Entry(fact, new_id())])


def _release(connection: Connection, item_id: str) -> None:
    is_stuck = [outbox.c.id == item_id, outbox.c.state == State.LEASED.value]
    change = {"state": State.PENDING.value, "next_at": database_now(), "lease_until": None}
    connection.execute(update(outbox).where(*is_stuck).values(change))

"""Leases of workers: who takes calls, where, and whether they are alive by the database's own time."""

from typing import Any

from sqlalchemy import Row, select, update

from offhook.call.rows import WorkerRow
from offhook.records.columns import database_now
from offhook.records.database import Database
from offhook.records.installation import next_fence
from offhook.records.numbering import insert_for
from offhook.records.tables import workers

LEASE_S = 10.0
"""A worker that the database has not heard of for so long is dead."""


class Workers:
    """The workers of the installation, running or not."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def next_fence(self) -> int:
        """A fencing token for a lease that is about to begin."""
        with self._database.writing() as connection:
            return next_fence(connection)

    def register(
        self,
        worker_id: str,
        *,
        worker_index: int,
        address: str,
        sip_address: str,
        call_slots: int,
        free_slots: int,
        build: str,
        fence: int = 0,
    ) -> None:
        """Begin a lease, or begin it anew."""
        lease = {
            "worker_index": worker_index,
            "address": address,
            "sip_address": sip_address,
            "call_slots": call_slots,
            "free_slots": free_slots,
            "build": build,
            "started_at": database_now(),
            "renewed_at": database_now(),
            "stopped_at": None,
            "is_draining": False,
            "fence": fence,
        }
        with self._database.writing() as connection:
            new = insert_for(connection)(workers).values(worker_id=worker_id, **lease)
            connection.execute(new.on_conflict_do_update(index_elements=[workers.c.worker_id], set_=lease))

    def renew(self, worker_id: str, *, free_slots: int) -> bool:
        """Go on with a lease; False when it was ended, so that the worker must not take another call."""
        change = _lease(worker_id).where(workers.c.stopped_at.is_(None))
        with self._database.writing() as connection:
            result = connection.execute(change.values(renewed_at=database_now(), free_slots=free_slots))
        return result.rowcount == 1

    def drain(self, worker_id: str) -> None:
        """The worker takes no more calls; those that it has go on, and so does its lease."""
        with self._database.writing() as connection:
            connection.execute(_lease(worker_id).values(is_draining=True, free_slots=0))

    def stop(self, worker_id: str) -> None:
        """End a lease."""
        with self._database.writing() as connection:
            connection.execute(_lease(worker_id).values(stopped_at=database_now(), free_slots=0))

    def get(self, worker_id: str) -> WorkerRow | None:
        """The lease of a worker, alive or not."""
        with self._database.reading() as connection:
            row = connection.execute(select(workers).where(workers.c.worker_id == worker_id)).one_or_none()
        return _worker(row) if row else None

    def alive(self, within_s: float) -> tuple[WorkerRow, ...]:
        """Workers that renewed their lease in the last `within_s` seconds, in the order of their places."""
        is_alive = workers.c.renewed_at >= database_now() - round(within_s * 1000)
        wanted = select(workers).where(workers.c.stopped_at.is_(None), is_alive)
        order = workers.c.worker_index, workers.c.worker_id
        with self._database.reading() as connection:
            return tuple(_worker(row) for row in connection.execute(wanted.order_by(*order)))


def _lease(worker_id: str) -> Any:
    return update(workers).where(workers.c.worker_id == worker_id)


def _worker(row: Row[Any]) -> WorkerRow:
    return WorkerRow(**row._asdict())

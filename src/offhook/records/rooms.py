"""Rooms: each conference and queue has one owner among the workers, claimed atomically.

A leg on any worker asks here who owns the room it wants to enter, and becomes the owner where nobody alive does.
"""

import hashlib
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from offhook.call.info import new_id
from offhook.call.rows import RoomKind, RoomRow
from offhook.records.columns import database_now, storable
from offhook.records.database import Database
from offhook.records.numbering import insert_for
from offhook.records.tables import rooms, workers


class Rooms:
    """The rooms of all accounts that are open now. `lease_s` is how long a worker lives without renewing its lease."""

    def __init__(self, database: Database, *, lease_s: float) -> None:
        self._database = database
        self._lease_s = lease_s

    def claim(self, account_sid: str, kind: RoomKind, name: str, worker_id: str) -> RoomRow:
        """The room of that name: opened by `worker_id`, or the one that a living worker has open already.

        A room whose owner is gone is opened anew, with a new `room_id`. Whoever claims at the same time is told
        the same owner.
        """
        with self._database.writing() as connection:
            opened = {
                "account_sid": account_sid,
                "kind": kind.value,
                "name_key": _key(name),
                "name": name,
                "room_id": new_id(),
                "worker_id": worker_id,
                "claimed_at": database_now(),
            }
            insert = insert_for(connection)(rooms).values(opened)
            taken_over = {key: opened[key] for key in ("name", "room_id", "worker_id", "claimed_at")}
            connection.execute(
                insert.on_conflict_do_update(
                    index_elements=[rooms.c.account_sid, rooms.c.kind, rooms.c.name_key],
                    set_=taken_over,
                    where=rooms.c.worker_id.not_in(self._living()),
                )
            )
            return _room(_find(connection, account_sid, kind, name))

    def find(self, account_sid: str, kind: RoomKind, name: str) -> RoomRow | None:
        """The room of that name, if a living worker has it open."""
        with self._database.reading() as connection:
            row = connection.execute(
                _named(account_sid, kind, name).where(rooms.c.worker_id.in_(self._living()))
            ).one_or_none()
        return _room(row) if row else None

    def release(self, room_id: str, worker_id: str) -> bool:
        """Close a room; False where it has another owner by now."""
        which = delete(rooms).where(rooms.c.room_id == room_id, rooms.c.worker_id == worker_id)
        with self._database.writing() as connection:
            return connection.execute(which).rowcount == 1

    def _living(self) -> Any:
        renewed = workers.c.renewed_at >= database_now() - round(self._lease_s * 1000)
        return select(workers.c.worker_id).where(workers.c.stopped_at.is_(None), renewed)


def _key(name: str) -> str:
    """Names may be longer than an index can hold."""
    return hashlib.sha256(storable(name).encode()).hexdigest()


def _named(account_sid: str, kind: RoomKind, name: str) -> Any:
    return select(rooms).where(
        rooms.c.account_sid == account_sid, rooms.c.kind == kind.value, rooms.c.name_key == _key(name)
    )


def _find(connection: Connection, account_sid: str, kind: RoomKind, name: str) -> Row[Any]:
    return connection.execute(_named(account_sid, kind, name)).one()


def _room(row: Row[Any]) -> RoomRow:
    return RoomRow(
        room_id=row.room_id,
        account_sid=row.account_sid,
        kind=RoomKind(row.kind),
        name=row.name,
        worker_id=row.worker_id,
        claimed_at=row.claimed_at,
    )

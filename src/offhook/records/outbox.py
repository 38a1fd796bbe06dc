"""Requests that must reach a customer, in the order of their call.

They are written in the transaction of the change they tell of, and sent at least once: a claim is a lease, and
what was claimed by a dispatcher that died is claimed again when its lease runs out.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Update, bindparam, delete, exists, func, insert, select, update

from offhook.call.info import new_id
from offhook.call.rows import OutboxItem
from offhook.records.columns import MILLISECOND, database_now
from offhook.records.database import Database
from offhook.records.tables import outbox
from offhook.verbs import Method, Request, Target

CALL_STATUS = "call-status"
"""The kind of an item that tells a call's state."""
PATIENCE = timedelta(seconds=30)
"""How long an item holds back those after it in its call."""


class State(StrEnum):
    """Where an item is on its way."""

    PENDING = "pending"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"


class Outbox:
    """What dispatchers take from and report to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, limit: int, lease_s: float) -> tuple[OutboxItem, ...]:
        """Up to `limit` items that are due, oldest first, for nobody else during `lease_s` seconds.

        Those of one call come one at a time: an item waits until all before it are done or dead, or older
        than PATIENCE.
        """
        with self._database.writing() as connection:
            connection.execute(_RELEASE)
            taken = connection.execute(_CLAIM, {"most": limit, "lease_ms": round(lease_s * 1000)}).all()
        return tuple(sorted((_item(row) for row in taken), key=lambda item: (item.created, item.seq)))

    def done(self, id: str, status: int) -> None:
        """The item arrived: the receiver answered with `status`."""
        self._report(id, {"state": State.DONE, "last_status": status, "last_error": None})

    def retry(self, id: str, at: datetime, error: str, status: int | None = None) -> None:
        """The item did not arrive; it is due again at `at`."""
        self._report(id, {"state": State.PENDING, "next_at": at, "last_status": status, "last_error": error})

    def dead(self, id: str, error: str, status: int | None = None) -> None:
        """The item did not arrive and is not tried again."""
        self._report(id, {"state": State.DEAD, "last_status": status, "last_error": error})

    def forget(self, before: datetime) -> int:
        """Delete the items that are done or dead and were last due before a moment; returns how many."""
        is_over = outbox.c.state.in_((State.DONE.value, State.DEAD.value))
        with self._database.writing() as connection:
            return connection.execute(delete(outbox).where(is_over, outbox.c.next_at < before)).rowcount

    def _report(self, id: str, change: dict[str, object]) -> None:
        with self._database.writing() as connection:
            connection.execute(_REPORT, {"item": id, "lease_until": None, **change})


def enqueue(
    connection: Connection, request: Request, *, account_sid: str, call_id: str, created: datetime
) -> None:
    """Add a request to the end of its call's queue, due at once."""
    connection.execute(
        _ENQUEUE,
        {
            "id": new_id(),
            "account_sid": account_sid,
            "call_id": call_id,
            "of_call": call_id,
            "kind": CALL_STATUS,
            "url": request.target.url,
            "method": request.target.method,
            "parameters": request.parameters,
            "attempt": 0,
            "state": State.PENDING,
            "created": created,
        },
    )


_other = outbox.alias("other")
_ENQUEUE = insert(outbox).values(
    seq=select(func.coalesce(func.max(_other.c.seq), 0) + 1)
    .where(_other.c.call_id == bindparam("of_call"))
    .scalar_subquery(),
    next_at=database_now(),
)

_RELEASE = (
    update(outbox)
    .where(outbox.c.state == State.LEASED.value, outbox.c.lease_until <= database_now())
    .values(state=State.PENDING.value, next_at=outbox.c.lease_until, lease_until=None)
)
"""What a dispatcher took and never reported on is due again, since the moment its lease ran out."""

_REPORT = update(outbox).where(
    outbox.c.id == bindparam("item"), outbox.c.state.not_in((State.DONE.value, State.DEAD.value))
)


def _claim() -> Update:
    item, earlier = outbox.alias("item"), outbox.alias("earlier")
    is_held_back = exists().where(
        earlier.c.call_id == item.c.call_id,
        earlier.c.seq < item.c.seq,
        earlier.c.state.in_((State.PENDING.value, State.LEASED.value)),
        earlier.c.created > database_now() - PATIENCE // MILLISECOND,
    )
    due = (
        select(item.c.id)
        .where(item.c.state == State.PENDING.value, item.c.next_at <= database_now(), ~is_held_back)
        .order_by(item.c.next_at, item.c.seq)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, of=item)
    )
    return (
        update(outbox)
        .where(outbox.c.id.in_(due))
        .values(
            state=State.LEASED.value,
            attempt=outbox.c.attempt + 1,
            lease_until=database_now() + bindparam("lease_ms"),
        )
        .returning(outbox)
    )


_CLAIM = _claim()


def _item(row: Row[Any]) -> OutboxItem:
    parameters = tuple((str(name), str(value)) for name, value in row.parameters)
    return OutboxItem(
        id=row.id,
        account_sid=row.account_sid,
        call_id=row.call_id,
        seq=row.seq,
        kind=row.kind,
        request=Request(Target(row.url, Method(row.method)), parameters),
        attempt=row.attempt,
        created=row.created,
    )

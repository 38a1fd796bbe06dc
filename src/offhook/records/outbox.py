"""Requests that must reach a customer, in the order of their call.

They are written in the transaction of the change they tell of, and sent at least once: a claim is a lease, and
what was claimed by a dispatcher that died is claimed again when its lease runs out.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Connection, Update, and_, bindparam, exists, func, or_, select, update

from offhook.call.delivery import CALL_STATUS, URL_FAILS, DeliveryEnd, DeliveryReport
from offhook.call.rows import Attempt, OutboxItem
from offhook.records.callback_notices import tell_deaths
from offhook.records.columns import MILLISECOND, database_now
from offhook.records.database import Database
from offhook.records.numbering import insert_into
from offhook.records.outbox_rows import item_of, kept_attempts
from offhook.records.tables import outbox
from offhook.verbs import Request

PATIENCE = timedelta(seconds=30)
"""How long an item that failed holds back those after it in its call."""


class State(StrEnum):
    """Where an item is on its way."""

    PENDING = "pending"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"


class Outbox:
    """What dispatchers take from and report to. Raises RecordsAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self, limit: int, lease_s: float, reports: Sequence[DeliveryReport] = ()
    ) -> tuple[OutboxItem, ...]:
        """Up to `limit` items that are due, oldest first, for nobody else during `lease_s` seconds.

        `reports` on earlier ones are written first, in the same transaction. Those of one call come one at a time:
        an item waits until all before it are done or dead, or wait for another attempt and are older than PATIENCE.
        """
        with self._database.writing() as connection:
            _write(connection, reports)
            if limit <= 0:
                return ()
            connection.execute(_RELEASE)
            taken = connection.execute(_CLAIM, {"most": limit, "lease_ms": round(lease_s * 1000)}).all()
        return tuple(sorted((item_of(row) for row in taken), key=lambda item: (item.created, item.seq)))

    def report(self, *reports: DeliveryReport) -> None:
        """What became of items that were claimed. Too late a report is passed over, unless the item arrived."""
        self.claim(0, 0, reports)

    def recover(self, account_sid: str | None = None, url: str | None = None) -> int:
        """What waits because its URL failed is due now; of one URL, with any query, or all; returns how many."""
        waits = [outbox.c.state == State.PENDING.value, outbox.c.last_error == URL_FAILS]
        if account_sid is not None and url is not None:
            beginning = func.substr(outbox.c.url, 1, len(url) + 1)
            waits += [outbox.c.account_sid == account_sid, beginning.in_((url, f"{url}?", f"{url}#"))]
        with self._database.writing() as connection:
            return connection.execute(update(outbox).where(*waits).values(next_at=database_now())).rowcount


def _write(connection: Connection, reports: Sequence[DeliveryReport]) -> None:
    arrived = [_change(report) for report in reports if report.end is DeliveryEnd.DONE]
    others = [_change(report) for report in reports if report.end in _AGAIN]
    if arrived:
        connection.execute(_ARRIVED, arrived)
    if others:
        connection.execute(_NOT_ARRIVED, others)
    dead = [
        report
        for report in reports
        if report.end is DeliveryEnd.DEAD and connection.execute(_NOT_ARRIVED, _change(report)).rowcount == 1
    ]
    if dead:
        tell_deaths(connection, dead)


_AGAIN = (DeliveryEnd.RETRY, DeliveryEnd.POSTPONED)
_STATE_AFTER = {
    DeliveryEnd.DONE: State.DONE,
    DeliveryEnd.DEAD: State.DEAD,
    DeliveryEnd.RETRY: State.PENDING,
    DeliveryEnd.POSTPONED: State.PENDING,
}


def _change(report: DeliveryReport) -> dict[str, object]:
    """The parameters of _ARRIVED and _NOT_ARRIVED."""
    item, attempts = report.item, report.item.attempts
    if report.attempt is not None:
        attempts = (*attempts, report.attempt)
    elif report.end is DeliveryEnd.DEAD:
        attempts = (*attempts, Attempt(at=report.at, error=report.why))
    return {
        "item": item.id,
        "lease": item.lease_until,
        "state_after": _STATE_AFTER[report.end].value,
        "at": report.at,
        "made": item.attempt if report.attempt is not None else item.attempt - 1,
        "status": attempts[-1].status if attempts else None,
        "error": report.why or None,
        "history": kept_attempts(attempts),
    }


def enqueue(
    connection: Connection,
    request: Request,
    *,
    id: str,
    account_sid: str,
    call_id: str,
    created: datetime,
    kind: str = CALL_STATUS,
) -> None:
    """Add a request to the end of its call's queue, due at once. One whose `id` is there already stays as it is.

    What tells of something else than a call has a `kind` of its own, and that thing's id for `call_id`.
    """
    connection.execute(
        _enqueuing(connection.dialect.name),
        {
            "id": id,
            "account_sid": account_sid,
            "call_id": call_id,
            "of_call": call_id,
            "kind": kind,
            "url": request.target.url,
            "method": request.target.method,
            "parameters": request.parameters,
            "signature": request.signature or None,
            "attempt": 0,
            "state": State.PENDING,
            "created": created,
        },
    )


_other = outbox.alias("other")
_LAST_OF_CALL = (
    select(func.coalesce(func.max(_other.c.seq), 0) + 1)
    .where(_other.c.call_id == bindparam("of_call"))
    .scalar_subquery()
)


@cache
def _enqueuing(dialect_name: str) -> Any:
    """Made once: to build a statement costs more than to run it."""
    new = insert_into(dialect_name)(outbox).values(seq=_LAST_OF_CALL, next_at=database_now())
    return new.on_conflict_do_nothing(index_elements=[outbox.c.id])


_lapsed = (
    select(outbox.c.id)
    .where(outbox.c.state == State.LEASED.value, outbox.c.lease_until <= database_now())
    .with_for_update(skip_locked=True)
    .cte("lapsed")
)
_RELEASE = (
    update(outbox)
    .where(outbox.c.id.in_(select(_lapsed.c.id)))
    .values(state=State.PENDING.value, next_at=outbox.c.lease_until, lease_until=None)
)
"""What a dispatcher took and never reported on is due again, since the moment its lease ran out."""

_WRITTEN: dict[str, Any] = {
    "state": bindparam("state_after"),
    "next_at": bindparam("at"),
    "attempt": bindparam("made"),
    "last_status": bindparam("status"),
    "last_error": bindparam("error"),
    "attempts": bindparam("history"),
    "lease_until": None,
}
_ARRIVED = (
    update(outbox)
    .where(
        outbox.c.id == bindparam("item"),
        outbox.c.state != State.DONE.value,
        outbox.c.state != State.DEAD.value,
    )
    .values(_WRITTEN)
)
"""Whoever holds the lease by now: what arrived need not be sent again."""
_NOT_ARRIVED = (
    update(outbox)
    .where(
        outbox.c.id == bindparam("item"),
        outbox.c.state == State.LEASED.value,
        outbox.c.lease_until == bindparam("lease"),
    )
    .values(_WRITTEN)
)


def _claim() -> Update:
    item, earlier = outbox.alias("item"), outbox.alias("earlier")
    is_coming = or_(
        earlier.c.state == State.LEASED.value,
        and_(
            earlier.c.state == State.PENDING.value,
            or_(
                earlier.c.created > database_now() - PATIENCE // MILLISECOND,
                earlier.c.next_at <= database_now(),
            ),
        ),
    )
    is_held_back = exists().where(earlier.c.call_id == item.c.call_id, earlier.c.seq < item.c.seq, is_coming)
    # Not a subquery: PostgreSQL may evaluate one more than once, and then takes more than `most`.
    due = (
        select(item.c.id)
        .where(item.c.state == State.PENDING.value, item.c.next_at <= database_now(), ~is_held_back)
        .order_by(item.c.next_at, item.c.seq)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, of=item)
        .cte("due")
    )
    return (
        update(outbox)
        .where(outbox.c.id.in_(select(due.c.id)))
        .values(state=State.LEASED.value, lease_until=database_now() + bindparam("lease_ms"))
        .returning(outbox)
    )


_CLAIM = _claim()

"""Callbacks as people look for them, and have them sent again."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, bindparam, func, select, update

from offhook.call.exchange import without_credentials
from offhook.call.rows import Attempt, CallbackRow
from offhook.records.columns import database_now
from offhook.records.database import Database
from offhook.records.outbox import State
from offhook.records.outbox_rows import attempts_of, callback_of, kept_attempts
from offhook.records.tables import outbox

BATCH_ROWS = 500
"""So many are replayed in one transaction: the server that runs must write, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackFilter:
    """Which callbacks."""

    state: State | None = None
    account_sid: str | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadUrl:
    """A URL of an account that callbacks were given up at, without credentials and query."""

    account_sid: str
    url: str
    count: int
    last_at: datetime
    last_error: str


class Callbacks:
    """All that is in the outbox. Raises RecordsAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, wanted: CallbackFilter, *, limit: int) -> tuple[CallbackRow, ...]:
        """Up to `limit` callbacks, those first that were created last."""
        query = select(outbox).order_by(outbox.c.created.desc(), outbox.c.seq.desc()).limit(limit)
        if wanted.state is not None:
            query = query.where(outbox.c.state == wanted.state.value)
        if wanted.account_sid is not None:
            query = query.where(outbox.c.account_sid == wanted.account_sid)
        if wanted.created_before is not None:
            query = query.where(outbox.c.created < wanted.created_before)
        with self._database.asking() as connection:
            return tuple(callback_of(row) for row in connection.execute(query))

    def alike(self, beginning: str, *, limit: int = 10) -> tuple[CallbackRow, ...]:
        """Callbacks whose ids begin with a text, `limit` at most."""
        is_alike = func.substr(outbox.c.id, 1, len(beginning)) == beginning
        with self._database.asking() as connection:
            rows = connection.execute(select(outbox).where(is_alike).order_by(outbox.c.id).limit(limit))
            return tuple(callback_of(row) for row in rows)

    def counts(self, account_sid: str | None = None) -> dict[State, int]:
        """How many are in each state."""
        counted = select(outbox.c.state, func.count()).group_by(outbox.c.state)
        if account_sid is not None:
            counted = counted.where(outbox.c.account_sid == account_sid)
        with self._database.asking() as connection:
            found = {state: int(count) for state, count in connection.execute(counted)}
        return {state: found.get(state.value, 0) for state in State}

    def dead_urls(self, account_sid: str | None = None) -> tuple[DeadUrl, ...]:
        """Where callbacks were given up, the latest first."""
        dead = select(outbox.c.account_sid, outbox.c.url, outbox.c.next_at, outbox.c.last_error).where(
            *_dead(account_sid)
        )
        counts: Counter[tuple[str, str]] = Counter()
        last: dict[tuple[str, str], Any] = {}
        with self._database.asking() as connection:
            for row in connection.execute(dead.order_by(outbox.c.next_at)):
                key = row.account_sid, without_credentials(row.url).partition("?")[0]
                counts[key] += 1
                last[key] = row
        found = (
            DeadUrl(
                account_sid=key[0],
                url=key[1],
                count=counts[key],
                last_at=row.next_at,
                last_error=row.last_error or "",
            )
            for key, row in last.items()
        )
        return tuple(sorted(found, key=lambda url: url.last_at, reverse=True))

    def replay(self, id: str) -> bool:
        """Send a callback again, with its old id and all attempts before it; at once, where it still waits.

        False where it is being sent now, or is not there.
        """
        with self._database.writing() as connection:
            row = connection.execute(
                select(outbox.c.id, outbox.c.attempts, outbox.c.next_at, outbox.c.state)
                .where(outbox.c.id == id, outbox.c.state != State.LEASED.value)
                .with_for_update()
            ).one_or_none()
            if row is None:
                return False
            if row.state == State.PENDING.value:
                connection.execute(_NOW, {"item": id})
            else:
                _replay(connection, (row,))
        return True

    def replay_dead(self, account_sid: str | None = None, host: str | None = None) -> int:
        """Send again what was given up, all or of one account or host (with its port, if the URL has one).

        Returns how many those are.
        """
        replayed, reached = 0, ""
        while True:
            dead = (
                select(outbox.c.id, outbox.c.attempts, outbox.c.next_at, outbox.c.url)
                .where(*_dead(account_sid), outbox.c.id > reached)
                .order_by(outbox.c.id)
                .limit(BATCH_ROWS)
                .with_for_update()
            )
            with self._database.writing() as connection:
                rows = connection.execute(dead).all()
                chosen = [row for row in rows if host is None or host_of(row.url) == host.lower()]
                if chosen:
                    _replay(connection, chosen)
            replayed += len(chosen)
            if len(rows) < BATCH_ROWS:
                return replayed
            reached = rows[-1].id


def host_of(url: str) -> str:
    """Host and port of a URL, in lower case; empty where it has none."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def _dead(account_sid: str | None) -> list[Any]:
    conditions = [outbox.c.state == State.DEAD.value]
    return conditions if account_sid is None else [*conditions, outbox.c.account_sid == account_sid]


_REPLAY = (
    update(outbox)
    .where(outbox.c.id == bindparam("item"))
    .values(
        state=State.PENDING.value,
        next_at=database_now(),
        attempt=0,
        lease_until=None,
        attempts=bindparam("history"),
    )
)
_NOW = update(outbox).where(outbox.c.id == bindparam("item")).values(next_at=database_now())


def _replay(connection: Connection, rows: Iterable[Any]) -> None:
    now = datetime.now(UTC)
    changes = [
        {"item": row.id, "history": kept_attempts(_replayed(attempts_of(row.attempts), row.next_at, now))}
        for row in rows
    ]
    connection.execute(_REPLAY, changes)


def _replayed(attempts: tuple[Attempt, ...], over_at: datetime, now: datetime) -> tuple[Attempt, ...]:
    """The attempts with a mark on the last of them; a callback of an older version has none."""
    last = attempts[-1] if attempts else Attempt(at=over_at)
    return (*attempts[:-1], replace(last, replayed_at=now))

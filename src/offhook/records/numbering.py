"""Numbers without a gap, in the transaction that makes the numbered rows visible.

A list's `sequences` row is locked first, so numbers are given out in the order of commits and a reader that
sees number n sees every smaller one that was not forgotten. Only the oldest rows are ever forgotten, so the first
and the last number tell the length of the list, and nobody ever counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.sql.dml import ReturningInsert

from offhook.records.columns import EPOCH, MILLISECOND
from offhook.records.prepared import run_counted, run_returning
from offhook.records.tables import sequences


class Listing(StrEnum):
    """The numbered lists of an account."""

    CALLS = "calls"
    GATHERS_SPEECH = "gathers-speech"
    GATHERS_DTMF = "gathers-dtmf"
    NOTIFICATIONS = "notifications"


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place in its list."""

    key: tuple[str, Listing]
    seq: int
    at: datetime
    """The date it is given: later by at least a millisecond than the one before."""


class Numbering:
    """The ends of some lists, held until the transaction is over."""

    def __init__(self, connection: Connection, lists: Iterable[tuple[str, Listing]]) -> None:
        self._connection = connection
        # Sorted, so that two transactions never wait for each other.
        self._last = {key: _lock(connection, key) for key in sorted(set(lists))}
        self._moved: set[tuple[str, Listing]] = set()

    def next(self, account_sid: str, listing: Listing, at: datetime) -> Place:
        """The place after the last one, at `at` or as soon after as the order allows. Not taken yet."""
        last = self._last[account_sid, listing]
        return Place(last.key, last.seq + 1, max(at, last.at + MILLISECOND))

    def take(self, place: Place) -> None:
        """The place is filled."""
        self._last[place.key] = place
        self._moved.add(place.key)

    def save(self) -> None:
        """Write the new ends; the last act before the transaction's own end."""
        for key in self._moved:
            last = self._last[key]
            end = {"account": key[0], "listing": key[1].value, "last_seq": last.seq, "last_at": last.at}
            run_counted(self._connection, _SAVE, end)


_SAVE = update(sequences).where(
    sequences.c.account_sid == bindparam("account"), sequences.c.list == bindparam("listing")
)


def insert_for(connection: Connection) -> type[SqliteInsert] | type[PostgresqlInsert]:
    """The INSERT of this database that can say what to do on a conflict; both spell it alike."""
    return insert_into(connection.dialect.name)


def insert_into(dialect_name: str) -> type[SqliteInsert] | type[PostgresqlInsert]:
    """The same, by the name of the database's dialect."""
    return sqlite.Insert if dialect_name == "sqlite" else postgresql.Insert


@cache
def _lock_statement(dialect_name: str) -> ReturningInsert[Any]:
    """Made once: to build a statement costs more than to run it."""
    statement = insert_into(dialect_name)(sequences).values(
        account_sid=bindparam("account"), list=bindparam("listing"), last_seq=0, last_at=EPOCH
    )
    return statement.on_conflict_do_update(
        index_elements=[sequences.c.account_sid, sequences.c.list],
        set_={"last_seq": sequences.c.last_seq},
    ).returning(sequences.c.last_seq, sequences.c.last_at)


def _lock(connection: Connection, key: tuple[str, Listing]) -> Place:
    statement = _lock_statement(connection.dialect.name)
    seq, at_ms = run_returning(connection, statement, {"account": key[0], "listing": key[1].value})
    return Place(key, seq, EPOCH + at_ms * MILLISECOND)


def ends(connection: Connection, account_sid: str, listing: Listing) -> tuple[int, int]:
    """The first and the last number of the whole list; where it is empty the first is greater by one."""
    found = connection.execute(
        select(sequences.c.first_seq, sequences.c.last_seq).where(
            sequences.c.account_sid == account_sid, sequences.c.list == str(listing)
        )
    ).one_or_none()
    return (found.first_seq, found.last_seq) if found else (1, 0)


def begin_after(connection: Connection, account_sid: str, listing: Listing, seq: int) -> None:
    """The list begins after the number `seq`, because the rows up to it were deleted in this transaction."""
    connection.execute(
        update(sequences)
        .where(
            sequences.c.account_sid == account_sid,
            sequences.c.list == str(listing),
            sequences.c.first_seq <= seq,
        )
        .values(first_seq=seq + 1)
    )

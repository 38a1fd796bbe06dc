"""Stretches of lists, newest first.

A numbered list is dense and its dates grow with its numbers, so a stretch of it, or of what lies between two
dates, is found by number alone. Anything else is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, Row, Select, func, select, type_coerce

from offhook.records.columns import Moment

Rows = Sequence[Row[Any]]


@dataclass(frozen=True, slots=True)
class NumberedList:
    """One account's numbered list in its table: the rows that belong to it, and its first and last number."""

    belongs: tuple[ColumnElement[bool], ...]
    seq: Column[int]
    date: Column[datetime]
    ends: tuple[int, int]

    def between(
        self, connection: Connection, since: datetime | None, before: datetime | None
    ) -> tuple[int, int]:
        """The first and last number from `since` (inclusive) to `before` (exclusive).

        Where there is none the first is greater than the last.
        """
        first, last = self.ends
        if since is not None:
            earliest = select(self.seq).where(*self.belongs, self.date >= since).order_by(self.date)
            first = connection.scalar(earliest.limit(1)) or last + 1
        if before is not None:
            latest = select(self.seq).where(*self.belongs, self.date < before).order_by(self.date.desc())
            last = min(last, connection.scalar(latest.limit(1)) or 0)
        return first, last

    def stretch(
        self, connection: Connection, numbers: tuple[int, int], *, offset: int, limit: int
    ) -> tuple[Rows, int]:
        """Rows `offset` to `offset + limit` of those in `numbers`, and how many those are.

        Costs the same at any depth.
        """
        first, last = numbers
        total = max(0, last - first + 1)
        newest = last - offset
        oldest = max(first, newest - limit + 1)
        if newest < oldest:
            return (), total
        wanted = select(self.seq.table).where(*self.belongs, self.seq.between(oldest, newest))
        return connection.execute(wanted.order_by(self.seq.desc())).all(), total


def counted(
    connection: Connection,
    query: Select[Any],
    *newest_first: ColumnElement[Any],
    offset: int,
    limit: int,
    count: Select[Any] | None = None,
) -> tuple[Rows, int]:
    """Rows `offset` to `offset + limit` of all that `query` asks for, and how many there are.

    `count` asks for the same rows where it can be counted quicker in other words.
    """
    total = connection.scalar((query if count is None else count).with_only_columns(func.count())) or 0
    # No more than there are: the last page would otherwise go on looking to the end of the table.
    wanted = min(limit, total - offset)
    if wanted <= 0:
        return (), total
    return connection.execute(query.order_by(*newest_first).limit(wanted).offset(offset)).all(), total


def looked_at(column: Column[datetime]) -> ColumnElement[datetime]:
    """The value of a column, for a condition that no index is to be used for.

    Where rows are read along their numbers and only as many as are wanted, looking at each one's date beats
    finding all dates first and sorting what they belong to.
    """
    return type_coerce(type_coerce(column, BigInteger) + 0, Moment())


def alike(column: Column[str], text: str) -> ColumnElement[bool]:
    """Equal, or alike where `text` has `%` in it, which stands for any run of characters."""
    if "%" not in text:
        return column == text
    pattern = text.replace("\\", "\\\\").replace("_", "\\_")
    return column.like(pattern, escape="\\")

"""What accounts used, counted from the rows of the calls and messages themselves, day by day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Table, cast, func, literal, select, type_coerce

from offhook.call.info import Direction
from offhook.call.resource_rows import DayOfUsage, UsageCategory
from offhook.records.database import Database
from offhook.records.resource_tables import emails, messages
from offhook.records.tables import calls, gathers
from offhook.records.voice_tables import recordings, transcriptions

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class _Counted:
    """Where the rows of a category are, and which column says how long each took."""

    table: Table
    seconds: Column[float] | None = None
    which: tuple[ColumnElement[bool], ...] = ()


_INBOUND, _SMS = calls.c.direction == Direction.INBOUND.value, messages.c.kind == "sms"
_SMS_INBOUND = messages.c.direction == "inbound"
_CATEGORIES = {
    UsageCategory.CALLS: _Counted(calls, calls.c.duration_s),
    UsageCategory.CALLS_INBOUND: _Counted(calls, calls.c.duration_s, (_INBOUND,)),
    UsageCategory.CALLS_OUTBOUND: _Counted(calls, calls.c.duration_s, (~_INBOUND,)),
    UsageCategory.SMS: _Counted(messages, None, (_SMS,)),
    UsageCategory.SMS_INBOUND: _Counted(messages, None, (_SMS, _SMS_INBOUND)),
    UsageCategory.SMS_OUTBOUND: _Counted(messages, None, (_SMS, ~_SMS_INBOUND)),
    UsageCategory.EMAILS: _Counted(emails),
    UsageCategory.RECORDINGS: _Counted(recordings, recordings.c.duration_s),
    UsageCategory.TRANSCRIPTIONS: _Counted(transcriptions, transcriptions.c.duration_s),
    UsageCategory.GATHERS: _Counted(gathers, gathers.c.duration_s),
}


class Usage:
    """What all accounts used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def days(
        self,
        account_sid: str,
        categories: Iterable[UsageCategory],
        *,
        since: datetime | None = None,
        before: datetime | None = None,
    ) -> tuple[DayOfUsage, ...]:
        """What the account used of each category, on each day that it used some, oldest first.

        A call counts for the day in UTC on which it was created, from `since` (inclusive) to `before` (exclusive).
        """
        with self._database.reading() as connection:
            return tuple(
                DayOfUsage(category=category, days=row.day, count=row.count_, seconds=row.seconds or 0.0)
                for category in categories
                for row in connection.execute(_query(category, account_sid, since, before))
            )


def _query(category: UsageCategory, account_sid: str, since: datetime | None, before: datetime | None) -> Any:
    counted = _CATEGORIES[category]
    created = counted.table.c.date_created
    milliseconds = type_coerce(created, BigInteger)
    day = cast((milliseconds - milliseconds % DAY_MS) / literal(DAY_MS), BigInteger).label("day")
    seconds = literal(0.0) if counted.seconds is None else func.sum(counted.seconds)
    query = select(day, func.count().label("count_"), seconds.label("seconds"))
    query = query.where(counted.table.c.account_sid == account_sid, created.is_not(None), *counted.which)
    if since is not None:
        query = query.where(created >= since)
    if before is not None:
        query = query.where(created < before)
    return query.group_by(day).order_by(day)

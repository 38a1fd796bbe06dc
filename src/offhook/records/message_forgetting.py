"""Messages and e-mails that are older than they are to be kept, and those of a caller who is erased."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, case, delete, func, or_, select, update

from offhook.call.messages import MessageStatus
from offhook.records.caller_number import ERASED, CallerNumber
from offhook.records.database import Database
from offhook.records.resource_tables import emails, messages

BATCH_ROWS = 500
_ON_THE_WAY = (MessageStatus.QUEUED.value, MessageStatus.SENDING.value)


def forget_messages(database: Database, account_sid: str, before: datetime) -> int:
    """Delete some of an account's messages and e-mails that are over and older than a moment; returns how many."""
    with database.writing() as connection:
        return sum(_forget(connection, table, account_sid, before) for table in (messages, emails))


def _forget(connection: Connection, table: Table, account_sid: str, before: datetime) -> int:
    [key] = table.primary_key
    old = select(key).where(
        table.c.account_sid == account_sid, table.c.date_created < before, table.c.next_at.is_(None)
    )
    return connection.execute(delete(table).where(key.in_(old.limit(BATCH_ROWS)))).rowcount


def count_messages(connection: Connection, number: CallerNumber, account_sid: str | None = None) -> int:
    """How many messages are from or to a number."""
    concerned = _concerned(number, account_sid)
    return connection.scalar(select(func.count()).select_from(messages).where(*concerned)) or 0


def _concerned(number: CallerNumber, account_sid: str | None) -> list[ColumnElement[bool]]:
    spelled = (number.name, f"+{number.name}")
    concerned: list[ColumnElement[bool]] = [or_(messages.c.from_.in_(spelled), messages.c.to.in_(spelled))]
    if account_sid is not None:
        concerned.append(messages.c.account_sid == account_sid)
    return concerned


def erase_messages(connection: Connection, number: CallerNumber, account_sid: str | None = None) -> int:
    """Leave nothing in messages from or to a number but that they were; returns how many.

    One that waits to be sent is given up. The callbacks that tell of them are not touched here.
    """
    spelled = (number.name, f"+{number.name}")
    change = {
        name: case((column.in_(spelled), ERASED), else_=column)
        for name, column in (("from_", messages.c.from_), ("to", messages.c.to))
    }
    erased = update(messages).where(*_concerned(number, account_sid))
    return connection.execute(
        erased.values(
            **change,
            status=case(
                (messages.c.status.in_(_ON_THE_WAY), MessageStatus.FAILED.value), else_=messages.c.status
            ),
            body="",
            media=None,
            error_message=None,
            status_callback=None,
            next_at=None,
        )
    ).rowcount

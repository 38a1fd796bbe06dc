"""Messages, as customers write and read them."""

from sqlalchemy import ColumnElement, select

from offhook.call.listing import Page
from offhook.call.messages import MessageFilter, MessageRow
from offhook.records.database import Database
from offhook.records.inserting import insert_once
from offhook.records.listing import alike, counted
from offhook.records.message_rows import message_columns, message_row
from offhook.records.resource_tables import messages
from offhook.verbs import MessageKind


class Messages:
    """The messages of all accounts, each seen by its account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, message: MessageRow) -> None:
        """Keep a new message; one that is `queued` is sent soon."""
        with self._database.writing() as connection:
            insert_once(connection, messages, message_columns(message))

    def get(self, account_sid: str, kind: MessageKind, message_id: str) -> MessageRow | None:
        """The account's message of this kind with this id."""
        wanted = select(messages).where(
            messages.c.message_id == message_id,
            messages.c.account_sid == account_sid,
            messages.c.kind == kind.value,
        )
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return message_row(row) if row else None

    def page(self, account_sid: str, wanted: MessageFilter, *, offset: int, limit: int) -> Page[MessageRow]:
        """A stretch of the account's messages of a kind, in the order that is wanted."""
        query = select(messages).where(messages.c.account_sid == account_sid, *_conditions(wanted))
        chosen = messages.c[wanted.sort_by]
        first = chosen.desc() if wanted.is_descending else chosen.asc()
        order = (first, messages.c.date_created.desc(), messages.c.message_id)
        with self._database.reading() as connection:
            rows, total = counted(connection, query, *order, offset=offset, limit=limit)
        return Page(tuple(message_row(row) for row in rows), total)


def _conditions(wanted: MessageFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [messages.c.kind == wanted.kind.value]
    for text, column in (
        (wanted.from_, messages.c.from_),
        (wanted.to, messages.c.to),
        (wanted.body, messages.c.body),
    ):
        if text is not None:
            conditions.append(alike(column, text))
    if wanted.status is not None:
        conditions.append(messages.c.status == wanted.status.value)
    if wanted.created_from is not None:
        conditions.append(messages.c.date_created >= wanted.created_from)
    if wanted.created_before is not None:
        conditions.append(messages.c.date_created < wanted.created_before)
    return conditions

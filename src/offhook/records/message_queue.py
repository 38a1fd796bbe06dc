"""Messages on their way: who sends them takes them by lease, and tells what came of it.

A message that is due is taken for a while. Whoever took it and died never reports, and when the lease runs out it is due
again: it is sent at least once, each time under the same identity. What a state causes is written with the state.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, bindparam, case, select, update

from offhook.call.messages import EmailRow, MessageReport, MessageRow, MessageStatus, Receipt
from offhook.records.columns import database_now, storable
from offhook.records.database import Database
from offhook.records.emails import keep_email
from offhook.records.inserting import insert_once
from offhook.records.message_rows import message_columns, message_row
from offhook.records.outbox import enqueue
from offhook.records.resource_tables import messages
from offhook.records.tables import calls
from offhook.verbs import Request

Tell = Callable[[MessageRow], Request | None]
"""Composes what a message's status callback is told; None where nobody wants to know."""

MESSAGE_STATUS = "message-status"
"""The kind of a callback that tells a message's state."""

_WAITING = tuple(
    str(status) for status in (MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.RECEIVED)
)
_UNSENT = (MessageStatus.QUEUED.value, MessageStatus.SENDING.value)
_OPEN = (*_UNSENT, MessageStatus.SENT.value)


class MessageQueue:
    """What senders of messages take from and report to. Raises RecordsAway."""

    def __init__(self, database: Database, tell: Tell) -> None:
        self._database = database
        self._tell = tell

    def take(self, limit: int, lease_s: float) -> tuple[MessageRow, ...]:
        """Up to `limit` messages that are due, for nobody else during `lease_s` seconds, oldest first.

        Those that came in stay `received`; all others are `sending` from here on.
        """
        with self._database.writing() as connection:
            taken = connection.execute(_TAKE, {"most": limit, "lease_ms": round(lease_s * 1000)}).all()
        return tuple(sorted((message_row(row) for row in taken), key=lambda message: message.date_created))

    def report(self, report: MessageReport) -> None:
        """What came of a message that was taken. Too late a report is passed over, unless the message was sent."""
        with self._database.writing() as connection:
            if _apply(connection, report) and report.status is not MessageStatus.QUEUED:
                self._tell_state(connection, messages.c.message_id == report.message.message_id)

    def answer(
        self, report: MessageReport, replies: Sequence[MessageRow], emails: Sequence[EmailRow]
    ) -> None:
        """The application was told of a message that came in; what it wants sent is kept with that.

        Their ids come from that message's, so that to do it twice adds nothing.
        """
        with self._database.writing() as connection:
            _apply(connection, report)
            for reply in replies:
                insert_once(connection, messages, message_columns(reply))
            for email in emails:
                keep_email(connection, email)

    def receive(self, receipt: Receipt) -> bool:
        """What a provider tells of a message; False where there is no such message.

        A message that is over stays as it is, and so does one that is further on already.
        """
        with self._database.writing() as connection:
            which = _named(connection, receipt)
            if which is None:
                return False
            earlier = _UNSENT if receipt.status is MessageStatus.SENT else _OPEN
            change: dict[str, Any] = {
                "status": receipt.status,
                "error_code": receipt.error_code,
                "error_message": receipt.error_message,
                "date_updated": database_now(),
                "next_at": None,
            }
            moved = connection.execute(
                update(messages).where(which, messages.c.status.in_(earlier)).values(change)
            )
            if moved.rowcount == 1:
                self._tell_state(connection, which)
        return True

    def _tell_state(self, connection: Connection, which: ColumnElement[bool]) -> None:
        message = message_row(connection.execute(select(messages).where(which)).one())
        if message.call_id is not None and message.status_callback is not None:
            spoken = select(calls.c.language).where(calls.c.call_id == message.call_id)
            message = replace(message, application_language=connection.scalar(spoken))
        request = self._tell(message)
        if request is not None:
            enqueue(
                connection,
                request,
                id=derived_id(message.message_id, message.status),
                account_sid=message.account_sid,
                call_id=message.message_id,  # a message's callbacks keep an order of their own
                created=message.date_updated,
                kind=MESSAGE_STATUS,
            )


def derived_id(message_id: str, part: str) -> str:
    """An identity that belongs to a message: the same however often it is made; 32 hex digits."""
    return hashlib.sha256(f"{message_id}/{part}".encode()).hexdigest()[:32]


def _named(connection: Connection, receipt: Receipt) -> ColumnElement[bool] | None:
    """The condition that finds the message of a receipt; None where there is none."""
    names: list[ColumnElement[bool]] = []
    if receipt.message_id is not None:
        names.append(messages.c.message_id == storable(receipt.message_id))
    names += [messages.c.provider_reference == reference for reference in receipt.references]
    for name in names:
        query = select(messages.c.message_id).where(name, messages.c.provider.in_(("", receipt.provider)))
        found = connection.scalar(query.order_by(messages.c.date_created.desc()).limit(1))
        if found is not None:
            return messages.c.message_id == str(found)
    return None


def _take() -> Update:
    is_received = messages.c.status == MessageStatus.RECEIVED.value
    # Not a subquery: PostgreSQL may evaluate one more than once, and then takes more than `most`.
    due = (
        select(messages.c.message_id)
        .where(messages.c.status.in_(_WAITING), messages.c.next_at <= database_now())
        .order_by(messages.c.next_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    return (
        update(messages)
        .where(messages.c.message_id.in_(select(due.c.message_id)))
        .values(
            status=case((is_received, messages.c.status), else_=MessageStatus.SENDING.value),
            next_at=database_now() + bindparam("lease_ms"),
            attempt=messages.c.attempt + 1,
        )
        .returning(messages)
    )


_TAKE = _take()


def _apply(connection: Connection, report: MessageReport) -> bool:
    """Bring a message to the state that a report tells; False where it is further on already."""
    message = report.message
    which = [messages.c.message_id == message.message_id]
    change: dict[str, Any] = {
        "status": report.status,
        "error_code": report.error_code,
        "error_message": report.error_message,
        "date_updated": report.at,
        "next_at": report.again_at,
    }
    if report.status is not MessageStatus.SENT:
        which += [messages.c.status == message.status.value, messages.c.next_at == message.next_at]
        if report.provider:
            change["provider"] = report.provider
        return connection.execute(update(messages).where(*which).values(change)).rowcount == 1
    facts = {
        "provider": report.provider,
        "provider_reference": report.reference,
        "date_sent": report.at,
    }
    # Whoever holds the lease by now: what was sent need not be sent again.
    unsent = [*which, messages.c.status.in_(_UNSENT)]
    if connection.execute(update(messages).where(*unsent).values({**change, **facts})).rowcount == 1:
        return True
    # A receipt was quicker.
    connection.execute(update(messages).where(*which, messages.c.date_sent.is_(None)).values(facts))
    return False

"""Notifications, as they are read."""

from typing import Any

from sqlalchemy import ColumnElement, Row, select

from offhook.call.listing import NotificationFilter, Page
from offhook.call.rows import NotificationRow
from offhook.records.database import Database
from offhook.records.listing import NumberedList, alike, counted
from offhook.records.numbering import Listing, ends
from offhook.records.tables import notifications


class Notifications:
    """The notifications of all accounts, each seen by its account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, account_sid: str, notification_id: str) -> NotificationRow | None:
        """The account's notification with this id."""
        wanted = select(notifications).where(
            notifications.c.notification_id == notification_id, notifications.c.account_sid == account_sid
        )
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return _notification(row) if row else None

    def page(
        self, account_sid: str, wanted: NotificationFilter, *, offset: int, limit: int
    ) -> Page[NotificationRow]:
        """A stretch of the account's notifications, newest first."""
        seq, date = notifications.c.seq, notifications.c.date_created
        belongs = (notifications.c.account_sid == account_sid,)
        with self._database.reading() as connection:
            ends_now = ends(connection, account_sid, Listing.NOTIFICATIONS)
            whole = NumberedList(belongs, seq, date, ends_now)
            numbers = whole.between(connection, wanted.created_from, wanted.created_before)
            if conditions := _conditions(wanted):
                query = select(notifications).where(*belongs, seq.between(*numbers), *conditions)
                rows, total = counted(connection, query, seq.desc(), offset=offset, limit=limit)
            else:
                rows, total = whole.stretch(connection, numbers, offset=offset, limit=limit)
        return Page(tuple(_notification(row) for row in rows), total)


def _conditions(wanted: NotificationFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.call_id is not None:
        conditions.append(notifications.c.call_id == wanted.call_id)
    if wanted.code is not None:
        conditions.append(notifications.c.code == wanted.code)
    if wanted.request_url is not None:
        conditions.append(alike(notifications.c.request_url, wanted.request_url))
    if wanted.message is not None:
        conditions.append(alike(notifications.c.message, wanted.message))
    return conditions


def _notification(row: Row[Any]) -> NotificationRow:
    return NotificationRow(
        notification_id=row.notification_id,
        account_sid=row.account_sid,
        call_id=row.call_id,
        code=row.code,
        message=row.message,
        is_error=row.log == 0,
        request_url=row.request_url,
        request_method=row.request_method,
        request_variables=row.request_variables,
        response_headers=row.response_headers,
        response_body=row.response_body,
        date_created=row.date_created,
    )

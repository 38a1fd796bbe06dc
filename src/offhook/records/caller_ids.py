"""Outgoing caller ids: numbers that an account may show as the caller's."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from offhook.call.resource_rows import CallerIdRow
from offhook.records.columns import storable
from offhook.records.database import Database
from offhook.records.resource_tables import outgoing_caller_ids as caller_ids


class CallerIds:
    """The caller ids of all accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_account(self, account_sid: str) -> tuple[CallerIdRow, ...]:
        """The account's caller ids, oldest first."""
        wanted = select(caller_ids).where(caller_ids.c.account_sid == account_sid)
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(caller_ids.c.date_created, caller_ids.c.sid)).all()
        return tuple(_caller_id(row) for row in rows)

    def get(self, account_sid: str, sid: str) -> CallerIdRow | None:
        """The account's caller id with this sid."""
        with self._database.asking() as connection:
            row = connection.execute(select(caller_ids).where(*_own(account_sid, sid))).one_or_none()
        return _caller_id(row) if row else None

    def create(self, caller_id: CallerIdRow) -> CallerIdRow:
        """Keep a new caller id; where the account has the number already, the one that it has."""
        same = select(caller_ids).where(
            caller_ids.c.account_sid == caller_id.account_sid,
            caller_ids.c.phone_number == caller_id.phone_number,
        )
        with self._database.writing() as connection:
            row = connection.execute(same.limit(1)).one_or_none()
            if row is None:
                connection.execute(insert(caller_ids), asdict(caller_id))
        return _caller_id(row) if row else caller_id

    def update(self, caller_id: CallerIdRow) -> bool:
        """Keep a new name of a caller id; False where the account does not have it."""
        which = update(caller_ids).where(*_own(caller_id.account_sid, caller_id.sid))
        change = {"friendly_name": caller_id.friendly_name, "date_updated": caller_id.date_updated}
        with self._database.writing() as connection:
            return connection.execute(which, change).rowcount == 1

    def delete(self, account_sid: str, sid: str) -> bool:
        """Delete a caller id; False where the account does not have it."""
        with self._database.writing() as connection:
            return connection.execute(delete(caller_ids).where(*_own(account_sid, sid))).rowcount == 1


def _own(account_sid: str, sid: str) -> tuple[Any, ...]:
    return caller_ids.c.sid == storable(sid), caller_ids.c.account_sid == account_sid


def _caller_id(row: Row[Any]) -> CallerIdRow:
    return CallerIdRow(**row._asdict())

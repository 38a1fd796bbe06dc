"""Accounts."""

import re
import secrets
import string
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from offhook.call.info import new_id
from offhook.call.rows import AccountRow, AccountStatus
from offhook.records.columns import storable
from offhook.records.database import Database
from offhook.records.installation import hold_installation
from offhook.records.tables import accounts

_SID = re.compile(r"AC[0-9A-Za-z]{32}")
_LETTERS = string.ascii_uppercase + string.digits


class Accounts:
    """The accounts of the installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, sid: str) -> AccountRow | None:
        """The account with this sid."""
        with self._database.reading() as connection:
            return _get(connection, sid)

    def find(self, name: str) -> AccountRow | None:
        """The account with this sid, auth id or e-mail address: the names that one can sign in with."""
        name = storable(name)
        wanted = or_(accounts.c.sid == name, accounts.c.auth_id == name, accounts.c.email_address == name)
        with self._database.reading() as connection:
            row = connection.execute(select(accounts).where(wanted).limit(1)).one_or_none()
        return _account(row) if row else None

    def create(self, account: AccountRow) -> None:
        """Keep a new account. Raises IntegrityError where its sid, auth id or address is taken."""
        with self._database.writing() as connection:
            connection.execute(insert(accounts), asdict(account))

    def ensure_first(
        self, sid: str | None, token: str | None, *, now: datetime | None = None
    ) -> tuple[AccountRow, str, bool]:
        """The account that a new installation starts with, its token, and whether it was made just now.

        Without a `sid` that is the oldest account. A `token` that is given replaces the one that is kept, so
        configuration has the last word. `now` is written as the date of the change; the wall clock's time where
        it is not given. Raises ValueError for a `sid` that is none.
        """
        at = now or datetime.now(UTC)
        if sid is not None and not _SID.fullmatch(sid):
            raise ValueError(f"an account sid is AC and 32 letters or digits, not {sid!r}")
        with self._database.writing() as connection:
            hold_installation(connection)
            found = _get(connection, sid) if sid else _oldest(connection)
            if found is None:
                made = _new_account(sid, token, at)
                connection.execute(insert(accounts), asdict(made))
                return made, made.auth_token, True
            if token is not None and token != found.auth_token:
                change = update(accounts).where(accounts.c.sid == found.sid)
                connection.execute(change, {"auth_token": token, "date_updated": at})
                found = _get(connection, found.sid)
                assert found is not None
        return found, found.auth_token, False


def _get(connection: Connection, sid: str) -> AccountRow | None:
    row = connection.execute(select(accounts).where(accounts.c.sid == sid)).one_or_none()
    return _account(row) if row else None


def _oldest(connection: Connection) -> AccountRow | None:
    order = accounts.c.date_created, accounts.c.sid
    row = connection.execute(select(accounts).order_by(*order).limit(1)).one_or_none()
    return _account(row) if row else None


def _new_account(sid: str | None, token: str | None, now: datetime) -> AccountRow:
    return AccountRow(
        sid=sid or f"AC{new_id()}",
        auth_id="MA" + "".join(secrets.choice(_LETTERS) for _ in range(18)),
        friendly_name="Default account",
        email_address=None,
        type="Full",
        status=AccountStatus.ACTIVE,
        role="Administrator",
        auth_token=token or secrets.token_hex(32),
        organization_sid=f"OR{new_id()}",
        parent_sid=None,
        date_created=now,
        date_updated=now,
    )


def _account(row: Row[Any]) -> AccountRow:
    fields = row._asdict()
    fields["status"] = AccountStatus(row.status)
    return AccountRow(**fields)

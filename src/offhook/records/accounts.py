"""Accounts."""

import re
import secrets
import string
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, String, bindparam, insert, or_, select, update

from offhook.call.info import new_id
from offhook.call.rows import AccountRow, AccountStatus, RecordAll
from offhook.records import passwords
from offhook.records.closing import close_accounts
from offhook.records.columns import changes, storable
from offhook.records.database import Database
from offhook.records.installation import hold_installation
from offhook.records.sealed_columns import ACCOUNT_TOKEN, new_token
from offhook.records.secret_keys import SecretKeyWrong
from offhook.records.tables import accounts
from offhook.records.users import is_address_taken

_SID = re.compile(r"AC[0-9A-Za-z]{32}")
_LETTERS = string.ascii_uppercase + string.digits


class Accounts:
    """The accounts of the installation. Their tokens are sealed as they are written, and opened as they are read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._decoy: Row[Any] | None = None

    def get(self, sid: str) -> AccountRow | None:
        """The account with this sid."""
        with self._database.asking() as connection:
            row = connection.execute(select(accounts).where(accounts.c.sid == storable(sid))).one_or_none()
        return self._account(row)

    def find(self, name: str) -> AccountRow | None:
        """The account with this sid, auth id or e-mail address: the names that one can sign in with.

        To find none takes as long as to find one, so nobody learns by the clock which names there are.
        """
        with self._database.asking() as connection:
            row = connection.execute(
                _FIND, {"name": storable(name), "address": storable(name.lower())}
            ).one_or_none()
            if row is None and self._decoy is None:
                self._decoy = _first(connection, None)
        if row is None and self._decoy is not None:
            try:
                self._opened(self._decoy)
            except SecretKeyWrong:  # sealed anew since, and the key that it remembers is gone
                self._decoy = None
        return self._account(row)

    def all(self) -> tuple[AccountRow, ...]:
        """Every account, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(accounts).order_by(*_AGE)).all()
        return tuple(self._opened(row) for row in rows)

    def create(self, account: AccountRow) -> None:
        """Keep a new account. Raises IntegrityError where its sid, auth id or address is taken."""
        with self._database.writing() as connection:
            connection.execute(insert(accounts), self._fields(account))

    def children(self, sid: str) -> tuple[AccountRow, ...]:
        """The accounts right below this one, oldest first."""
        wanted = select(accounts).where(accounts.c.parent_sid == sid).order_by(*_AGE)
        with self._database.reading() as connection:
            rows = connection.execute(wanted).all()
        return tuple(self._opened(row) for row in rows)

    def add(self, account: AccountRow, password: str) -> bool:
        """Keep a new account, which signs in with `password` too; False where its address is somebody's already."""
        kept = replace(account, password_hash=passwords.hashed(password))
        with self._database.writing() as connection:
            hold_installation(connection)
            if account.email_address and is_address_taken(connection, account.email_address):
                return False
            connection.execute(insert(accounts), self._fields(kept))
        return True

    def update(self, account: AccountRow, *, was: AccountRow | None = None) -> bool:
        """Keep new properties of an account; False where there is none, or it is closed.

        Where it is said what it `was`, only what differs is written: what somebody else changes in the same moment,
        such as its status, stays as they want it. Whose it is, its addresses, token and password stay.
        """
        change = changes(account, was, _CHANGEABLE)
        is_open = accounts.c.status != AccountStatus.CLOSED.value
        which = update(accounts).where(accounts.c.sid == account.sid, is_open)
        with self._database.writing() as connection:
            return connection.execute(which, change).rowcount == 1

    def close(self, sid: str, *, now: datetime) -> tuple[str, ...]:
        """Close an account and all below it for good; returns the sids of those that were open.

        Their numbers, their names on channels and their clients' logins are free for others then, and their API
        keys open nothing. What they left behind stays.
        """
        with self._database.writing() as connection:
            return close_accounts(connection, sid, now)

    def renew_token(self, sid: str, *, now: datetime) -> str | None:
        """A new token in place of the old one, which opens nothing any more; None without such an account."""
        token = new_token()
        change = update(accounts).where(accounts.c.sid == sid)
        with self._database.writing() as connection:
            done = connection.execute(change, {"auth_token": self._sealed(sid, token), "date_updated": now})
        return token if done.rowcount == 1 else None

    def set_password(self, sid: str, password: str | None, *, now: datetime) -> bool:
        """Let a person sign in with `password`, or with none any more; False where there is no such account."""
        kept = None if password is None else passwords.hashed(password)
        change = update(accounts).where(accounts.c.sid == sid)
        with self._database.writing() as connection:
            done = connection.execute(change, {"password_hash": kept, "date_updated": now})
        return done.rowcount == 1

    def is_password(self, given: str, kept: str | None) -> bool:
        """Whether `given` is the password that is `kept`. Slow on purpose, and as slow where none is."""
        return passwords.is_password(given, kept)

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
            found = self._account(_first(connection, sid))
            if found is None:
                made = _new_account(sid, token, at)
                connection.execute(insert(accounts), self._fields(made))
                return made, made.auth_token, True
            if token is not None and token != found.auth_token:
                change = update(accounts).where(accounts.c.sid == found.sid)
                connection.execute(change, {"auth_token": self._sealed(found.sid, token), "date_updated": at})
                found = self._account(_first(connection, found.sid))
                assert found is not None
        return found, found.auth_token, False

    def _fields(self, account: AccountRow) -> dict[str, Any]:
        return {**asdict(account), "auth_token": self._sealed(account.sid, account.auth_token)}

    def _sealed(self, sid: str, token: str) -> str:
        box = self._database.secrets
        return box.seal(storable(token), ACCOUNT_TOKEN.place(sid)) if box else token

    def _account(self, row: Row[Any] | None) -> AccountRow | None:
        return None if row is None else self._opened(row)

    def _opened(self, row: Row[Any]) -> AccountRow:
        fields, box = row._asdict(), self._database.secrets
        fields["status"] = AccountStatus(row.status)
        fields["record_all"] = RecordAll(row.record_all) if row.record_all else None
        if box is not None:
            fields["auth_token"] = box.open(row.auth_token, ACCOUNT_TOKEN.place(row.sid))
        return AccountRow(**fields)


_CHANGEABLE = ("friendly_name", "status", "role", "metadata", "record_all", "date_updated")
_AGE = accounts.c.date_created, accounts.c.sid
_NAME, _ADDRESS = bindparam("name", type_=String), bindparam("address", type_=String)
_FIND = (
    select(accounts)
    .where(
        or_(
            accounts.c.sid == _NAME,
            accounts.c.auth_id == _NAME,
            accounts.c.email_address.in_([_NAME, _ADDRESS]),
        )
    )
    .limit(1)
)


def _first(connection: Connection, sid: str | None) -> Row[Any] | None:
    """The account with this sid; without one, the oldest."""
    wanted = select(accounts).order_by(*_AGE).limit(1)
    return connection.execute(wanted.where(accounts.c.sid == sid) if sid else wanted).one_or_none()


def _new_account(sid: str | None, token: str | None, now: datetime) -> AccountRow:
    return AccountRow(
        sid=sid or f"AC{new_id()}",
        auth_id="MA" + "".join(secrets.choice(_LETTERS) for _ in range(18)),
        friendly_name="Default account",
        email_address=None,
        type="Full",
        status=AccountStatus.ACTIVE,
        role="Administrator",
        auth_token=token or new_token(),
        organization_sid=f"OR{new_id()}",
        parent_sid=None,
        date_created=now,
        date_updated=now,
    )

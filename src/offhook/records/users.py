"""Users: people who sign in to an account by their e-mail address."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from offhook.call.listing import Page
from offhook.call.resource_rows import UserRole, UserRow
from offhook.call.rows import AccountStatus
from offhook.records import passwords
from offhook.records.columns import changes, storable
from offhook.records.database import Database
from offhook.records.installation import hold_installation
from offhook.records.listing import counted
from offhook.records.resource_tables import users
from offhook.records.tables import accounts

_CHANGEABLE = ("friendly_name", "role", "status", "date_updated")


class Users:
    """The users of all accounts. An e-mail address is one user's or one account's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, email_address: str) -> UserRow | None:
        """The user with this address, in whatever case it is written."""
        wanted = select(users).where(users.c.email_address == storable(email_address.lower()))
        with self._database.asking() as connection:
            row = connection.execute(wanted).one_or_none()
        return _user(row) if row else None

    def get(self, account_sid: str, sid: str) -> UserRow | None:
        """The account's user with this sid."""
        with self._database.asking() as connection:
            row = connection.execute(select(users).where(*_own(account_sid, sid))).one_or_none()
        return _user(row) if row else None

    def page(self, account_sid: str, *, offset: int, limit: int) -> Page[UserRow]:
        """A stretch of the account's users, newest first."""
        query = select(users).where(users.c.account_sid == account_sid)
        order = users.c.date_created.desc(), users.c.sid
        with self._database.reading() as connection:
            rows, total = counted(connection, query, *order, offset=offset, limit=limit)
        return Page(tuple(_user(row) for row in rows), total)

    def create(self, user: UserRow, password: str) -> bool:
        """Keep a new user, who signs in with `password`; False where the address is somebody's already."""
        fields = asdict(user) | {"password_hash": passwords.hashed(password)}
        with self._database.writing() as connection:
            hold_installation(connection)
            if is_address_taken(connection, user.email_address):
                return False
            connection.execute(insert(users), fields)
        return True

    def update(self, user: UserRow, *, was: UserRow | None = None) -> bool:
        """Keep new properties of a user, only those that differ from what it `was` where that is given; False where the
        account does not have it. The address and password stay."""
        change = changes(user, was, _CHANGEABLE)
        which = update(users).where(*_own(user.account_sid, user.sid))
        with self._database.writing() as connection:
            return connection.execute(which, change).rowcount == 1

    def set_password(self, account_sid: str, sid: str, password: str, *, now: datetime) -> bool:
        """Let a user sign in with `password` alone; False where the account does not have that user."""
        change = {"password_hash": passwords.hashed(password), "date_updated": now}
        with self._database.writing() as connection:
            return connection.execute(update(users).where(*_own(account_sid, sid)), change).rowcount == 1

    def delete(self, account_sid: str, sid: str) -> bool:
        """Delete a user; False where the account does not have it."""
        with self._database.writing() as connection:
            return connection.execute(delete(users).where(*_own(account_sid, sid))).rowcount == 1


def is_address_taken(connection: Connection, email_address: str) -> bool:
    """Whether a user or an account signs in with this address; for a transaction that holds the installation."""
    address = storable(email_address.lower())
    with_it = select(users.c.sid).where(users.c.email_address == address)
    accounts_with_it = select(accounts.c.sid).where(func.lower(accounts.c.email_address) == address)
    return connection.scalar(with_it.union_all(accounts_with_it).limit(1)) is not None


def _own(account_sid: str, sid: str) -> tuple[Any, ...]:
    return users.c.sid == storable(sid), users.c.account_sid == account_sid


def _user(row: Row[Any]) -> UserRow:
    fields = row._asdict()
    fields["role"], fields["status"] = UserRole(row.role), AccountStatus(row.status)
    return UserRow(**fields)

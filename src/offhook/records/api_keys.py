"""API keys: names and random secrets that programs sign in with. Of a secret, only its SHA-256 is kept."""

import hashlib
import secrets
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from offhook.call.info import new_id
from offhook.call.listing import Page
from offhook.call.rows import ApiKeyRow
from offhook.records.columns import storable
from offhook.records.database import Database
from offhook.records.listing import counted
from offhook.records.tables import api_keys

SECRET_BYTES = 32
_FIND = select(api_keys).where(api_keys.c.key_id == bindparam("key"))


class ApiKeys:
    """The API keys of all accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, key_id: str) -> ApiKeyRow | None:
        """The key with this id, revoked or not."""
        with self._database.asking() as connection:
            row = connection.execute(_FIND, {"key": storable(key_id)}).one_or_none()
        return _key(row) if row else None

    def of_account(self, account_sid: str) -> tuple[ApiKeyRow, ...]:
        """The account's keys, oldest first, revoked ones too."""
        wanted = select(api_keys).where(api_keys.c.account_sid == account_sid)
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(api_keys.c.date_created, api_keys.c.key_id)).all()
        return tuple(_key(row) for row in rows)

    def add(self, account_sid: str, friendly_name: str, *, now: datetime) -> tuple[ApiKeyRow, str]:
        """A new key and its secret, which cannot be had again. Raises IntegrityError without such an account."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        made = ApiKeyRow(
            key_id=f"SK{new_id()}",
            account_sid=account_sid,
            friendly_name=friendly_name,
            secret_sha256=hashlib.sha256(secret.encode()).hexdigest(),
            date_created=now,
        )
        with self._database.writing() as connection:
            connection.execute(insert(api_keys), asdict(made))
        return made, secret

    def get(self, account_sid: str, key_id: str) -> ApiKeyRow | None:
        """The account's key with this id, if it still lets somebody in."""
        wanted = select(api_keys).where(api_keys.c.key_id == storable(key_id), *_open(account_sid))
        with self._database.asking() as connection:
            row = connection.execute(wanted).one_or_none()
        return _key(row) if row else None

    def page(self, account_sid: str, *, offset: int, limit: int) -> Page[ApiKeyRow]:
        """A stretch of the account's keys that still let somebody in, newest first."""
        query = select(api_keys).where(*_open(account_sid))
        order = api_keys.c.date_created.desc(), api_keys.c.key_id
        with self._database.reading() as connection:
            rows, total = counted(connection, query, *order, offset=offset, limit=limit)
        return Page(tuple(_key(row) for row in rows), total)

    def rename(self, account_sid: str, key_id: str, friendly_name: str, *, now: datetime) -> bool:
        """Give the account's key a new name; False where it has none such that lets somebody in."""
        which = update(api_keys).where(api_keys.c.key_id == storable(key_id), *_open(account_sid))
        with self._database.writing() as connection:
            change = {"friendly_name": friendly_name, "date_updated": now}
            return connection.execute(which, change).rowcount == 1

    def revoke(self, key_id: str, *, now: datetime) -> bool:
        """Let nobody in with this key any more; False where there is none that lets somebody in."""
        open_still = update(api_keys).where(api_keys.c.key_id == key_id, api_keys.c.date_revoked.is_(None))
        with self._database.writing() as connection:
            return connection.execute(open_still, {"date_revoked": now}).rowcount == 1


def _open(account_sid: str) -> tuple[Any, ...]:
    return api_keys.c.account_sid == account_sid, api_keys.c.date_revoked.is_(None)


def _key(row: Row[Any]) -> ApiKeyRow:
    return ApiKeyRow(**row._asdict())

"""The columns that hold secrets: what lies open there is sealed, and what an older key sealed is sealed anew."""

from collections.abc import Iterator
from dataclasses import dataclass
from secrets import token_hex

from sqlalchemy import Column, Connection, Table, select, update

from offhook.records.database import Database
from offhook.records.installation import hold_installation
from offhook.records.resource_tables import clients
from offhook.records.sealing import MARK, SecretBox, is_sealed, place
from offhook.records.secret_keys import SecretKeyWrong
from offhook.records.tables import accounts
from offhook.records.trunk_tables import trunks

TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of secrets, and the one that names its rows."""

    table: Table
    row: Column[str]
    secret: Column[str]

    def place(self, row: str) -> str:
        """Where the secret of this row lies."""
        return place(self.table.name, row, self.secret.name)


ACCOUNT_TOKEN = SealedColumn(accounts, accounts.c.sid, accounts.c.auth_token)
CLIENT_MD5 = SealedColumn(clients, clients.c.sid, clients.c.ha1_md5)
CLIENT_SHA256 = SealedColumn(clients, clients.c.sid, clients.c.ha1_sha256)
TRUNK_PASSWORD = SealedColumn(trunks, trunks.c.sid, trunks.c.password)
SEALED_COLUMNS = (ACCOUNT_TOKEN, CLIENT_MD5, CLIENT_SHA256, TRUNK_PASSWORD)


def new_token() -> str:
    """A token that nobody guesses: 64 hex digits."""
    return token_hex(TOKEN_BYTES)


def any_sealed(database: Database) -> bool:
    """Whether some secret is sealed already, so that a new key could not open it."""
    with database.reading() as connection:
        return any(
            connection.execute(
                select(column.row).where(column.secret.startswith(MARK, autoescape=True)).limit(1)
            ).first()
            for column in SEALED_COLUMNS
        )


def seal_all(database: Database, secrets: SecretBox, *, only_open: bool = False) -> int:
    """Bring every secret under the key in use, all or none; returns how many were not.

    `only_open` leaves those alone that an older key sealed. Each is opened on the way, so this tells too whether
    the keys are right. Raises SecretKeyWrong.
    """
    secrets.reload()
    count = 0
    with database.writing() as connection:
        if database.is_local:
            connection.exec_driver_sql(
                "PRAGMA secure_delete = ON"
            )  # what is overwritten leaves no trace in the file
        hold_installation(connection)
        for column, row, kept in _secrets(connection):
            plain = secrets.open(kept, column.place(row))
            if is_sealed(kept) and (only_open or secrets.is_current(kept)):
                continue
            sealed = secrets.seal(plain, column.place(row))
            # Only what was looked at: somebody may have set another token meanwhile.
            same = update(column.table).where(column.row == row, column.secret == kept)
            count += connection.execute(same, {column.secret.name: sealed}).rowcount
    if count and database.is_local:
        with database.asking() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return count


def replace_lost(database: Database, secrets: SecretBox) -> tuple[str, ...]:
    """Put a new random secret wherever the key was lost, and none for a trunk, whose password is not ours to make; returns
    the rows. Raises SecretKeyWrong without any key."""
    secrets.reload()
    lost = []
    with database.writing() as connection:
        hold_installation(connection)
        for column, row, kept in _secrets(connection):
            try:
                secrets.open(kept, column.place(row))
            except SecretKeyWrong:
                is_ours = column is not TRUNK_PASSWORD
                sealed = secrets.seal(new_token(), column.place(row)) if is_ours else None
                change = update(column.table).where(column.row == row)
                connection.execute(change, {column.secret.name: sealed})
                lost.append(row)
    return tuple(lost)


def _secrets(connection: Connection) -> Iterator[tuple[SealedColumn, str, str]]:
    for column in SEALED_COLUMNS:
        wanted = select(column.row, column.secret).where(column.secret.is_not(None))
        for row, kept in connection.execute(wanted).all():
            yield column, row, kept

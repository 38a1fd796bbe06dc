"""One database and its two kinds of transaction.

On SQLite the file is in WAL mode, so readers never wait for the writer. A writing transaction begins with
BEGIN IMMEDIATE: one that began by reading could not become a writer once another had written, and would
fail at once in spite of the busy timeout. `synchronous=NORMAL` keeps the file sound in every crash and loses
nothing when a process dies; a power cut may undo the last moments, which is the price of not waiting for
the disk at every batch.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
    TimeoutError,
)

from offhook.call.errors import RecordsAway
from offhook.records.sealing import SecretBox

BUSY_TIMEOUT_S = 5.0
"""How long a writer waits for another one."""
_OPTIONS: dict[str, Any] = {
    "pool_size": 8,
    "max_overflow": 32,
    "hide_parameters": True,  # what callers said and pressed has no place in an error's text
}
_PATIENCE = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""How long a PostgreSQL server that fell silent is waited for, in seconds and (the last) milliseconds."""
UNDEFINED_TABLE = "42P01"
"""The SQLSTATE of PostgreSQL for a table that is not there."""
_PRAGMAS = (
    f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA cache_size = -16384",
    "PRAGMA temp_store = MEMORY",
)


DatabaseFault = (SQLAlchemyError, RecordsAway)
"""What a database raises that cannot be used, is away, or refuses."""


def shown_url(url: str) -> str:
    """A database's URL without its password."""
    return make_url(url).render_as_string(hide_password=True)


class Database:
    """A database by its SQLAlchemy URL: `sqlite:///path` or `postgresql://…`. Safe to use from many threads."""

    def __init__(self, url: str, *, foreign_keys: bool = True, secrets: SecretBox | None = None) -> None:
        """`secrets` seals and opens what must not be read from a copy; without it, it is kept as it comes."""
        self._engine = _sqlite(url, foreign_keys) if url.startswith("sqlite") else _postgresql(url)
        self._is_sqlite = url.startswith("sqlite")
        self.secrets = secrets

    @property
    def is_local(self) -> bool:
        """Whether it is a file on this machine, which a look-up by index does not wait for."""
        return self._is_sqlite

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A block that sees one state of the database; on PostgreSQL, one state a statement. Raises RecordsAway."""
        with _away(), self._engine.connect() as connection, connection.begin():
            self._begin(connection, "BEGIN")
            yield connection

    @contextmanager
    def asking(self) -> Iterator[Connection]:
        """A block for one statement that reads; cheaper than `reading`, as it needs no transaction of its own.

        Raises RecordsAway.
        """
        with _away(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A block whose changes are kept together at its end, or not at all when it raises. Raises RecordsAway."""
        with _away(), self._engine.connect() as connection, connection.begin():
            self._begin(connection, "BEGIN IMMEDIATE")
            yield connection

    def _begin(self, connection: Connection, words: str) -> None:
        """SQLite's driver is kept from beginning by itself. Not an event: one would slow every statement down."""
        if self._is_sqlite:
            connection.exec_driver_sql(words)

    def is_there(self) -> bool:
        """Whether the database answers. Raises nothing for one that does not."""
        try:
            with self.reading() as connection:
                connection.exec_driver_sql("SELECT 1")
        except DatabaseFault:
            return False
        return True

    def takes_changes(self) -> bool:
        """Whether it can be written now. Raises nothing for one that cannot."""
        try:
            with self.writing() as connection:
                connection.exec_driver_sql("SELECT 1")
        except DatabaseFault:
            return False
        return True

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()


class _away:
    """A block in which what a database says of its own state becomes RecordsAway; what it says of a statement stays."""

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if _tells_of_the_database(error):
            raise RecordsAway(str(error.orig if isinstance(error, DatabaseError) else error)) from error


def _tells_of_the_database(error: BaseException | None) -> bool:
    """Whether another try may succeed, and not only because the statement is another one."""
    if isinstance(error, (OperationalError, InterfaceError, TimeoutError)) or type(error) is DatabaseError:
        return True
    # Somebody is restoring it, or has not migrated it yet.
    return isinstance(error, ProgrammingError) and getattr(error.orig, "sqlstate", None) == UNDEFINED_TABLE


def _postgresql(url: str) -> Engine:
    address = make_url(url)
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    return create_engine(address, pool_pre_ping=True, connect_args=_PATIENCE, **_OPTIONS)


def _sqlite(url: str, foreign_keys: bool) -> Engine:
    engine = create_engine(url, **_OPTIONS)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = (
            None  # the driver's own BEGIN is never IMMEDIATE and never before a SELECT
        )
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")

    return engine

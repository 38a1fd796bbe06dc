"""Copies all rows of one database into another, empty one, with the ids that they have: SQLite and PostgreSQL, either way.

Values travel as the database keeps them, JSON as its text, so that a copy of a copy is equal to the first to the
letter. The source is seen as it is at one moment and may be in use; the target gets all rows or none.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Row,
    Table,
    Text,
    bindparam,
    cast,
    func,
    insert,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError
from sqlalchemy.types import TypeEngine

from offhook.call.errors import OffhookError
from offhook.records import migrate
from offhook.records.all_tables import metadata
from offhook.records.columns import Moment, Words
from offhook.records.database import Database, shown_url
from offhook.records.workers import Workers

BATCH_ROWS = 1000
LEASE_S = 20.0
"""A worker that renewed its lease so lately is taken to be running."""

Tell = Callable[[str, int, int], None]
"""Hears of progress: the table, how many of its rows are copied, and how many it has."""


class CopyRefused(OffhookError):
    """The copy is not made; the message says why, and what to do. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied."""

    rows: dict[str, int]
    """By table."""

    @property
    def total(self) -> int:
        """Rows of all tables."""
        return sum(self.rows.values())


def database_url(text: str) -> str:
    """The URL of a database that is named by its URL or by the path of its file. Raises CopyRefused."""
    if "://" not in text:
        return f"sqlite:///{Path(text).resolve()}"
    try:
        url = make_url(text)
    except ArgumentError:
        raise CopyRefused(
            "that is no database's URL: write sqlite:///path, or postgresql://user@host/name"
        ) from None
    if url.get_backend_name() not in ("sqlite", "postgresql", "postgres"):
        raise CopyRefused(f"{shown_url(text)}: only SQLite and PostgreSQL are known")
    if url.get_backend_name() == "sqlite" and not url.database:
        raise CopyRefused(f"{text}: name a file, like sqlite:///data/offhook.db")
    return text


def copy(
    source_url: str, target_url: str, *, while_running: bool = False, tell: Tell | None = None
) -> Copied:
    """Copy all rows; the target is brought up to date first. Raises CopyRefused or RecordsAway.

    A source whose server runs is refused, because what it writes meanwhile would be missing in the copy, unless
    `while_running` says that this is meant.
    """
    refuse_unready_source(source_url, while_running=while_running)
    if make_url(source_url) == make_url(target_url):
        raise CopyRefused(f"{shown_url(source_url)} cannot be copied onto itself")
    if (revision := migrate.current(target_url)) and not migrate.is_known(revision):
        raise CopyRefused(
            f"{shown_url(target_url)} belongs to a newer version of Offhook (revision {revision})"
        )
    migrate.upgrade(target_url)
    source = Database(source_url)
    target = Database(target_url, foreign_keys=False)  # the source held them; the order of rows is its own
    try:
        with source.reading() as reading, target.writing() as writing:
            hold_still(reading)
            refuse_rows(writing, shown_url(target_url))
            return Copied(
                {table.name: _copy_table(reading, writing, table, tell) for table in _plain_tables()}
            )
    finally:
        source.close()
        target.close()


def refuse_unready_source(url: str, *, while_running: bool) -> None:
    """Raise CopyRefused for a database that is not there, is of another version, or is in use."""
    shown, file = shown_url(url), make_url(url).database
    if url.startswith("sqlite") and not (file and Path(file).is_file()):
        raise CopyRefused(f"there is no database {shown}")
    revision = migrate.current(url)
    if revision is None:
        raise CopyRefused(f"{shown} is no database of Offhook, or was never used")
    if revision != migrate.head():
        raise CopyRefused(
            f"{shown} is at revision {revision}, and this version needs {migrate.head()}: run `offhook db upgrade` on it"
        )
    if not while_running and (running := running_workers(url)):
        raise CopyRefused(
            f"a server runs on {shown} (worker {running[0]}): stop it first, so that the copy has everything, "
            "or copy what is there now with --while-running"
        )


def running_workers(url: str) -> tuple[str, ...]:
    """The ids of workers that hold a lease on a database."""
    database = Database(url)
    try:
        return tuple(worker.worker_id for worker in Workers(database).alive(LEASE_S))
    finally:
        database.close()


def refuse_rows(connection: Connection, shown: str) -> None:
    """Raise CopyRefused unless all tables are empty."""
    for table in metadata.sorted_tables:
        if connection.execute(select(1).select_from(table).limit(1)).first():
            raise CopyRefused(
                f"{shown} has rows already (in {table.name}), and nothing is ever mixed or overwritten: "
                "name an empty database"
            )


def hold_still(connection: Connection) -> None:
    """See the database as it is now, until the transaction ends; the first statement of the transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def count_rows(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {table.name: _count(connection, table) for table in metadata.sorted_tables}


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _copy_table(reading: Connection, writing: Connection, table: Table, tell: Tell | None) -> int:
    total, done = _count(reading, table), 0
    adding = insert(table).values({column.name: _given(column, writing.dialect.name) for column in table.c})
    for batch in _batches(reading, table):
        writing.execute(adding, [row._asdict() for row in batch])
        done += len(batch)
        if tell is not None:
            tell(table.name, done, total)
    kept = _count(writing, table)
    if not done == kept == total:
        raise CopyRefused(f"{table.name} has {total} rows, and {kept} of them arrived: nothing was copied")
    return kept


def _batches(reading: Connection, table: Table) -> Iterator[Sequence[Row[Any]]]:
    wanted = select(*(_taken(column) for column in table.c))
    if table.name == "accounts":
        yield from _parents_first(reading.execute(wanted).all())
        return
    rows = reading.execute(wanted, execution_options={"yield_per": BATCH_ROWS})
    yield from rows.partitions(BATCH_ROWS)


def _parents_first(rows: Sequence[Row[Any]]) -> Iterator[Sequence[Row[Any]]]:
    """Accounts, generation by generation: a database may want to see an account before those below it."""
    known: set[str | None] = {None}
    waiting = list(rows)
    while waiting:
        generation = [row for row in waiting if row.v_parent_sid in known] or waiting
        known |= {row.v_sid for row in generation}
        waiting = [row for row in waiting if row.v_sid not in known]
        yield generation


def _plain_tables() -> list[Table]:
    """The tables with the database's own types instead of ours, those that others point to first."""
    plain = MetaData()
    return [
        Table(table.name, plain, *(Column(column.name, _plain_type(column)) for column in table.c))
        for table in metadata.sorted_tables
    ]


def _plain_type(column: Column[Any]) -> TypeEngine[Any]:
    if isinstance(column.type, Moment):
        return BigInteger()
    return Text() if isinstance(column.type, Words) else column.type


def _taken(column: Column[Any]) -> ColumnElement[Any]:
    value = cast(column, Text) if isinstance(column.type, JSON) else column
    return value.label(f"v_{column.name}")


def _given(column: Column[Any], dialect_name: str) -> ColumnElement[Any]:
    if not isinstance(column.type, JSON):
        return bindparam(f"v_{column.name}", type_=column.type)
    text = bindparam(f"v_{column.name}", type_=Text())
    return text if dialect_name == "sqlite" else cast(text, column.type)

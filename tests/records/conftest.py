"""A database for each test, once as a file of SQLite and once on a real PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from offhook.call.info import new_id
from offhook.call.rows import AccountRow
from offhook.records import migrate
from offhook.records.all_tables import metadata
from offhook.records.database import Database
from tests.postgresql import PostgresqlServer
from tests.records import story

KINDS = ("sqlite", "postgresql")
CUT_OFF_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
"""What an earlier test left open."""


def empty(postgresql_url: str) -> None:
    """Leave no row in a PostgreSQL database."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(CUT_OFF_OTHERS)
        for table in reversed(metadata.sorted_tables):
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))


@pytest.fixture(params=KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    """What the test's database is."""
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with empty tables, to be copied: quicker than to migrate again."""
    file = tmp_path_factory.mktemp("migrated") / "offhook.db"
    migrate.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def shared_url(postgresql: PostgresqlServer) -> str:
    """The URL of a PostgreSQL database with tables, emptied for each test: to copy one takes 50 times as long."""
    url = postgresql.create("shared")
    migrate.upgrade(url)
    return url


@pytest.fixture
def empty_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    name = f"empty_{new_id()}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with empty tables, whose structure the test leaves as it is."""
    if database_kind == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "offhook.db")
        return f"sqlite:///{tmp_path}/offhook.db"
    url: str = request.getfixturevalue("shared_url")
    empty(url)
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with empty tables."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def account(database: Database) -> AccountRow:
    """An account."""
    return story.account(database)

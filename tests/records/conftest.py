"""A database for each test: a file, or the server that OFFHOOK_TEST_DATABASE_URL names, emptied first."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from offhook.call.rows import AccountRow
from offhook.records import migrate
from offhook.records.database import Database
from tests.records import story


@pytest.fixture
def empty_url(tmp_path: Path) -> str:
    """The URL of a database without tables."""
    url = os.environ.get("OFFHOOK_TEST_DATABASE_URL")
    if url is None:
        return f"sqlite:///{tmp_path}/offhook.db"
    migrate.downgrade(url, "base")
    return url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with empty tables, to be copied: quicker than to migrate again."""
    file = tmp_path_factory.mktemp("migrated") / "offhook.db"
    migrate.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def database_url(empty_url: str, migrated_file: Path) -> str:
    """The URL of a database with empty tables."""
    if empty_url.startswith("sqlite"):
        shutil.copy(migrated_file, empty_url.removeprefix("sqlite:///"))
    else:
        migrate.upgrade(empty_url)
    return empty_url


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

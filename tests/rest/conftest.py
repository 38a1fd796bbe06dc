"""An application over an empty database with one account."""

import pytest

from offhook.call.rows import AccountRow
from offhook.records.database import Database
from tests.records.conftest import account, database, database_url, empty_url, migrated_file
from tests.rest.site import Site

__all__ = ["account", "database", "database_url", "empty_url", "migrated_file"]


@pytest.fixture
def database_kind() -> str:
    """SQLite: what a database answers is tested of the records, on both kinds."""
    return "sqlite"


@pytest.fixture
def site(database: Database, account: AccountRow) -> Site:
    """The application."""
    return Site(database, account)

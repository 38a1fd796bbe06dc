"""The same application as for the other API."""

from tests.rest.conftest import (
    account,
    database,
    database_kind,
    database_url,
    empty_url,
    migrated_file,
    site,
)

__all__ = ["account", "database", "database_kind", "database_url", "empty_url", "migrated_file", "site"]

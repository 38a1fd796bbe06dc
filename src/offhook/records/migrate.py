"""Brings a database to the schema of this version, wherever Offhook is installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from offhook.records.database import Database

_IN_WHEEL = Path(__file__).parents[1] / "_migrations"
_IN_TREE = Path(__file__).parents[3] / "migrations"
_LOCK = 0x0FF400C
"""The advisory lock that keeps two processes from migrating one PostgreSQL database at a time."""


def upgrade(database_url: str, to: str = "head") -> None:
    """Apply all migrations up to `to` that a database lacks, in one transaction. Safe to call at every start."""
    with _migrating(database_url) as config:
        command.upgrade(config, to)


def downgrade(database_url: str, to: str) -> None:
    """Undo migrations down to the revision `to`; `base` empties the database."""
    with _migrating(database_url) as config:
        command.downgrade(config, to)


def current(database_url: str) -> str | None:
    """The revision that a database is at; None for an empty one."""
    database = Database(database_url)
    try:
        with database.reading() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        database.close()


def head() -> str:
    """The newest revision, which this version needs."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    assert newest is not None
    return newest


def is_known(revision: str) -> bool:
    """Whether this version has heard of a revision; it has not of those of newer versions."""
    return revision in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _config() -> Config:
    config = Config()
    location = _IN_WHEEL if _IN_WHEEL.is_dir() else _IN_TREE
    config.set_main_option("script_location", str(location).replace("%", "%%"))
    return config


@contextmanager
def _migrating(database_url: str) -> Iterator[Config]:
    # Altering a table on SQLite rebuilds it, which foreign keys would not survive.
    database = Database(database_url, foreign_keys=False)
    config = _config()
    try:
        with database.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            config.attributes["connection"] = connection
            yield config
    finally:
        database.close()

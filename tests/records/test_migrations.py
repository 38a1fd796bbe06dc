import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from offhook.records import migrate
from offhook.records.all_tables import metadata
from offhook.records.database import Database


def test_an_empty_database_becomes_the_newest(empty_url: str) -> None:
    assert migrate.current(empty_url) is None
    migrate.upgrade(empty_url)
    assert migrate.current(empty_url) == migrate.head()


def test_upgrading_again_changes_nothing(database_url: str) -> None:
    migrate.upgrade(database_url)
    assert migrate.current(database_url) == migrate.head()


def test_the_migrated_schema_is_the_one_in_the_code(database: Database) -> None:
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        inspector = inspect(connection)
        for table in metadata.tables.values():
            names = {index["name"] for index in inspector.get_indexes(table.name)}
            assert {index.name for index in table.indexes} <= names


def test_going_back_to_the_base_leaves_nothing(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    migrate.downgrade(empty_url, "base")
    assert migrate.current(empty_url) is None
    database = Database(empty_url)
    with database.reading() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    database.close()


def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    folder = tmp_path / "50% of it"
    folder.mkdir()
    url = f"sqlite:///{folder}/offhook.db"
    migrate.upgrade(url)
    assert migrate.current(url) == migrate.head()


def test_processes_that_start_together_migrate_once(empty_url: str) -> None:
    program = "import sys; from offhook.records import migrate; migrate.upgrade(sys.argv[1])"
    processes = [subprocess.Popen([sys.executable, "-c", program, empty_url]) for _ in range(3)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    assert migrate.current(empty_url) == migrate.head()

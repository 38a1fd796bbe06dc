"""`offhook db copy`: every row arrives as it was, or none does."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from offhook.call.info import new_id
from offhook.records import migrate
from offhook.records.all_tables import metadata
from offhook.records.copying import CopyRefused, copy, database_url
from offhook.records.database import Database
from offhook.records.workers import Workers
from tests.postgresql import PostgresqlServer
from tests.records import story
from tests.records.any_rows import Rows, any_rows, keep
from tests.records.conftest import empty
from tests.records.story import after, finished, gather, notified, record, started


def contents(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All that is in a file, as SQLite has it."""
    with closing(sqlite3.connect(file)) as connection:
        return {
            name: sorted(connection.execute(f'SELECT * FROM "{name}"'), key=repr) for name in metadata.tables
        }


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=any_rows())
def test_there_and_back_again_nothing_has_changed(
    rows: Rows, shared_url: str, migrated_file: Path, tmp_path: Path
) -> None:
    first, last = (tmp_path / f"{new_id()}.db" for _ in range(2))
    for file in (first, last):
        shutil.copy(migrated_file, file)
    empty(shared_url)
    database = Database(f"sqlite:///{first}", foreign_keys=False)
    with database.writing() as connection:
        keep(connection, rows)
    database.close()
    there = copy(f"sqlite:///{first}", shared_url, while_running=True)
    back = copy(shared_url, f"sqlite:///{last}", while_running=True)
    assert there == back
    assert there.rows == {name: len(of_table) for name, of_table in rows.items()}
    assert contents(last) == contents(first)


@pytest.fixture
def filled(database: Database) -> Database:
    """A database with a call and what belongs to it."""
    account, call_id = story.account(database), new_id()
    record(
        database,
        started(account.sid, call_id, callbacks=(story.told("ringing"),), if_lost=story.told("lost")),
        *gather(account.sid, call_id, after(2)),
        notified(account.sid, call_id, after(3)),
        finished(account.sid, call_id, after(4)),
    )
    return database


def test_progress_is_told_and_rows_are_counted(filled: Database, database_url: str, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    copied = copy(database_url, f"sqlite:///{tmp_path}/copy.db", tell=lambda *progress: told.append(progress))
    assert {"calls", "gathers", "notifications", "outbox", "accounts"} <= {name for name, _, _ in told}
    assert all(done <= total for _, done, total in told)
    assert copied.rows["calls"] == 1
    assert copied.total == sum(copied.rows.values())


def test_a_database_with_rows_is_no_target(filled: Database, database_url: str, tmp_path: Path) -> None:
    other = f"sqlite:///{tmp_path}/other.db"
    copy(database_url, other)
    with pytest.raises(CopyRefused, match="has rows already"):
        copy(other, database_url)
    with pytest.raises(CopyRefused, match="onto itself"):
        copy(database_url, database_url)


def test_a_database_in_use_is_copied_on_purpose_only(
    filled: Database, database_url: str, tmp_path: Path
) -> None:
    Workers(filled).register(
        "worker-7", worker_index=0, address="", sip_address="", call_slots=4, free_slots=4, build="x"
    )
    with pytest.raises(CopyRefused, match=r"worker-7.*--while-running"):
        copy(database_url, f"sqlite:///{tmp_path}/copy.db")
    assert copy(database_url, f"sqlite:///{tmp_path}/copy.db", while_running=True).rows["workers"] == 1


def test_a_copy_that_breaks_off_leaves_nothing(filled: Database, database_url: str, tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path}/copy.db"

    def stop_at_calls(name: str, _done: int, _total: int) -> None:
        if name == "calls":
            raise OSError("the terminal is gone")

    with pytest.raises(OSError, match="terminal"):
        copy(database_url, target, tell=stop_at_calls)
    assert not any(contents(tmp_path / "copy.db").values())
    assert copy(database_url, target).rows["calls"] == 1


def test_a_source_that_is_none_is_named(tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path}/copy.db"
    with pytest.raises(CopyRefused, match="there is no database"):
        copy(f"sqlite:///{tmp_path}/missing.db", target)
    assert not (tmp_path / "missing.db").exists()
    (tmp_path / "empty.db").touch()
    with pytest.raises(CopyRefused, match="no database of Offhook"):
        copy(f"sqlite:///{tmp_path}/empty.db", target)
    migrate.upgrade(f"sqlite:///{tmp_path}/old.db", "0002")
    with pytest.raises(CopyRefused, match=r"revision 0002.*offhook db upgrade"):
        copy(f"sqlite:///{tmp_path}/old.db", target)
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize("text", ["mysql://x/y", "://", "sqlite://", "postgresql:/x"])
def test_a_name_that_leads_to_no_database_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(CopyRefused):
        copy(database_url(text), f"sqlite:///{tmp_path}/copy.db")


def test_a_generation_of_accounts_follows_the_one_above(
    postgresql: PostgresqlServer, shared_url: str, migrated_file: Path, tmp_path: Path
) -> None:
    file = tmp_path / "families.db"
    shutil.copy(migrated_file, file)
    database = Database(f"sqlite:///{file}", foreign_keys=False)
    for sid, parent in (("AC3", "AC2"), ("AC2", "AC1"), ("AC1", None)):
        story.account(database, sid, parent_sid=parent)
    database.close()
    empty(shared_url)
    assert copy(f"sqlite:///{file}", shared_url).rows["accounts"] == 3

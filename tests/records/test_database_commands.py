"""`offhook db copy`, `backup`, `restore`, `keep` and `purge`, as an operator types them."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from offhook.call.info import new_id
from offhook.call.listing import CallFilter
from offhook.call.rows import AccountRow
from offhook.cli import app
from offhook.records.calls import Calls
from offhook.records.database import Database
from tests.records import story
from tests.records.conftest import empty
from tests.records.story import after, finished, gather, record, started
from tests.records.test_copying import contents

CALLER = "+4930123456"


@pytest.fixture
def data(tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with an empty database, which the settings name."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(migrated_file, folder / "offhook.db")
    monkeypatch.setenv("OFFHOOK_DATA_DIR", str(folder))
    monkeypatch.setenv("COLUMNS", "200")
    return folder


@pytest.fixture
def database(data: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{data}/offhook.db")
    yield database
    database.close()


@pytest.fixture
def account(database: Database) -> AccountRow:
    """An account with a call of CALLER and one of somebody else."""
    account = story.account(database)
    for number, caller in enumerate((CALLER, "+15550001")):
        call_id, at = new_id(), after(number)
        record(
            database,
            started(account.sid, call_id, at, from_=caller),
            *gather(account.sid, call_id, at),
            finished(account.sid, call_id, after(number + 9)),
        )
    return account


def offhook(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def callers(database: Database, account: AccountRow) -> list[str]:
    return [row.from_ for row in Calls(database).page(account.sid, CallFilter(), offset=0, limit=9).rows]


def test_a_database_is_copied_to_postgresql_and_back(
    data: Path, account: AccountRow, shared_url: str, tmp_path: Path
) -> None:
    empty(shared_url)
    there = offhook("db", "copy", str(data / "offhook.db"), shared_url)
    assert there.exit_code == 0, there.output
    assert f"OFFHOOK_DATABASE_URL={shared_url}" in there.output
    assert offhook("db", "copy", shared_url, str(tmp_path / "back.db")).exit_code == 0
    assert contents(tmp_path / "back.db") == contents(data / "offhook.db")
    again = offhook("db", "copy", str(data / "offhook.db"), shared_url)
    assert again.exit_code == 1
    assert "Nothing was copied" in again.output
    assert "has rows already" in again.output


def test_a_server_that_is_away_is_named(account: AccountRow, data: Path) -> None:
    done = offhook("db", "copy", str(data / "offhook.db"), "postgresql://nobody@127.0.0.1:9/none")
    assert done.exit_code == 1
    assert "127.0.0.1" in done.output
    assert "Traceback" not in done.output


def test_what_was_backed_up_comes_back(
    data: Path, account: AccountRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "secret.key").write_text("k")
    file = tmp_path / "backup.tar.gz"
    made = offhook("backup", str(file))
    assert made.exit_code == 0, made.output
    assert "secret.key" in made.output
    assert offhook("backup", str(file)).exit_code == 1
    refused = offhook("restore", str(file))
    assert refused.exit_code == 1
    assert "Nothing was restored" in refused.output
    before = contents(data / "offhook.db")
    monkeypatch.setenv("OFFHOOK_DATA_DIR", str(tmp_path / "new"))
    back = offhook("restore", str(file))
    assert back.exit_code == 0, back.output
    assert "The key is missing" in back.output
    assert contents(tmp_path / "new" / "offhook.db") == before


def test_days_are_set_and_shown(account: AccountRow) -> None:
    assert offhook("keep", "set", account.sid, "--rows", "30", "--recordings", "ever").exit_code == 0
    shown = offhook("keep", "show", "--json")
    assert json.loads(shown.stdout) == {
        account.sid: {"recordings": None, "transcripts": None, "rows": 30, "callbacks": 7}
    }
    assert "30 *" in offhook("keep", "show").output
    assert offhook("keep", "set", account.sid, "--rows", "standard").exit_code == 0
    assert json.loads(offhook("keep", "show", "--json").stdout)[account.sid]["rows"] is None


@pytest.mark.parametrize("days", ["0", "-1", "soon", "36501", "²"])
def test_days_that_are_none_are_refused(account: AccountRow, days: str) -> None:
    done = offhook("keep", "set", account.sid, f"--rows={days}")
    assert done.exit_code == 2
    assert "is no number of days" in done.output


def test_an_unknown_account_is_named(account: AccountRow) -> None:
    done = offhook("keep", "set", "AC" + "0" * 32, "--rows", "3")
    assert done.exit_code == 1
    assert "There is no account" in done.output


def test_a_caller_is_erased_with_a_receipt(data: Path, database: Database, account: AccountRow) -> None:
    (data / "secret.key").write_text("a key that somebody chose")
    counted = offhook("purge", "--number", CALLER, "--dry-run", "--json")
    assert json.loads(counted.stdout)["would_erase"]["calls"] == 1
    assert callers(database, account) == ["+15550001", CALLER]
    done = offhook("purge", "--number", CALLER, "--json")
    assert done.exit_code == 0, done.output
    receipt = json.loads(done.stdout)
    assert (receipt["erased"]["calls"], receipt["erased"]["gathers"]) == (1, 1)
    assert any("backups" in remains for remains in receipt["remains"])
    assert callers(database, account) == ["+15550001", "erased"]
    assert CALLER.encode() not in b"".join(path.read_bytes() for path in data.glob("offhook.db*"))
    assert "receipt" in offhook("purge", "--number", CALLER).output


def test_a_number_that_names_nobody_is_refused(data: Path, account: AccountRow) -> None:
    done = offhook("purge", "--number", " ")
    assert done.exit_code == 1
    assert "names nobody" in done.output


def test_a_running_call_of_the_caller_is_told(data: Path, database: Database, account: AccountRow) -> None:
    (data / "secret.key").write_text("a key that somebody chose")
    record(database, started(account.sid, new_id(), after(99), from_=CALLER))
    done = offhook("purge", "--number", CALLER)
    assert done.exit_code == 1
    assert "Nothing was erased" in done.output
    assert "run now" in done.output


@pytest.mark.parametrize("command", [("keep", "show"), ("purge", "--number", "123"), ("backup", "x.tar.gz")])
def test_without_a_database_that_is_said(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFHOOK_DATA_DIR", str(tmp_path / "nowhere"))
    done = offhook(*command)
    assert done.exit_code == 1
    assert "no database" in done.output
    assert list(tmp_path.iterdir()) == []

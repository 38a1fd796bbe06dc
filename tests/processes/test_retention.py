"""The hourly round: each account's rows, words, callbacks and files go after their own days."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from offhook.call.info import new_id
from offhook.call.listing import CallFilter, GatherFilter
from offhook.call.rows import AccountRow, GatherKind
from offhook.processes.retention import Retention
from offhook.records import migrate
from offhook.records.calls import Calls
from offhook.records.database import Database
from offhook.records.gathers import Gathers
from offhook.records.keeping import AccountKeeping, Kind
from offhook.records.outbox import State
from offhook.records.tables import outbox
from tests.records import story
from tests.records.story import finished, gather, record, started, told

NOW = datetime.now(UTC)
FOR_EVER = dict.fromkeys(Kind, 0)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/offhook.db"
    migrate.upgrade(url)
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def account(database: Database, tmp_path: Path) -> AccountRow:
    return with_twelve_days(database, tmp_path)


def with_twelve_days(database: Database, data: Path) -> AccountRow:
    """An account with a call, a gather, a delivered callback and a recording of each of the last twelve days."""
    account = story.account(database)
    for days in reversed(range(12)):
        at, call_id = NOW - timedelta(days=days, hours=1), new_id()
        record(
            database,
            started(account.sid, call_id, at, callbacks=(told("ringing"),)),
            *gather(account.sid, call_id, at),
            finished(account.sid, call_id, at),
        )
        sound = data / "recordings" / account.sid / f"{days}.wav"
        sound.parent.mkdir(parents=True, exist_ok=True)
        sound.touch()
        os.utime(sound, (at.timestamp(), at.timestamp()))
        with database.writing() as connection:
            delivered = outbox.update().where(outbox.c.call_id == call_id)
            connection.execute(delivered.values(state=State.DONE.value, next_at=at))
    return account


def left(database: Database, account: AccountRow, data: Path) -> dict[str, int]:
    """How much of each kind an account has."""
    gathers = Gathers(database).page(account.sid, GatherFilter(kind=GatherKind.SPEECH), offset=0, limit=50)
    calls = Calls(database).page(account.sid, CallFilter(), offset=0, limit=50)
    assert (calls.total, gathers.total) == (len(calls.rows), len(gathers.rows))
    with database.reading() as connection:
        its = select(func.count()).select_from(outbox).where(outbox.c.account_sid == account.sid)
        callbacks = connection.scalar(its)
    return {
        "rows": len(calls.rows),
        "transcripts": sum(bool(row.speech) for row in gathers.rows),
        "callbacks": callbacks or 0,
        "recordings": len(list((data / "recordings" / account.sid).iterdir())),
    }


def retention(database: Database, data: Path, **days: int) -> Retention:
    standard = {**FOR_EVER, **{Kind(name): count for name, count in days.items()}}
    return Retention(database, standard=standard, recordings=data / "recordings", wall_clock=lambda: NOW)


async def test_all_is_kept_for_ever_unless_somebody_says_otherwise(
    database: Database, account: AccountRow, tmp_path: Path
) -> None:
    before = left(database, account, tmp_path)
    assert set((await retention(database, tmp_path).round()).values()) == {0}
    assert left(database, account, tmp_path) == before == dict.fromkeys(before, 12)


async def test_each_kind_has_its_days(database: Database, account: AccountRow, tmp_path: Path) -> None:
    forgetting = retention(database, tmp_path, rows=9, transcripts=2, callbacks=4, recordings=6)
    done = await forgetting.round()
    assert left(database, account, tmp_path) == {
        "rows": 9,
        "transcripts": 2,
        "callbacks": 4,
        "recordings": 6,
    }
    assert (done["callbacks"], done["recordings"]) == (8, 6)
    assert set((await forgetting.round()).values()) == {0}


async def test_a_callback_goes_no_later_than_the_row_that_it_tells_of(
    database: Database, account: AccountRow, tmp_path: Path
) -> None:
    await retention(database, tmp_path, rows=3, callbacks=7).round()
    assert left(database, account, tmp_path)["callbacks"] == 3


async def test_an_account_has_days_of_its_own(
    database: Database, account: AccountRow, tmp_path: Path
) -> None:
    other = with_twelve_days(database, tmp_path)
    own = AccountKeeping(database, {**FOR_EVER, Kind.ROWS: 5})
    assert own.put(other.sid, {Kind.ROWS: 2, Kind.TRANSCRIPTS: 1})
    assert own.put(account.sid, {Kind.ROWS: 0})
    assert own.put(account.sid, {Kind.ROWS: None, Kind.RECORDINGS: 7})
    assert not own.put("AC" + "0" * 32, {Kind.ROWS: 2})
    assert own.own(account.sid) == {Kind.RECORDINGS: 7}
    await retention(database, tmp_path, rows=5).round()
    assert left(database, other, tmp_path) | {"recordings": 0} == {
        "rows": 2,
        "transcripts": 1,
        "callbacks": 2,
        "recordings": 0,
    }
    assert (left(database, account, tmp_path)["rows"], left(database, account, tmp_path)["recordings"]) == (
        5,
        7,
    )


async def test_only_files_of_its_own_folder_are_deleted(
    database: Database, account: AccountRow, tmp_path: Path
) -> None:
    precious = tmp_path / "precious.wav"
    precious.touch()
    os.utime(precious, (0, 0))
    link = tmp_path / "recordings" / account.sid / "link.wav"
    link.symlink_to(precious)
    await retention(database, tmp_path, recordings=1).round()
    assert precious.exists()
    assert link.is_symlink()

"""`offhook outbox`, as an operator and a script use it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from offhook.call.delivery import DeliveryEnd, DeliveryReport
from offhook.call.info import new_id
from offhook.call.rows import AccountRow, Attempt
from offhook.records import migrate
from offhook.records.database import Database
from offhook.records.outbox import Outbox
from offhook.verbs import Request, Target
from tests.records import story
from tests.system.conftest import offhook

DEAD_URL = "http://anna:hunter2@dead.example/status?call=7"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/offhook.db"
    migrate.upgrade(url)
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def account(database: Database) -> AccountRow:
    return story.account(database)


def enqueue(database: Database, account: AccountRow, url: str, *, minutes_ago: float = 0) -> str:
    """A call with one callback; the call's id."""
    call_id, at = new_id(), datetime.now(UTC) - timedelta(minutes=minutes_ago)
    request = Request(Target(url), (("CallStatus", "completed"), ("From", "+1555\x1b[2J")))
    story.record(database, story.started(account.sid, call_id, at, callbacks=(request,)))
    return call_id


def give_up(database: Database) -> str:
    """The one callback that is due was given up; its id."""
    (item,) = Outbox(database).claim(1, 60)
    attempt = Attempt(
        at=datetime.now(UTC), status=404, error="the answer was 404 Not Found", took_ms=42, head="no\x1b[31m"
    )
    report = DeliveryReport(
        item=item, end=DeliveryEnd.DEAD, at=attempt.at, attempt=attempt, why=attempt.error, code=21402
    )
    Outbox(database).report(report)
    return item.id


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = offhook("outbox", *arguments, OFFHOOK_DATA_DIR=str(folder))
    return done.returncode, done.stdout, done.stderr


def run_json(folder: Path, *arguments: str) -> Any:
    status, out, err = run(folder, *arguments, "--json")
    assert status == 0, err
    return json.loads(out)


def test_callbacks_are_listed_newest_first(tmp_path: Path, database: Database, account: AccountRow) -> None:
    old = enqueue(database, account, DEAD_URL, minutes_ago=90)
    dead = give_up(database)
    new = enqueue(database, account, "http://app.example/status")
    status, out, err = run(tmp_path, "ls")
    assert status == 0
    header, first, second = out.splitlines()
    assert header.split()[:3] == ["CREATED", "(UTC)", "ID"]
    assert new in first
    assert "pending" in first
    assert all(word in second for word in (dead, "dead", "404", old, "http://dead.example/status?call=7"))
    assert "hunter2" not in out
    assert "1 pending, 0 leased, 0 done, 1 dead" in err

    assert [row["call_sid"] for row in run_json(tmp_path, "ls")] == [f"CA{new}", f"CA{old}"]
    (row,) = run_json(tmp_path, "ls", "--state", "dead", "--account", account.sid, "--before", "1h")
    assert (row["id"], row["tries"], row["last_status"], row["state"]) == (dead, 1, 404, "dead")
    assert row["url"] == "http://dead.example/status?call=7"
    assert len(run_json(tmp_path, "ls", "--limit", "1")) == 1


def test_a_callback_is_shown_with_its_attempts(
    tmp_path: Path, database: Database, account: AccountRow
) -> None:
    call_id = enqueue(database, account, DEAD_URL)
    id = give_up(database)
    status, out, _ = run(tmp_path, "show", id[:10])
    assert status == 0
    expected = (id, f"CA{call_id}", "CallStatus = completed", "42 ms", "the answer was 404 Not Found")
    assert all(word in out for word in expected)
    assert "hunter2" not in out
    assert "\x1b" not in out
    told = run_json(tmp_path, "show", id)
    (attempt,) = told["attempts"]
    assert (attempt["status"], attempt["took_ms"], attempt["head"]) == (404, 42, "no\x1b[31m")
    assert dict(told["parameters"])["CallStatus"] == "completed"


def test_dead_ones_are_summed_up_and_sent_again(
    tmp_path: Path, database: Database, account: AccountRow
) -> None:
    enqueue(database, account, DEAD_URL)
    id = give_up(database)
    status, out, err = run(tmp_path, "dead")
    assert (status, "http://dead.example/status" in out, "hunter2" in out) == (0, True, False)
    assert "replay --dead" in err
    (url,) = run_json(tmp_path, "dead")
    assert (url["account_sid"], url["count"]) == (account.sid, 1)
    assert run_json(tmp_path, "replay", "--dead", "--host", "other.example") == {"replayed": 0}
    status, out, _ = run(tmp_path, "replay", "--dead", "--host", "dead.example")
    assert (status, out) == (0, "1 callback will be sent within a second or so.\n")
    (item,) = Outbox(database).claim(9, 60)
    assert item.id == id
    status, _, err = run(tmp_path, "replay", id)
    assert (status, "is being sent right now" in err) == (1, True)
    status, _, err = run(tmp_path, "dead")
    assert (status, err) == (0, "No callback was given up.\n")


def test_one_that_is_not_there_is_said_with_what_is(
    tmp_path: Path, database: Database, account: AccountRow
) -> None:
    enqueue(database, account, DEAD_URL)
    for command in ("show", "replay"):
        status, _, err = run(tmp_path, command, "f" * 32)
        assert status == 1
        assert f"There is no callback {'f' * 32}." in err
        assert "1 pending, 0 leased" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ls", "--state", "lost"), "'lost' is no state: write pending, leased, done, dead"),
        (("ls", "--before", "yesterday"), "write 30m, 1h, 2d"),
        (("replay",), "Give the id of one callback, or --dead"),
        (("replay", "abc", "--dead"), "Give the id of one callback, or --dead"),
        (("replay", "abc", "--host", "app.example"), "Give the id of one callback, or --dead"),
    ],
)
def test_wrong_use_is_said_and_exits_with_2(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    status, _, err = run(tmp_path, *arguments)
    assert (status, words in err) == (2, True), err


def test_without_a_database_it_says_where_one_was_looked_for(tmp_path: Path) -> None:
    status, _, err = run(tmp_path / "nothing", "ls")
    assert status == 1
    assert f"There is no database at {tmp_path / 'nothing'}/offhook.db" in err

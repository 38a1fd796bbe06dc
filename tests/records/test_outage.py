"""While the database is away nothing waits for it and nothing is lost; a journal that was left behind is written too."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, update

from offhook.call.errors import RecordsAway
from offhook.call.info import CallStatus, new_id
from offhook.call.listing import CallFilter, NotificationFilter
from offhook.call.rows import AccountRow, CallRow
from offhook.processes.reaper import Reaper
from offhook.records.calls import Calls
from offhook.records.columns import database_now
from offhook.records.database import Database
from offhook.records.entry import Entry
from offhook.records.journal import Author, Journal, journals
from offhook.records.left_behind import replay_left_behind
from offhook.records.notifications import Notifications
from offhook.records.outbox import Outbox
from offhook.records.recorder import Recorder
from offhook.records.tables import workers
from offhook.records.workers import Workers
from tests.postgresql import PostgresqlServer
from tests.records.story import (
    INSTANCE,
    after,
    arrived,
    finished,
    gather,
    notified,
    progressed,
    started,
    told,
)

WAIT_S = 60.0


@pytest.fixture
def outage(
    database_kind: str, database_url: str, request: pytest.FixtureRequest
) -> Callable[[], AbstractContextManager[None]]:
    """A block in which the database cannot be written: a server that is down, a file that somebody holds."""
    if database_kind == "sqlite":
        return lambda: _held(database_url)
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return lambda: _down(server)


@contextmanager
def _held(url: str) -> Iterator[None]:
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
        yield
        connection.exec_driver_sql("ROLLBACK")
    engine.dispose()


@contextmanager
def _down(server: PostgresqlServer) -> Iterator[None]:
    server.stop_now()
    try:
        yield
    finally:
        server.start_again()


def author(worker_id: str = "worker-1", fence: int = 0) -> Author:
    return Author(worker_id=worker_id, instance_id=INSTANCE, fence=fence)


def open_recorder(
    database: Database, folder: Path, of: Author | None = None, poke: Callable[[], None] = lambda: None
) -> Recorder:
    of = of or author()
    return Recorder(
        database,
        worker_id=of.worker_id,
        instance_id=of.instance_id,
        fence=of.fence,
        journal=Journal(folder, of),
        poke=poke,
    )


def all_calls(database: Database, account_sid: str) -> tuple[CallRow, ...]:
    return Calls(database).page(account_sid, CallFilter(), offset=0, limit=1000).rows


async def until_back(recorder: Recorder) -> None:
    async with asyncio.timeout(WAIT_S):
        while recorder.is_away:  # noqa: ASYNC110 (it becomes so on a thread that knows no event loop)
            await asyncio.sleep(0.05)


async def test_calls_go_on_and_are_written_in_order_when_the_database_is_back(
    database: Database,
    account: AccountRow,
    tmp_path: Path,
    outage: Callable[[], AbstractContextManager[None]],
) -> None:
    recorder, folder = open_recorder(database, tmp_path / "journal"), tmp_path / "journal"
    before, during = new_id(), new_id()
    await recorder.settle(started(account.sid, before, after(0), callbacks=(told("ringing"),)))
    with outage():
        recorder.emit(progressed(account.sid, before, after(1), CallStatus.IN_PROGRESS, told("in-progress")))
        for fact in gather(account.sid, before, after(2)):
            recorder.emit(fact)
        await recorder.settle(finished(account.sid, before, after(3), callbacks=(told("completed"),)))
        assert recorder.is_away
        await recorder.settle(started(account.sid, during, after(4), callbacks=(told("ringing"),)))
        recorder.emit(notified(account.sid, during, after(5)))
        assert [path.suffix for path in folder.iterdir()] == [".journal"]
    await until_back(recorder)
    await recorder.settle(finished(account.sid, during, after(6), status=CallStatus.NO_ANSWER))
    assert recorder.close()

    newest, oldest = all_calls(database, account.sid)
    assert (oldest.call_id, oldest.status, oldest.end_time) == (before, CallStatus.COMPLETED, after(3))
    assert (newest.call_id, newest.status) == (during, CallStatus.NO_ANSWER)
    outbox, told_in_order = Outbox(database), []
    while items := outbox.claim(10, 60):
        for item in items:
            told_in_order.append((item.call_id, item.seq, item.request.parameters[0][1]))
            outbox.report(arrived(item))
    of_before = [what for call_id, _, what in told_in_order if call_id == before]
    assert of_before == ["ringing", "in-progress", "completed"]
    assert journals(folder) == []


async def test_a_process_that_dies_meanwhile_leaves_its_facts_to_the_next(
    database: Database,
    account: AccountRow,
    tmp_path: Path,
    outage: Callable[[], AbstractContextManager[None]],
) -> None:
    folder, call_id = tmp_path / "journal", new_id()
    recorder = open_recorder(database, folder, author("dead"))
    with outage():
        await recorder.settle(started(account.sid, call_id, callbacks=(told("ringing"),)))
        await recorder.settle(
            finished(account.sid, call_id, after(9), reason="said so itself", callbacks=(told("completed"),))
        )
        assert recorder.close()
        with pytest.raises(RecordsAway):
            replay_left_behind(database, folder)
    poked: list[bool] = []
    assert replay_left_behind(database, folder, poke=lambda: poked.append(True)) == frozenset()
    (call,) = all_calls(database, account.sid)
    assert (call.status, call.reason, call.worker_id) == (CallStatus.COMPLETED, "said so itself", "dead")
    assert (poked, journals(folder)) == ([True], [])


def test_what_is_written_twice_is_there_once(database: Database, account: AccountRow, tmp_path: Path) -> None:
    """A journal may be replayed again where a process died between the last transaction and the file's end."""
    folder, call_id = tmp_path / "journal", new_id()
    journal = Journal(folder, author())
    facts = [
        started(account.sid, call_id, callbacks=(told("ringing"),)),
        progressed(account.sid, call_id, after(1), CallStatus.IN_PROGRESS, told("in-progress")),
        *gather(account.sid, call_id, after(2)),
        notified(account.sid, call_id, after(3)),
        finished(account.sid, call_id, after(4), callbacks=(told("completed"),)),
        started(account.sid, new_id(), after(5)),
    ]
    journal.append([Entry(fact, new_id()) for fact in facts])
    journal.close()
    (path,) = journals(folder)
    content = path.read_bytes()
    replay_left_behind(database, folder)
    path.write_bytes(content)
    replay_left_behind(database, folder)

    assert len(all_calls(database, account.sid)) == 2
    assert Notifications(database).page(account.sid, NotificationFilter(), offset=0, limit=9).total == 1
    outbox, sent = Outbox(database), 0
    while items := outbox.claim(10, 60):
        for item in items:
            sent += 1
            outbox.report(arrived(item))
    assert sent == 3


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def register(database: Database, worker_id: str) -> None:
    Workers(database).register(
        worker_id,
        worker_index=0,
        address="http://127.0.0.1:9000",
        sip_address="127.0.0.1:5060",
        call_slots=4,
        free_slots=4,
        build="wheel",
        fence=Workers(database).next_fence(),
    )


def silent_for(database: Database, worker_id: str, seconds: float) -> None:
    """As if the worker had renewed its lease so long ago."""
    ago = database_now() - round(seconds * 1000)
    with database.writing() as connection:
        connection.execute(update(workers).where(workers.c.worker_id == worker_id).values(renewed_at=ago))


def begin_call(database: Database, account: AccountRow, worker_id: str) -> str:
    worker, call_id = Workers(database).get(worker_id), new_id()
    assert worker is not None
    recorder = Recorder(database, worker_id=worker_id, instance_id=INSTANCE, fence=worker.fence)
    recorder.emit(started(account.sid, call_id, if_lost=told("failed")))
    assert recorder.close()
    return call_id


def test_nobody_is_reaped_before_the_database_was_there_for_a_whole_lease(
    database: Database, account: AccountRow, tmp_path: Path
) -> None:
    register(database, "silent")
    call_id, clock = begin_call(database, account, "silent"), Clock()
    silent_for(database, "silent", 60)
    reaper = Reaper(database, tmp_path, poke=lambda: None, lease_s=10.0, clock=clock)
    assert reaper.look() == 0
    clock.now += 9.9
    assert reaper.look() == 0
    clock.now += 0.2
    assert reaper.look() == 1
    (call,) = all_calls(database, account.sid)
    assert (call.call_id, call.status) == (call_id, CallStatus.FAILED)
    assert call.reason.startswith("worker_lost")


def test_an_outage_begins_the_wait_anew(
    database: Database,
    account: AccountRow,
    tmp_path: Path,
    outage: Callable[[], AbstractContextManager[None]],
) -> None:
    register(database, "cut-off")
    begin_call(database, account, "cut-off")
    clock = Clock()
    reaper = Reaper(database, tmp_path, poke=lambda: None, lease_s=10.0, clock=clock)
    reaper.look()
    silent_for(database, "cut-off", 60)
    with outage():
        clock.now += 60
        assert reaper.look() == 0
    for _ in range(2):
        clock.now += 9
        assert reaper.look() == 0
        assert Workers(database).renew("cut-off", free_slots=4)
    clock.now += 9
    assert reaper.look() == 0
    assert [call.end_time for call in all_calls(database, account.sid)] == [None]


async def test_who_holds_a_journal_lives(database: Database, account: AccountRow, tmp_path: Path) -> None:
    register(database, "cut-off")
    call_id = begin_call(database, account, "cut-off")
    journal = Journal(tmp_path, author("cut-off"))
    journal.append([Entry(progressed(account.sid, call_id, after(1), CallStatus.IN_PROGRESS), new_id())])
    reaper = Reaper(database, tmp_path, poke=lambda: None, lease_s=-1.0)
    assert reaper.look() == 0
    assert [call.end_time for call in all_calls(database, account.sid)] == [None]
    journal.close()
    assert reaper.look() == 1


def test_a_worker_that_comes_back_writes_over_nothing(
    database: Database, account: AccountRow, tmp_path: Path
) -> None:
    register(database, "returning")
    call_id = begin_call(database, account, "returning")
    assert Reaper(database, tmp_path, poke=lambda: None, lease_s=-1.0).look() == 1
    worker = Workers(database).get("returning")
    assert worker is not None
    assert worker.stopped_at is not None
    recorder = Recorder(database, worker_id="returning", instance_id=INSTANCE, fence=worker.fence)
    recorder.emit(progressed(account.sid, call_id, after(1), CallStatus.IN_PROGRESS, told("in-progress")))
    recorder.emit(finished(account.sid, call_id, after(2), callbacks=(told("completed"),)))
    assert recorder.close()
    (call,) = all_calls(database, account.sid)
    assert call.status is CallStatus.FAILED
    (item,) = Outbox(database).claim(10, 60)
    assert item.request.parameters == told("failed").parameters
    assert not Workers(database).renew("returning", free_slots=4)

"""A task for each trunk that is wanted: begun, begun anew when the trunk changes, ended when it goes, told when it breaks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from offhook.call.trunks import Trunk
from offhook.processes.trunk_book import TrunkBook
from offhook.processes.trunk_tasks import TrunkTasks
from offhook.records import migrate
from offhook.records.columns import EPOCH
from offhook.records.database import Database
from offhook.records.trunks import Trunks

ONE = Trunk(sid="TK1", name="one", host="one.invalid")
TWO = Trunk(sid="TK2", name="two", host="two.invalid")
PATIENCE_S = 30


class Kept:
    """What was done about trunks, in its order: `begin HOST`, `end HOST`, `let go HOST`."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._more = asyncio.Condition()

    async def keep(self, trunk: Trunk) -> None:
        await self._note(f"begin {trunk.host}")
        if trunk.host == "broken.invalid":
            raise ValueError("our fault")
        try:
            await asyncio.Event().wait()
        finally:
            self.done.append(f"end {trunk.host}")

    async def let_go(self, trunk: Trunk) -> None:
        await self._note(f"let go {trunk.host}")

    async def _note(self, what: str) -> None:
        async with self._more:
            self.done.append(what)
            self._more.notify_all()

    async def until(self, *done: str) -> None:
        async with asyncio.timeout(PATIENCE_S), self._more:
            await self._more.wait_for(lambda: len(self.done) >= len(done))
        assert self.done == list(done)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Trunks]:
    url = f"sqlite:///{tmp_path / 'offhook.db'}"
    migrate.upgrade(url)
    database = Database(url)
    yield Trunks(database)
    database.close()


@asynccontextmanager
async def keeping(
    records: Trunks, let_go: Callable[[Trunk], Awaitable[None]] | None = None
) -> AsyncIterator[tuple[TrunkBook, Kept]]:
    book, kept = TrunkBook(records), Kept()
    tasks = TrunkTasks(
        book, "KEEP", kept.keep, is_wanted=lambda trunk: trunk.is_enabled, let_go=let_go or kept.let_go
    )
    await book.read_now()
    running = asyncio.create_task(tasks.keep())
    try:
        yield book, kept
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_each_wanted_trunk_has_a_task_that_goes_with_it(records: Trunks) -> None:
    records.add(ONE, now=EPOCH)
    records.add(replace(TWO, is_enabled=False), now=EPOCH)
    async with keeping(records) as (book, kept):
        await kept.until("begin one.invalid")
        records.put(TWO, now=EPOCH)
        await book.read_now()
        await kept.until("begin one.invalid", "begin two.invalid")
        kept.done.clear()
        with capture_logs() as lines:
            records.remove("one")
            await book.read_now()
            await kept.until("end one.invalid", "let go one.invalid")
        assert [(line["trunk"], line["task"]) for line in lines if line["event"] == "trunk.let_go"] == [
            ("one", "KEEP")
        ]
        kept.done.clear()
    assert kept.done == ["end two.invalid"]


async def test_a_trunk_that_changed_is_begun_anew_after_its_task_has_ended(records: Trunks) -> None:
    records.add(ONE, now=EPOCH)
    records.add(TWO, now=EPOCH)
    async with keeping(records) as (book, kept):
        await kept.until("begin one.invalid", "begin two.invalid")
        kept.done.clear()
        records.put(replace(ONE, host="moved.invalid"), now=EPOCH)
        await book.read_now()
        await kept.until("end one.invalid", "begin moved.invalid")
        kept.done.clear()
        records.put(replace(ONE, host="moved.invalid", is_enabled=False), now=EPOCH)
        await book.read_now()
        await kept.until("end moved.invalid", "let go moved.invalid")


async def test_one_that_breaks_is_told_once_and_the_others_go_on(records: Trunks) -> None:
    records.add(replace(ONE, host="broken.invalid"), now=EPOCH)
    with capture_logs() as lines:
        async with keeping(records) as (book, kept):
            await kept.until("begin broken.invalid")
            records.add(TWO, now=EPOCH)
            await book.read_now()
            await kept.until("begin broken.invalid", "begin two.invalid")
            kept.done.clear()
            records.put(ONE, now=EPOCH)
            await book.read_now()
            await kept.until("begin one.invalid")
            kept.done.clear()
        assert sorted(kept.done) == ["end one.invalid", "end two.invalid"]
    broken = [line for line in lines if line["event"] == "trunk.watch_broke"]
    assert [(line["trunk"], line["task"], line["log_level"]) for line in broken] == [("one", "KEEP", "error")]


async def test_the_others_go_on_when_letting_one_go_breaks(records: Trunks) -> None:
    async def let_go(trunk: Trunk) -> None:
        raise ValueError(trunk.name)

    records.add(ONE, now=EPOCH)
    with capture_logs() as lines:
        async with keeping(records, let_go) as (book, kept):
            await kept.until("begin one.invalid")
            records.remove("one")
            records.add(TWO, now=EPOCH)
            await book.read_now()
            await kept.until("begin one.invalid", "end one.invalid", "begin two.invalid")
    assert [line["trunk"] for line in lines if line["event"] == "trunk.watch_broke"] == ["one"]

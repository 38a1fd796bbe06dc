"""Keeps facts: one thread a process writes them in batches, and no call ever waits for the disk.

A batch closes a few milliseconds after its first fact, and is one transaction. While the database is away, facts go to a
journal on the disk, and from there into the database, in order, once it is back. A fact that can never be written (the
database refuses it for what it says) is logged and left out, and spares those around it.
"""

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from offhook.call.errors import RecordsAway
from offhook.call.facts import CallStarted, Fact
from offhook.call.info import new_id
from offhook.records.births import Births
from offhook.records.database import Database
from offhook.records.entry import Entry
from offhook.records.journal import Journal
from offhook.records.outage import Outage
from offhook.records.writer import Writer
from offhook.records.writing import keep

BATCH_S = 0.04
"""How long a batch waits for more. A transaction of its own costs a call as much as half its facts; what waits meanwhile
is whoever made a call by REST, and no caller."""
BATCH_FACTS = 64
LOOK_S = 0.1
"""How often is looked whether the database is back, while no facts come."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A fact, and whom to tell once it is written."""

    entry: Entry
    tell: Callable[[], None] | None = None


class Recorder:
    """Fills `interpreter.ports.Recorder`. `poke` is called in the writer's thread when callbacks wait to be sent.

    `worker_id` and `instance_id` stand on the calls it writes. `fence` is that of the worker's lease: calls that were
    taken from it stay as they were left. Without a `journal` facts wait in memory while the database is away; without
    `births` a call that this process has just begun dies with it.
    """

    def __init__(
        self,
        database: Database,
        *,
        worker_id: str,
        instance_id: str,
        fence: int = 0,
        journal: Journal | None = None,
        births: Births | None = None,
        poke: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._writer = Writer(worker_id=worker_id, instance_id=instance_id, fence=fence)
        self._poke = poke
        self._births = births
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._is_closed = False
        self._is_given_up = threading.Event()
        self._outage = Outage(database, self._writer, journal, poke=poke)
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def is_away(self) -> bool:
        """Whether the database could not be written lately, so that what is settled may be in the journal alone."""
        return self._outage.goes_on

    def emit(self, fact: Fact) -> None:
        """Take a fact to be written soon, in order. Never blocks."""
        self._take(fact)

    async def settle(self, fact: Fact) -> None:
        """Take a fact and return once it and all before it are written, or known to be unwritable."""
        loop = asyncio.get_running_loop()
        written = loop.create_future()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
                loop.call_soon_threadsafe(_resolve, written)

        if self._take(fact, tell):
            await written

    def close(self, *, timeout_s: float = 10.0) -> bool:
        """Write what is left and stop; False when that could not be done in time and facts are lost."""
        if not self._is_closed:
            self._is_closed = True
            self._queue.put(None)
        self._thread.join(timeout_s)
        self._is_given_up.set()
        return not self._thread.is_alive()

    def _take(self, fact: Fact, tell: Callable[[], None] | None = None) -> bool:
        if self._is_closed:
            log.error("fact.lost", fact=type(fact).__name__, why="the recorder is closed")
            return False
        entry = Entry(fact, new_id())
        if self._births is not None and isinstance(fact, CallStarted):
            self._births.note(entry)
        self._queue.put(_Waiting(entry, tell))
        return True

    def _run(self) -> None:
        is_last = False
        while not is_last:
            batch, is_last = self._next_batch()
            self._keep([waiting.entry for waiting in batch])
            if self._births is not None:
                self._births.written(sum(isinstance(waiting.entry.fact, CallStarted) for waiting in batch))
            for waiting in batch:
                if waiting.tell is not None:
                    waiting.tell()
        self._outage.leave()
        if self._births is not None:
            self._births.close()

    def _next_batch(self) -> tuple[list[_Waiting], bool]:
        """What was taken within BATCH_S of the first fact, and whether nothing comes after it.

        One sleep, rather than a wake-up for each fact: those would hold up the event loop's thread.
        """
        try:
            following = self._queue.get(timeout=LOOK_S if self._outage.goes_on else None)
        except queue.Empty:
            return [], False
        if self._queue.qsize() < BATCH_FACTS and following is not None:
            time.sleep(BATCH_S)
        batch: list[_Waiting] = []
        while following is not None:
            batch.append(following)
            if len(batch) == BATCH_FACTS:
                return batch, False
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _keep(self, entries: Sequence[Entry]) -> None:
        """Bring facts where they outlive this process: into the database, or while that is away into the journal."""
        if not self._outage.goes_on:
            try:
                if keep(self._database, self._writer, entries):
                    self._poke()
                return
            except RecordsAway as away:
                self._outage.begin(away)
        self._outage.keep(entries, self._is_given_up)


def _resolve(written: asyncio.Future[None]) -> None:
    if not written.done():
        written.set_result(None)

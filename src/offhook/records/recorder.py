"""Keeps facts: one thread a process writes them in batches, and no call ever waits for the disk.

A batch closes a few milliseconds after its first fact, and is one transaction. While the database cannot be
written the batch is tried again and the facts behind it wait in memory, in order; nothing is dropped while the
process lives. A fact that can never be written (the database refuses it for what it says) is logged and
left out, and spares those around it.
"""

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, TimeoutError

from offhook.call.errors import RecordsAway
from offhook.call.facts import Fact
from offhook.call.info import new_id
from offhook.records.database import Database
from offhook.records.writer import Entry, Writer

BATCH_S = 0.02
BATCH_FACTS = 64
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A fact, and whom to tell once it is written."""

    fact: Fact
    tell: Callable[[], None] | None = None


class Recorder:
    """Fills `interpreter.ports.Recorder`. `poke` is called in the writer's thread when callbacks wait to be sent.

    `worker_id` and `instance_id` stand on the calls it writes.
    """

    def __init__(
        self,
        database: Database,
        *,
        worker_id: str,
        instance_id: str,
        poke: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._writer = Writer(worker_id=worker_id, instance_id=instance_id)
        self._poke = poke
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._is_closed = False
        self._is_given_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def emit(self, fact: Fact) -> None:
        """Take a fact to be written soon, in order. Never blocks."""
        self._take(_Waiting(fact))

    async def settle(self, fact: Fact) -> None:
        """Take a fact and return once it and all before it are written, or known to be unwritable."""
        loop = asyncio.get_running_loop()
        written = loop.create_future()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
                loop.call_soon_threadsafe(_resolve, written)

        if self._take(_Waiting(fact, tell)):
            await written

    def close(self, *, timeout_s: float = 10.0) -> bool:
        """Write what is left and stop; False when that could not be done in time and facts are lost."""
        if not self._is_closed:
            self._is_closed = True
            self._queue.put(None)
        self._thread.join(timeout_s)
        self._is_given_up.set()
        return not self._thread.is_alive()

    def _take(self, waiting: _Waiting) -> bool:
        if self._is_closed:
            log.error("fact.lost", fact=type(waiting.fact).__name__, why="the recorder is closed")
            return False
        self._queue.put(waiting)
        return True

    def _run(self) -> None:
        is_last = False
        while not is_last:
            batch, is_last = self._next_batch()
            if self._keep([Entry(waiting.fact, new_id()) for waiting in batch]):
                self._poke()
            for waiting in batch:
                if waiting.tell is not None:
                    waiting.tell()

    def _next_batch(self) -> tuple[list[_Waiting], bool]:
        """What was taken within BATCH_S of the first fact, and whether nothing comes after it.

        One sleep, rather than a wake-up for each fact: those would hold up the event loop's thread.
        """
        following = self._queue.get()
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

    def _keep(self, entries: Sequence[Entry]) -> bool:
        """Write all entries that can be written; returns whether callbacks wait to be sent."""
        if not entries:
            return False
        try:
            return self._write(entries)
        except Exception as error:
            if len(entries) > 1:  # whatever is wrong with one of them, the others are kept
                kept = [self._keep([entry]) for entry in entries]
                return any(kept)
            fact = entries[0].fact
            log.error("fact.unwritable", fact=type(fact).__name__, error=str(error), exc_info=error)
            return False

    def _write(self, entries: Sequence[Entry]) -> bool:
        """One transaction, tried until it is through or it is given up. Raises what no new try can cure."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                with self._database.writing() as connection:
                    return self._writer.write(connection, entries)
            except (RecordsAway, DBAPIError, TimeoutError) as error:
                if isinstance(error, (IntegrityError, DataError)):
                    raise
                log.warning("facts.wait", facts=len(entries), again_in_s=pause_s, error=str(error))
            if self._is_given_up.wait(pause_s):
                return False
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _resolve(written: asyncio.Future[None]) -> None:
    if not written.done():
        written.set_result(None)

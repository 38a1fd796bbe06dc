"""Takes what is due, works on it, and looks again: the same for messages and for e-mails."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

import structlog

from offhook.call.errors import RecordsAway
from offhook.processes.absence import Absence

POLL_S = 1.0
"""How often is looked when nobody pokes."""
QUIET_S = 0.25
"""How long nobody looks again where nothing was due: most pokes tell of callbacks, and each look asks the database."""
MOST_AT_ONCE = 16
AWAY_S = 1.0
AFTER_FAULT_S = 10.0
LAST_WORDS_S = 5.0
"""How long what is being worked on may take once it is to stop."""

Item = TypeVar("Item")

log = structlog.get_logger()


class Rounds(Generic[Item]):
    """Works on up to MOST_AT_ONCE items at a time until it is stopped."""

    def __init__(
        self, take: Callable[[int], Sequence[Item]], work: Callable[[Item], Awaitable[None]]
    ) -> None:
        """`take` has no more items than it is asked for, may block, and raises RecordsAway."""
        self._take = take
        self._work = work
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._absence = Absence(log, "messages.away")
        self._working: set[asyncio.Task[None]] = set()

    def poke(self) -> None:
        """Something may be due: look now. Call it on the event loop."""
        self._woken.set()

    def stop(self) -> None:
        """Take nothing more; `run` returns when what was taken is done, or soon after."""
        self._stopping.set()
        self._woken.set()

    async def run(self) -> None:
        """Work until `stop`. What is not done by then is taken again when its lease is over."""
        try:
            while not self._stopping.is_set():
                self._woken.clear()
                taken, may_be_more = await self._turn()
                if not may_be_more:
                    if not taken:
                        await _for(self._stopping, QUIET_S)
                    await _for(self._woken, POLL_S)
            if self._working:
                await asyncio.wait(self._working, timeout=LAST_WORDS_S)
        finally:
            left = [*self._working]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _turn(self) -> tuple[int, bool]:
        """Take what is due and begin with it; how much that was, and whether there may be more."""
        most = MOST_AT_ONCE - len(self._working)
        if most <= 0:
            return MOST_AT_ONCE, False
        try:
            items = await asyncio.to_thread(self._take, most)
            self._absence.over()
        except RecordsAway as away:
            self._absence.noticed(away)
            await asyncio.sleep(AWAY_S)
            return 0, False
        except Exception:
            # Ours: it must not take the process along, which delivers callbacks too.
            log.exception("messages.fault")
            await asyncio.sleep(AFTER_FAULT_S)
            return 0, False
        for item in items:
            task = asyncio.create_task(self._guarded(item))
            self._working.add(task)
            task.add_done_callback(self._over)
        return len(items), len(items) == most

    async def _guarded(self, item: Item) -> None:
        try:
            await self._work(item)
        except Exception:
            # Ours, and of this one item: it is tried again when its lease is over, and keeps no other back.
            log.exception("message.fault")

    def _over(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        self._woken.set()


async def _for(event: asyncio.Event, within_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await event.wait()


async def written(write: Callable[[], None]) -> None:
    """Write what came of an item, however long the database is away: what was sent is not to be sent again for want
    of it."""
    absence = Absence(log, "messages.away")
    while True:
        try:
            await asyncio.to_thread(write)
        except RecordsAway as away:
            absence.noticed(away)
            await asyncio.sleep(AWAY_S)
        else:
            return

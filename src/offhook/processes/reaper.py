"""Ends the calls of workers that died and whose place nobody took: every other second is looked for leases that ran out.

A lease that was not renewed says nothing while the database was away: its worker could not. So nobody is declared dead
before the database has been there, without a break, for a whole lease; a living worker has renewed its lease by then.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from offhook.call.errors import RecordsAway
from offhook.processes.languages import lost_callback
from offhook.records.database import Database
from offhook.records.left_behind import replay_left_behind
from offhook.records.lost import LostCalls
from offhook.records.workers import LEASE_S

LOOK_EVERY_S = 2.0

log = structlog.get_logger()


class Reaper:
    """Looks until cancelled. `poke` is called when callbacks wait to be sent, `on_closed` with how many calls were lost."""

    def __init__(
        self,
        database: Database,
        journal_folder: Path,
        *,
        poke: Callable[[], None],
        on_closed: Callable[[int], None] = lambda _: None,
        lease_s: float = LEASE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._journal_folder = journal_folder
        self._lost = LostCalls(database, final_callback=lost_callback, poke=poke)
        self._poke = poke
        self._on_closed = on_closed
        self._lease_s = lease_s
        self._clock = clock
        self._there_since: float | None = None

    async def run(self) -> None:
        """Look every other second."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(LOOK_EVERY_S)

    def look(self) -> int:
        """Close what can be known to be lost now; returns how many calls that were."""
        began_at = self._clock()
        try:
            # A journal tells of its calls' ends; and whoever holds one lives, though the database heard nothing of it.
            alive = replay_left_behind(self._database, self._journal_folder, poke=self._poke)
            if self._there_since is None or began_at - self._there_since < self._lease_s:
                if not self._database.is_there():
                    raise RecordsAway("it does not answer")
                if self._there_since is None:
                    self._there_since = self._clock()
                if began_at - self._there_since < self._lease_s:
                    return 0
            closed = self._lost.close_expired(lease_s=self._lease_s, except_worker_ids=alive)
        except RecordsAway as away:
            if self._there_since is not None:
                log.warning("reaper.waits_for_the_database", error=str(away))
            self._there_since = None
            return 0
        if closed:
            log.warning("reaper.closed_lost_calls", calls=closed)
            self._on_closed(closed)
        return closed

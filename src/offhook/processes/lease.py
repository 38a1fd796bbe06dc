"""A worker's lease: the row that says where it is, what it can hold, and that it lives.

It is renewed every few seconds, and soon after the number of free slots changed: whoever hands out calls goes by
that number. A worker that cannot reach the database keeps its calls. One whose lease was ended meanwhile, because it
was silent for too long while the database was there, has lost them.
"""

import asyncio
from collections.abc import Callable

import structlog

from offhook.pjsua.build import Build
from offhook.records.database import DatabaseFault
from offhook.records.workers import Workers

log = structlog.get_logger()

RENEW_S = 3.0
LOOK_EVERY_S = 0.5
"""How soon a change of the free slots is told, and how often a failed renewal is tried again."""


class Lease:
    """Taken, renewed, given up at the end."""

    def __init__(
        self,
        workers: Workers,
        *,
        worker_id: str,
        worker_index: int,
        address: str,
        sip_address: str,
        build: Build,
        free_slots: Callable[[], int],
        fence: int = 0,
    ) -> None:
        self._workers = workers
        self._worker_id = worker_id
        self._worker_index = worker_index
        self._address = address
        self._sip_address = sip_address
        self._build = build
        self._free_slots = free_slots
        self._fence = fence
        self._is_draining = False
        self._is_cut_off = False
        self.taken = asyncio.Event()
        """Set once the row is there."""
        self.lost = asyncio.Event()
        """Set once somebody ended it: the calls of this worker are over on paper."""

    async def keep(self) -> None:
        """Take the lease and renew it until cancelled, or lost."""
        self._loop = loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._take)
        self.taken.set()
        told, renewed_at = self._free_slots(), loop.time()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            free = 0 if self._is_draining else self._free_slots()
            if free != told or loop.time() - renewed_at >= RENEW_S:
                begun_at = loop.time()
                if await asyncio.to_thread(self._renew, free):
                    told, renewed_at = free, begun_at
                if self.lost.is_set():
                    return

    async def drain(self) -> None:
        """The worker takes no more calls, and goes on with those that it has."""
        self._is_draining = True
        try:
            await asyncio.to_thread(self._workers.drain, self._worker_id)
        except DatabaseFault as error:
            log.warning("lease.not_drained", error=str(error))

    def give_up(self) -> None:
        """The worker takes no more calls. Where the database is away, the lease runs out by itself."""
        try:
            self._workers.stop(self._worker_id)
        except DatabaseFault as error:
            log.warning("lease.not_given_up", error=str(error))

    def _take(self) -> None:
        self._workers.register(
            self._worker_id,
            worker_index=self._worker_index,
            address=self._address,
            sip_address=self._sip_address,
            call_slots=self._build.call_slots,
            free_slots=self._free_slots(),
            build=self._build.name,
            fence=self._fence,
        )

    def _renew(self, free_slots: int) -> bool:
        """Whether the database knows; one that is away is told of once."""
        try:
            is_held = self._workers.renew(self._worker_id, free_slots=free_slots)
        except DatabaseFault as error:
            if not self._is_cut_off:
                log.warning("lease.not_renewed", error=str(error))
            self._is_cut_off = True
            return False
        self._is_cut_off = False
        if not is_held:
            log.error("lease.lost", why="not renewed in time; the calls of this worker are given up")
            self._loop.call_soon_threadsafe(self.lost.set)
        return True

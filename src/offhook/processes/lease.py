"""A worker's lease: the row that says where it is, what it can hold, and that it lives.

It is renewed every few seconds, and soon after the number of free slots changed: whoever hands out calls goes by
that number.
"""

import asyncio
from collections.abc import Callable

import structlog

from offhook.pjsua.build import Build
from offhook.records.database import DatabaseFault
from offhook.records.workers import Workers

log = structlog.get_logger()

RENEW_S = 5.0
LOOK_EVERY_S = 0.5
"""How soon a change of the free slots is told."""


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
    ) -> None:
        self._workers = workers
        self._worker_id = worker_id
        self._worker_index = worker_index
        self._address = address
        self._sip_address = sip_address
        self._build = build
        self._free_slots = free_slots
        self._is_draining = False
        self.taken = asyncio.Event()
        """Set once the row is there."""

    async def keep(self) -> None:
        """Take the lease and renew it until cancelled."""
        await asyncio.to_thread(self._take)
        self.taken.set()
        loop = asyncio.get_running_loop()
        told, renewed_at = self._free_slots(), loop.time()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            free = 0 if self._is_draining else self._free_slots()
            if free != told or loop.time() - renewed_at >= RENEW_S:
                told, renewed_at = free, loop.time()
                await asyncio.to_thread(self._renew, free)

    async def drain(self) -> None:
        """The worker takes no more calls, and goes on with those that it has."""
        self._is_draining = True
        await asyncio.to_thread(self._workers.drain, self._worker_id)

    def give_up(self) -> None:
        """The worker takes no more calls."""
        self._workers.stop(self._worker_id)

    def _take(self) -> None:
        self._workers.register(
            self._worker_id,
            worker_index=self._worker_index,
            address=self._address,
            sip_address=self._sip_address,
            call_slots=self._build.call_slots,
            free_slots=self._free_slots(),
            build=self._build.name,
        )

    def _renew(self, free_slots: int) -> None:
        try:
            self._workers.renew(self._worker_id, free_slots=free_slots)
        except DatabaseFault as error:
            log.warning("lease.not_renewed", error=str(error))

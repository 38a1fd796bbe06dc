"""A worker's lease: the row that says where it is, what it can hold, and that it lives."""

import asyncio
from collections.abc import Callable

import structlog

from offhook.pjsua.build import Build
from offhook.records.database import DatabaseFault
from offhook.records.workers import Workers

log = structlog.get_logger()

RENEW_S = 5.0


class Lease:
    """Taken, renewed each 5 s, given up at the end."""

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
        self.taken = asyncio.Event()
        """Set once the row is there."""

    async def keep(self) -> None:
        """Take the lease and renew it until cancelled."""
        await asyncio.to_thread(self._take)
        self.taken.set()
        while True:
            await asyncio.sleep(RENEW_S)
            await asyncio.to_thread(self._renew)

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

    def _renew(self) -> None:
        try:
            self._workers.renew(self._worker_id, free_slots=self._free_slots())
        except DatabaseFault as error:
            log.warning("lease.not_renewed", error=str(error))

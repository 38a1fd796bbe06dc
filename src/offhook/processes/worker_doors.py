"""Knocks at workers' doors: fills REST's port for making calls."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import httpx2

from offhook.call.errors import NoFreeSlot, RecordsAway
from offhook.call.rows import CallRow, WorkerRow
from offhook.processes.door import SECRET_HEADER, write_new_call
from offhook.rest.ports import CallRefused, LimitReached, NewCall

COMMAND_S = 2.0


class WorkerDoors:
    """Fills `rest.ports.CallControl`."""

    def __init__(
        self,
        *,
        workers: Callable[[], tuple[WorkerRow, ...]],
        get_call: Callable[[str, str], CallRow | None],
        secret: str,
    ) -> None:
        """`workers` gives those alive, `get_call` a call by account and call_id; both may block."""
        self._workers = workers
        self._get_call = get_call
        headers = {SECRET_HEADER: secret}
        self._client = httpx2.AsyncClient(timeout=COMMAND_S, headers=headers, trust_env=False)
        self._teller = httpx2.Client(timeout=COMMAND_S, headers=headers, trust_env=False)

    async def place(self, call: NewCall) -> CallRow:
        """Ask the worker with the most free slots, then the next. Raises NoFreeSlot, CallRefused, LimitReached,
        and RecordsAway."""
        alive = await asyncio.to_thread(self._workers)
        willing = (worker for worker in alive if not worker.is_draining)
        for worker in sorted(willing, key=lambda worker: -worker.free_slots):
            call_id = await self._ask(worker, call)
            if call_id is not None:
                row = await asyncio.to_thread(self._get_call, call.account_sid, call_id)
                if row is None:
                    raise RecordsAway("the call was begun, and its row waits for the database")
                return row
        raise NoFreeSlot("no worker has a free call slot now; try again in a moment")

    def tell_numbers_changed(self) -> None:
        """Have all workers look numbers up anew. Blocks; a worker that does not hear it forgets by itself."""
        for worker in self._workers():
            with contextlib.suppress(httpx2.HTTPError):
                self._teller.post(f"{worker.address}/numbers-changed")

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()
        self._teller.close()

    async def _ask(self, worker: WorkerRow, call: NewCall) -> str | None:
        try:
            answer = await self._client.post(f"{worker.address}/calls", json=write_new_call(call))
        except httpx2.HTTPError:
            return None
        told: dict[str, Any] = answer.json()
        if answer.status_code == 200:
            return str(told["call_id"])
        if answer.status_code == 400:
            raise CallRefused(told["message"], is_destination=told["is_destination"])
        if answer.status_code == 429:
            raise LimitReached(told["message"], told["wait_s"])
        return None

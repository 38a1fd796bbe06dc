"""Knocks at workers' doors: fills REST's ports for making calls and for changing those that run."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import httpx2

from offhook.call.errors import NoFreeSlot, RecordsAway
from offhook.call.rows import CallRow, WorkerRow
from offhook.processes.door import write_new_call
from offhook.processes.inner_http import SECRET_HEADER
from offhook.processes.live_streams import read_running, write_stream
from offhook.processes.live_words import write_change, write_performance, write_verb
from offhook.rest.live_ports import (
    CallIsOver,
    CallNotAnswered,
    LiveChange,
    LiveVerb,
    NobodyConnected,
    OwnerAway,
    Performance,
    PerformanceKind,
)
from offhook.rest.ports import CallRefused, LimitReached, NewCall, RowsAway
from offhook.rest.stream_ports import RunningStream
from offhook.verbs import Stream

COMMAND_S = 2.0


class WorkerDoors:
    """Fills `rest.ports.CallControl`, `rest.live_ports.LiveCalls` and `rest.stream_ports.LiveStreams`."""

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

    async def place(self, call: NewCall) -> tuple[CallRow, ...]:
        """Ask the worker with the most free slots, then the next. Raises NoFreeSlot, CallRefused, LimitReached,
        and RecordsAway."""
        alive = await asyncio.to_thread(self._workers)
        willing = (worker for worker in alive if not worker.is_draining)
        for worker in sorted(willing, key=lambda worker: -worker.free_slots):
            call_ids = await self._ask(worker, call)
            if call_ids is not None:
                return await asyncio.to_thread(self._rows, call.account_sid, call_ids)
        raise NoFreeSlot("no worker has a free call slot now; try again in a moment")

    async def change(self, call: CallRow, change: LiveChange) -> None:
        """Have the worker that runs a call change it. Raises CallIsOver, OwnerAway."""
        await self._command(call, "change", write_change(change))

    async def act(self, call: CallRow, verb: LiveVerb, record_id: str) -> bool:
        """Have the worker that runs a call run a verb on it; whether that has ended. Raises CallIsOver, CallNotAnswered,
        OwnerAway."""
        told = await self._command(call, "act", {"verb": write_verb(verb), "record_id": record_id})
        return bool(told["is_over"])

    async def perform(self, call: CallRow, performance: Performance) -> None:
        """Have the worker that runs a call begin something beside its document. Raises CallIsOver, CallNotAnswered,
        NobodyConnected, LimitReached, OwnerAway."""
        await self._command(call, "perform", write_performance(performance))

    async def stop(self, call: CallRow, kind: PerformanceKind) -> None:
        """Have it stopped. Raises CallIsOver, OwnerAway."""
        await self._command(call, "stop", {"kind": kind})

    async def begin_stream(self, call: CallRow, verb: Stream) -> bool:
        """Have the worker that runs a call begin a stream; False where the call has as many as it may. Raises CallIsOver,
        CallNotAnswered, OwnerAway."""
        return bool((await self._command(call, "streams/begin", write_stream(verb)))["is_done"])

    async def streams(self, call: CallRow) -> tuple[RunningStream, ...]:
        """The streams of a call that run. Raises CallIsOver, OwnerAway."""
        told = await self._command(call, "streams/list", {})
        return tuple(read_running(written) for written in told["streams"])

    async def stop_stream(self, call: CallRow, stream_id: str | None) -> bool:
        """Have a stream ended, or all of them; False where there was none. Raises CallIsOver, OwnerAway."""
        return bool((await self._command(call, "streams/end", {"stream_id": stream_id}))["is_done"])

    def tell_numbers_changed(self) -> None:
        """Have all workers look numbers up anew. Blocks; a worker that does not hear it forgets by itself."""
        for worker in self._workers():
            with contextlib.suppress(httpx2.HTTPError):
                self._teller.post(f"{worker.address}/numbers-changed")

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()
        self._teller.close()

    async def _command(self, call: CallRow, command: str, written: dict[str, Any]) -> dict[str, Any]:
        alive = await asyncio.to_thread(self._workers)
        owner = next((worker for worker in alive if worker.worker_id == call.worker_id), None)
        if owner is None:
            raise OwnerAway("the worker that runs the call is gone")
        try:
            answer = await self._client.post(f"{owner.address}/calls/{call.call_id}/{command}", json=written)
        except httpx2.HTTPError as error:
            raise OwnerAway("the worker that runs the call does not answer") from error
        told: dict[str, Any] = answer.json()
        match answer.status_code:
            case 200:
                return told
            case 410:
                raise CallIsOver(told["message"])
            case 409:
                raise (NobodyConnected if told["is_alone"] else CallNotAnswered)(told["message"])
            case 429:
                raise LimitReached(told["message"], told["wait_s"])
            case _:
                raise OwnerAway(f"the worker that runs the call answered {answer.status_code}")

    def _rows(self, account_sid: str, call_ids: list[str]) -> tuple[CallRow, ...]:
        try:
            rows = [self._get_call(account_sid, call_id) for call_id in call_ids]
        except RecordsAway:
            raise RowsAway(tuple(call_ids)) from None
        found = tuple(row for row in rows if row is not None)
        if not found:
            raise RowsAway(tuple(call_ids))
        return found

    async def _ask(self, worker: WorkerRow, call: NewCall) -> list[str] | None:
        try:
            answer = await self._client.post(f"{worker.address}/calls", json=write_new_call(call))
        except httpx2.HTTPError:
            return None
        told: dict[str, Any] = answer.json()
        if answer.status_code == 200:
            return [str(call_id) for call_id in told["call_ids"]]
        if answer.status_code == 400:
            raise CallRefused(told["message"], is_destination=told["is_destination"])
        if answer.status_code == 429:
            raise LimitReached(told["message"], told["wait_s"])
        return None

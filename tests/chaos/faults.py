"""Does the harm that a plan asks for, to processes of the one server that it was given, and undoes what lasts."""

import asyncio
import os
import resource
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tests.chaos.customer import BREAKING, Customer
from tests.chaos.plan import Blow, Fault
from tests.postgresql import PostgresqlServer

SMALL_FILE_BYTES = 8_192
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
VICTIMS = {
    Fault.WORKER_KILLED: "offhook.processes.worker",
    Fault.WORKER_FROZEN: "offhook.processes.worker",
    Fault.DISK_FULL: "offhook.processes.worker",
    Fault.DISPATCHER_KILLED: "offhook.processes.dispatcher",
    Fault.API_KILLED: "offhook.processes.api",
    Fault.RECOGNISER_KILLED: "recogniser",
    Fault.VOICE_KILLED: "voice",
}


class Faults:
    """Carries a plan out. `say` is told what happens, for people."""

    def __init__(
        self,
        *,
        supervisor_pid: int,
        database: PostgresqlServer | None,
        customer: Customer,
        say: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """Without a `database` that can be stopped, what would happen to it does not."""
        self._supervisor_pid = supervisor_pid
        self._database = database
        self._customer = customer
        self._say = say
        self.done: dict[Fault, int] = {}

    async def carry_out(self, blows: Sequence[Blow]) -> None:
        """All of them at their times; returns when the last is over. Each that lasts is undone, also when cancelled."""
        began_at = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for blow in blows:
                await asyncio.sleep(max(0.0, began_at + blow.at_s - time.monotonic()))
                tasks.create_task(self._strike(blow, began_at))

    async def _strike(self, blow: Blow, began_at: float) -> None:
        lasting = f" for {blow.lasts_s:.0f} s" if blow.lasts_s else ""
        self._say(f"{time.monotonic() - began_at:6.1f} s  {blow.fault}{lasting}")
        self.done[blow.fault] = self.done.get(blow.fault, 0) + 1
        match blow.fault:
            case Fault.DATABASE_DOWN | Fault.DATABASE_HANGS:
                await self._harm_database(blow)
            case Fault.APPLICATION_BROKEN:
                self._customer.breaking = BREAKING[blow.choice % len(BREAKING)]
                try:
                    await asyncio.sleep(blow.lasts_s)
                finally:
                    self._customer.breaking = None
            case Fault.WORKER_FROZEN:
                await self._freeze(self._victim(blow), blow.lasts_s)
            case Fault.DISK_FULL:
                await self._fill_disk(self._victim(blow), blow.lasts_s)
            case _:
                with suppress(ProcessLookupError):
                    os.kill(self._victim(blow), signal.SIGKILL)

    async def _harm_database(self, blow: Blow) -> None:
        if self._database is None:
            return
        hangs = blow.fault is Fault.DATABASE_HANGS
        harm, undo = (
            (self._database.suspend, self._database.resume)
            if hangs
            else (self._database.stop_now, self._database.start_again)
        )
        with suppress(FileNotFoundError):  # it is down already, by another blow
            await asyncio.to_thread(harm)
        try:
            await asyncio.sleep(blow.lasts_s)
        finally:
            with suppress(FileNotFoundError):
                await asyncio.to_thread(undo)

    async def _freeze(self, pid: int, seconds: float) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    async def _fill_disk(self, pid: int, seconds: float) -> None:
        """No file of the process grows beyond a few kilobytes, as on a disk that is full."""
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (SMALL_FILE_BYTES, resource.RLIM_INFINITY))
        try:
            await asyncio.sleep(seconds)
        finally:
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, UNLIMITED)

    def _victim(self, blow: Blow) -> int:
        """The process that is hit. Raises ProcessLookupError where none of its kind lives just now."""
        found = sorted(processes(self._supervisor_pid, VICTIMS[blow.fault]))
        if not found:
            raise ProcessLookupError(VICTIMS[blow.fault])
        return found[blow.choice % len(found)]


def processes(parent: int, kind: str = "") -> list[int]:
    """The children of `parent`, by a word of their command lines."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError, ValueError, IndexError):
            its_parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            words = (entry / "cmdline").read_text().split("\0")
            if its_parent == parent and (not kind or kind in words):
                found.append(int(entry.name))
    return found


def descriptors(pid: int) -> int:
    """How many files and sockets a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))

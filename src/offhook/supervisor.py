"""The supervisor: starts the processes, restarts those that die, and stops them in order.

It loads nothing but the standard library: it is the one process that must never fail.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from offhook.control import CONFIGURATION_FAULT, CONTROL_FD
from offhook.draining import CUT_SHORT, Draining
from offhook.heartbeat import PING_EVERY_S, Heartbeat

LOOK_EVERY_S = 0.1
FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 10.0
LIVED_WELL_S = 2.0
"""A process that lived this long is restarted at once when it dies."""
TELL_EVERY_S = 5.0
"""How often is said how many calls still run while the server stops."""
OVERLAP_S = 60.0
"""How long a process that worked before is started again although it says that it cannot: its port may still be held by
the one that died, and the others have calls."""
STOP_S = 8.0
"""How long a process may take to stop before it is killed."""


class State(StrEnum):
    """Where a process stands."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    """It was asked to stop, and may be waiting for running calls to end."""
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A process to be kept running."""

    name: str
    kind: str
    """`api`, `worker`, `voice`, `recogniser` or `dispatcher`."""
    arguments: tuple[str, ...]
    """What Python is started with."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the supervisor's own."""
    sockets: tuple[int, ...] = ()
    """File descriptors that it inherits."""
    stop_order: int = 0
    """Lower numbers are stopped first."""
    stop_s: float = STOP_S
    """How long it may take to stop before it is killed."""
    watchdog_s: float = 0.0
    """How long it may leave pings unanswered, once it is ready, before it is killed; 0 for ever."""


class StartFailed(RuntimeError):
    """A process cannot start until somebody changes something; it has said what."""


class Child:
    """One process with its control channel, through all its lives."""

    def __init__(self, program: Program, on_change: Callable[[], None], draining: Draining) -> None:
        self.program = program
        self._draining = draining
        self.state = State.STARTING
        self.told: dict[str, Any] = {}
        """What it said when it became ready."""
        self.restarts = 0
        self._on_change = on_change
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._stop_asked = asyncio.Event()
        self._heartbeat = Heartbeat(program.watchdog_s)
        self._hopeless_since: float | None = None

    @property
    def pid(self) -> int | None:
        """The process id of its present life."""
        return self._process.pid if self._process is not None else None

    async def keep_running(self) -> None:
        """Start it, and start it again whenever it dies. Raises StartFailed."""
        delay_s = FIRST_DELAY_S
        while not self._stop_asked.is_set():
            born_at = time.monotonic()
            status = await self._live()
            if self._stop_asked.is_set():
                return
            if status == CONFIGURATION_FAULT and not self._may_do_better(since=born_at):
                raise StartFailed(self.program.name)
            lived_s = time.monotonic() - born_at
            delay_s = FIRST_DELAY_S if lived_s > LIVED_WELL_S else min(LONGEST_DELAY_S, delay_s * 2)
            say(f"{self.program.name} ended with status {status} after {lived_s:.1f} s; starting it again")
            self.restarts += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._stop_asked.wait()

    def _may_do_better(self, *, since: float) -> bool:
        """Whether one that says that it cannot start may, after all."""
        if self._hopeless_since is None:
            self._hopeless_since = since
        return bool(self.told) and time.monotonic() - self._hopeless_since < OVERLAP_S

    async def stop(self) -> None:
        """Ask it to stop, and kill it if it does not."""
        self._stop_asked.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        self.tell(stop=True)
        self._become(State.STOPPING)
        try:
            async with asyncio.timeout(self.program.stop_s):
                await process.wait()
        except TimeoutError:
            say(f"{self.program.name} did not stop within {self.program.stop_s:g} s; killing it")
            process.kill()
            await process.wait()

    def ping(self) -> None:
        """Ask whether it is alive; kill it if it has not answered for too long."""
        is_too_silent = self._heartbeat.is_too_silent(at=time.monotonic())
        if self.state is not State.READY or self._process is None or not self.program.watchdog_s:
            return
        if is_too_silent:
            self._heartbeat.answers()  # not to be told again while it dies
            say(f"{self.program.name} has not answered for {self.program.watchdog_s:g} s; killing it")
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        self.tell(ping=True)

    def tell(self, **message: Any) -> None:
        """Tell it something."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(json.dumps(message).encode() + b"\n")

    async def _live(self) -> int:
        ours, theirs = socket.socketpair()
        environment = {**os.environ, **self.program.environment, CONTROL_FD: str(theirs.fileno())}
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self.program.arguments,
                env=environment,
                pass_fds=(theirs.fileno(), *self.program.sockets),
            )
        finally:
            theirs.close()
        reader, self._writer = await asyncio.open_unix_connection(sock=ours)
        self._become(State.STARTING)
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                message = json.loads(line)
                self._heartbeat.answers()
                self._draining.take(self.program.name, message)
                if message.get("ready"):
                    self.told, self._hopeless_since = message, None
                    self._become(State.READY)
                    if self.restarts:
                        say(f"{self.program.name} is ready again")
        status = await self._process.wait()
        self._draining.gone(self.program.name)
        self._writer.close()
        self._become(State.DEAD)
        return status

    def _become(self, state: State) -> None:
        self.state = state
        self._on_change()


class Supervisor:
    """All children, and what becomes of them."""

    def __init__(self, programs: Sequence[Program], *, on_ready: Callable[["Supervisor"], None]) -> None:
        """`on_ready` is called once, when all are ready for the first time."""
        self.draining = Draining()
        """How many calls still run while all is stopped."""
        self.children = tuple(Child(program, self._changed, self.draining) for program in programs)
        self._on_ready = on_ready
        self._was_ready = False
        self._stop = asyncio.Event()

    async def run(self) -> int:
        """Run until a signal or a process that cannot start; the exit status."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
            # A terminal that closes says so more than once; that is no second signal.
            loop.add_signal_handler(signal.SIGHUP, self._stop.set)
        keeping = [asyncio.create_task(child.keep_running()) for child in self.children]
        pinging = asyncio.create_task(self._ping())
        stopping = asyncio.create_task(self._stop.wait())
        done, _ = await asyncio.wait((*keeping, stopping), return_when=asyncio.FIRST_COMPLETED)
        failed = [task for task in done if task is not stopping and task.exception() is not None]
        await self._stop_all()
        stopping.cancel()
        pinging.cancel()
        await asyncio.gather(*keeping, return_exceptions=True)
        if failed:
            return 1
        say(self.draining.outcome())
        return CUT_SHORT if self.draining.ended else 0

    def stop(self) -> None:
        """End everything, in order; `run` returns when it is done. The second time nobody waits for running calls."""
        if self._stop.is_set():
            for child in self.children:
                if child.state is State.STOPPING:
                    child.tell(stop=True)
        self._stop.set()

    def states(self) -> dict[str, dict[str, Any]]:
        """Each process's kind, state, process id, and how often it was started again, by name."""
        return {
            child.program.name: {
                "kind": child.program.kind,
                "state": child.state,
                "pid": child.pid,
                "restarts": child.restarts,
            }
            for child in self.children
        }

    def _changed(self) -> None:
        for child in self.children:
            if child.program.kind == "api":
                child.tell(processes=self.states())
        if not self._was_ready and all(child.state is State.READY for child in self.children):
            self._was_ready = True
            self._on_ready(self)

    async def _ping(self) -> None:
        while True:
            for child in self.children:
                child.ping()
            await asyncio.sleep(PING_EVERY_S)

    async def _tell_progress(self) -> None:
        told_at = -TELL_EVERY_S
        while True:
            if self.draining.running and time.monotonic() >= told_at + TELL_EVERY_S:
                told_at = time.monotonic()
                say(self.draining.progress())
            await asyncio.sleep(LOOK_EVERY_S)

    async def _stop_all(self) -> None:
        telling = asyncio.create_task(self._tell_progress())
        for order in sorted({child.program.stop_order for child in self.children}):
            batch = [child for child in self.children if child.program.stop_order == order]
            await asyncio.gather(*(child.stop() for child in batch))
        telling.cancel()


def say(text: str) -> None:
    """Tell the operator something, in the form in which the processes log."""
    line = f"offhook: {text}"
    if os.environ.get("OFFHOOK_LOG_JSON", "").lower() in ("1", "true", "t", "yes", "y", "on"):
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        line = json.dumps({"ts": now, "level": "warning", "process": "supervisor", "event": text})
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()

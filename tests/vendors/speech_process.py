"""A speech process as its supervisor runs it."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

START_S = 20.0
IDLE_THREADS = 2


@dataclass(frozen=True, slots=True)
class SpeechProcess:
    """A running one."""

    path: Path
    """Its socket."""
    process: subprocess.Popen[bytes]
    control: socket.socket

    @property
    def is_at_work(self) -> bool:
        """Whether it has more threads than it has without a connection."""
        return len(os.listdir(f"/proc/{self.process.pid}/task")) > IDLE_THREADS

    def kill(self) -> None:
        """Let it die without warning."""
        self.process.kill()
        self.process.wait(START_S)

    def freeze(self) -> None:
        """Let it stand still, alive, until it is killed."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    def ask_to_stop(self) -> int:
        """Tell it to stop; its exit status."""
        self.control.sendall(json.dumps({"stop": True}).encode() + b"\n")
        return self.process.wait(START_S)

    def vanish_above(self) -> int:
        """Close the control channel, as a dying supervisor does; its exit status."""
        self.control.close()
        return self.process.wait(START_S)

    def interrupt(self) -> None:
        """Send the signals that a terminal sends to the whole group."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self.process.send_signal(number)


@contextmanager
def speech_process(kind: str, path: Path, *arguments: str) -> Iterator[SpeechProcess]:
    """A block in which a speech process runs and accepts connections."""
    ours, theirs = socket.socketpair()
    ours.settimeout(START_S)
    with ours:
        with theirs:
            process = subprocess.Popen(
                (
                    *(sys.executable, "-m", "offhook.vendors.embedded.server"),
                    *("--kind", kind, "--socket", str(path), *arguments),
                ),
                env={**os.environ, "OFFHOOK_CONTROL_FD": str(theirs.fileno())},
                pass_fds=(theirs.fileno(),),
            )
        try:
            assert json.loads(ours.recv(100)) == {"ready": True}
            yield SpeechProcess(path, process, ours)
        finally:
            ours.close()
            process.wait(START_S)


@dataclass(slots=True)
class DyingProcess:
    """What takes connections like a speech process, and dies of each request."""

    path: Path
    deaths: int = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        self.deaths += 1
        writer.transport.abort()


@asynccontextmanager
async def dying_process(path: Path) -> AsyncIterator[DyingProcess]:
    """A block in which such a process listens at `path`."""
    dying = DyingProcess(path)
    server = await asyncio.start_unix_server(dying.take, path)
    try:
        yield dying
    finally:
        server.close()
        await server.wait_closed()

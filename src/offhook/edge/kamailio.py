"""A running Kamailio, as a child that ends with us.

It has a process group of its own, so that a Ctrl-C at the terminal reaches the supervisor alone and so that its many
processes can be ended together: those of a Kamailio whose first process was killed would live on and hold the port.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
from collections.abc import Callable, Iterable
from io import FileIO
from pathlib import Path

from offhook.edge import tls_config
from offhook.edge.kamailio_config import Listen
from offhook.edge.kamailio_log import ENGINE, LineReader, read_line
from offhook.edge.private_file import write_private

SHARED_MEMORY_MB = 512
"""A TCP connection takes 17 kB of it, one with TLS 75 kB, and there may be 8,192, of these 4,096 with TLS."""
STOP_S = 4.0
TOLD_AGAIN_S = 0.25
PORT_FREE_S = 5.0
"""How long a Kamailio that is ending may still hold the port."""
LOOK_EVERY_S = 0.1
LAST_WORDS_S = 0.5
"""How long its log is read on after its end."""
PIECE_BYTES = 65_536
PR_SET_PDEATHSIG = 1

Say = Callable[[bool, str], None]
"""Told each line of the log: whether it is an error, and the text, which is empty for what was no line."""

_libc = ctypes.CDLL(None, use_errno=True)


class KamailioFailed(Exception):
    """Kamailio cannot run; the text says why, and what to change."""


class Kamailio:
    """The program with its configuration, which lies in a folder of its own."""

    def __init__(self, program: str, folder: Path, say: Say) -> None:
        self._program = program
        self._folder = folder
        self._say = say
        self._config = folder / "kamailio.cfg"
        self._group_file = folder / "kamailio.group"
        self._process: asyncio.subprocess.Process | None = None
        self._log: FileIO | None = None

    async def start(self, config_text: str, listen: Iterable[Listen]) -> None:
        """Check the configuration and start. Raises KamailioFailed."""
        self._end_leftover()
        write_private(self._config, config_text)
        await self._check()
        for address in listen:
            await _until_free(address)
        # The pipe is ours: one of asyncio's would keep `wait` from returning while any child still holds its end.
        log_end, its_end = os.pipe()
        self._log = FileIO(log_end)
        try:
            self._process = await asyncio.create_subprocess_exec(
                self._program,
                *(
                    "-DD",
                    "-E",
                    ENGINE,
                    "-m",
                    str(SHARED_MEMORY_MB),
                    "-Y",
                    str(self._folder),
                    "-f",
                    str(self._config),
                ),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=its_end,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        finally:
            os.close(its_end)
        self._group_file.write_text(str(self._process.pid))

    async def ended(self) -> int:
        """Pass on its log until its first process ends; the exit status."""
        assert self._process is not None
        assert self._log is not None
        lines = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), self._log
        )
        passing_on = asyncio.create_task(self._pass_on(lines))
        try:
            return await self._process.wait()
        finally:
            await asyncio.wait((passing_on,), timeout=LAST_WORDS_S)
            passing_on.cancel()
            transport.close()

    async def stop(self) -> None:
        """End it and all of its processes."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, TimeoutError):
            process.terminate()
            async with asyncio.timeout(STOP_S):
                await _tell_all_until_ended(process)
        _signal_group(process.pid, signal.SIGKILL)
        await process.wait()
        self._group_file.unlink(missing_ok=True)

    async def _pass_on(self, lines: asyncio.StreamReader) -> None:
        reader = LineReader()
        while piece := await lines.read(PIECE_BYTES):
            for line in reader.take(piece):
                if line.strip():
                    self._say(*(read_line(line) or (False, "")))

    async def _check(self) -> None:
        process = await asyncio.create_subprocess_exec(
            self._program,
            *("-c", "-f", str(self._config)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
        if process.returncode != 0:
            faults = said.decode("utf-8", "replace").strip()
            if tls_config.MISSING in faults:
                raise KamailioFailed(tls_config.ABSENT)
            raise KamailioFailed(
                f"Kamailio refuses its configuration ({self._config}); 5.6 or later is needed:\n{faults}"
            )

    def _end_leftover(self) -> None:
        """End the processes of a Kamailio that a killed predecessor of ours left behind."""
        try:
            group = int(self._group_file.read_text())
        except (OSError, ValueError):
            return
        if any(self._is_ours(pid) for pid in _members(group)):
            _signal_group(group, signal.SIGKILL)
        self._group_file.unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        with contextlib.suppress(OSError):
            return os.fsencode(self._config) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return False


async def _until_free(address: Listen) -> None:
    """Return once the port can be bound. Raises KamailioFailed when it cannot for long, or never will."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PORT_FREE_S
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    ports = {
        "UDP": address.port,
        **({"TCP": address.port} if address.tcp else {}),
        **({"TLS": address.tls_port} if address.tls_port is not None else {}),
    }
    while True:
        try:
            for name, port in ports.items():
                with socket.socket(
                    family, socket.SOCK_DGRAM if name == "UDP" else socket.SOCK_STREAM
                ) as probe:
                    if name != "UDP":  # connections of one that has ended may linger
                        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind((address.host, port))
            return
        except OSError as error:
            reason = error.strerror or str(error)
        if loop.time() >= deadline:
            raise KamailioFailed(
                f"Kamailio cannot listen on {name} port {port} of {address.host}: {reason}; stop what uses it, or set "
                f"{'OFFHOOK_SIP_TLS_PORT' if name == 'TLS' else 'OFFHOOK_SIP_PORT'} or OFFHOOK_SIP_HOST"
            )
        await asyncio.sleep(LOOK_EVERY_S)


def _end_with_parent() -> None:
    """In the child, before it becomes Kamailio: have the kernel end it when we die, however that happens."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


async def _tell_all_until_ended(process: asyncio.subprocess.Process) -> None:
    """Kamailio tells its processes once, and waits for them. One that has just begun does not hear it: it is told again."""
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TOLD_AGAIN_S):
                await process.wait()
                return
        _signal_group(process.pid, signal.SIGTERM)


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _members(group: int) -> list[int]:
    members = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            if (
                entry.name.isdigit()
                and int((entry / "stat").read_text().rpartition(")")[2].split()[2]) == group
            ):
                members.append(int(entry.name))
    return members

"""The channel between the supervisor and a process: lines of JSON over a socket pair.

A process tells `{"ready": …}` once it works. It answers `{"ping": true}` with `{"pong": true}`, from its event loop: one
that hangs does not. It is told `{"stop": true}`, and reads end-of-file when the
supervisor is gone; both mean: end your work and leave. Signals are the supervisor's business alone.
"""

import asyncio
import json
import os
import signal
import socket
from collections.abc import Callable
from typing import Any

CONTROL_FD = "OFFHOOK_CONTROL_FD"
"""The environment variable that holds the number of the inherited socket."""
CONFIGURATION_FAULT = 78
"""Exit status (EX_CONFIG of sysexits.h) of a process that cannot start until somebody changes something."""


class ControlChannel:
    """A process's end of the channel."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls) -> "ControlChannel":
        """Take the inherited socket, and leave SIGINT, SIGTERM and SIGHUP to the supervisor."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        inherited = socket.socket(fileno=int(os.environ[CONTROL_FD]))
        return cls(*await asyncio.open_unix_connection(sock=inherited))

    def tell(self, **message: Any) -> None:
        """Tell the supervisor something."""
        self._writer.write(json.dumps(message).encode() + b"\n")

    async def until_stopped(self, on_message: Callable[[dict[str, Any]], None] | None = None) -> None:
        """Return when told to stop; pings are answered, anything else that is told goes to `on_message`."""
        while line := await self._next_line():
            message: dict[str, Any] = json.loads(line)
            if message.get("stop"):
                return
            if message.get("ping"):
                self.tell(pong=True)
            elif on_message is not None:
                on_message(message)

    async def _next_line(self) -> bytes:
        """What is told next; nothing where the supervisor is gone, which may have left words of ours unread."""
        try:
            return await self._reader.readline()
        except ConnectionResetError:
            return b""

    def close(self) -> None:
        """Let go of the socket."""
        self._writer.close()

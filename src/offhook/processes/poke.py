"""Wakes the dispatcher from another process."""

import contextlib
import socket
from pathlib import Path


class Poke:
    """Sends an empty datagram; call it from any thread. Where nobody listens, the dispatcher's own look each
    second finds what is due."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def __call__(self) -> None:
        """Wake it."""
        with contextlib.suppress(OSError):
            self._socket.sendto(b"", self._path)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

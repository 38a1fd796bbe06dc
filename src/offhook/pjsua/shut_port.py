"""Has the kernel drop whatever is sent to a TCP port of this process: the library calls others over TLS only where it listens, and
where there is no certificate nobody is to come in there."""

import socket
from contextlib import suppress
from pathlib import Path

from offhook.pjsua.packet_filter import admit_only

OWN_DESCRIPTORS = Path("/proc/self/fd")
IS_LISTENING = socket.SO_ACCEPTCONN


def shut_port(port: int) -> bool:
    """Nobody can connect to a port that this process listens on; whether that could be brought about."""
    is_shut = False
    for entry in OWN_DESCRIPTORS.iterdir():
        with suppress(OSError):
            if _listens_at(int(entry.name), port):
                admit_only(int(entry.name), ())
                is_shut = True
    return is_shut


def _listens_at(descriptor: int, port: int) -> bool:
    """Raises OSError for what is no socket."""
    borrowed = socket.socket(fileno=descriptor)
    try:
        return (
            borrowed.family in (socket.AF_INET, socket.AF_INET6)
            and bool(borrowed.getsockopt(socket.SOL_SOCKET, IS_LISTENING))
            and borrowed.getsockname()[1] == port
        )
    finally:
        borrowed.detach()

"""Wakes the owner thread out of its poll when there is something to do.

PJSUA2 has no way to interrupt `libHandleEvents`. But it waits for packets, and PJSIP drops a datagram this short
before it looks into it (MIN_SIZE of sip_transport_udp.c): so one to our own SIP port is a bell, for the price of a
system call. Where it does not get through, the poll's own timeout is late by a few milliseconds.
"""

import contextlib
import socket

BELL = b"\0"
EVERY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class Waker:
    """Rings once for all that is asked for until the thread is awake."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._has_rung = False

    def aim(self, sip_host: str, sip_port: int) -> None:
        """Ring where SIP listens from now on."""
        host = EVERY_HOST.get(sip_host, sip_host)
        bell = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        bell.setblocking(False)
        bell.connect((host, sip_port))
        self._socket = bell

    def wake(self) -> None:
        """There is something to do. Call it from any thread, after saying what."""
        if not self._has_rung and self._socket is not None:
            self._has_rung = True
            with contextlib.suppress(OSError):
                self._socket.send(BELL)

    def is_awake(self) -> None:
        """The thread looks now at what there is to do; whatever is said from here on rings again."""
        self._has_rung = False

    def close(self) -> None:
        """Never ring again."""
        bell, self._socket = self._socket, None
        if bell is not None:
            bell.close()

"""Has the library's SIP queue forget sockets of connections that broke: while it holds one, SIP is slow.

A transaction that awaits its ACK keeps its connection for 32 s, broken or not. Of a broken one epoll tells again at each poll, nobody
takes that, and the library sleeps up to 10 ms so as not to turn in circles. It asks for 16 events at a time: with 160 of these a packet waits
for a tenth of a second. The library keeps the descriptor and closes it as ever.

A library that uses select has no such queue. Everything here runs on the owner thread.
"""

import ctypes
import os
import re
import select
from pathlib import Path

import structlog

from offhook.pjsua.c_library import c_library

log = structlog.get_logger()

LOOK_EVERY_S = 0.1
DESCRIPTORS = Path("/proc/self/fd")
DESCRIPTOR_NOTES = Path("/proc/self/fdinfo")
QUEUE = "anon_inode:[eventpoll]"
WATCHED = re.compile(rb"^tfd:\s*(\d+)\s+events:\s*([0-9a-f]+)", re.MULTILINE)
"""A socket of a queue, and in hex what is waited for."""
WAITED_FOR = select.EPOLLIN | select.EPOLLOUT


class DeadSockets:
    """Those of one engine."""

    def __init__(self) -> None:
        self._broken: set[int] = set()
        """The `pjsip_transport` of each connection that broke and that the library still holds."""
        self._look_at = 0.0
        self._queue: int | None = None
        self._is_known = False

    def broke(self, transport: int) -> None:
        """A connection broke."""
        self._broken.add(transport)

    def gone(self, transport: int) -> None:
        """The library let go of it, or another one has its place."""
        self._broken.discard(transport)

    def look(self, at: float) -> None:
        """Have those forgotten that nobody waits for; not inside of a callback. Costs nothing while there are none."""
        if not self._broken or at < self._look_at:
            return
        self._look_at = at + LOOK_EVERY_S
        if not self._is_known:
            self._is_known, self._queue = True, _sip_queue()
        if self._queue is None:
            return
        try:
            _forget(self._queue)
        except OSError as error:
            self._queue = None
            log.warning("pjsua.broken_connections_kept", reason=str(error))


def _sip_queue() -> int | None:
    """The descriptor of the library's epoll for SIP; None where there is none."""
    library = c_library()
    try:
        library.pjsua_get_pjsip_endpt.restype = ctypes.c_void_p
        library.pjsip_endpt_get_ioqueue.restype = ctypes.c_void_p
        library.pj_ioqueue_get_os_handle.restype = ctypes.c_void_p
        endpoint = ctypes.c_void_p(library.pjsua_get_pjsip_endpt())
        queue = ctypes.c_void_p(library.pjsip_endpt_get_ioqueue(endpoint))
        handle = library.pj_ioqueue_get_os_handle(queue)
    except AttributeError:
        return None
    if not handle:
        return None
    descriptor = ctypes.c_int.from_address(handle).value
    try:
        return descriptor if os.readlink(DESCRIPTORS / str(descriptor)) == QUEUE else None
    except OSError:
        return None


def _forget(queue: int) -> None:
    """Raises OSError where the system does not tell what is in the queue."""
    watched = WATCHED.findall((DESCRIPTOR_NOTES / str(queue)).read_bytes())
    left_alone = [int(descriptor) for descriptor, events in watched if not int(events, 16) & WAITED_FOR]
    if not left_alone:
        return
    poll = select.poll()
    for descriptor in left_alone:
        poll.register(descriptor, 0)
    # What is closed on one side only tells of nothing that nobody asked for.
    broken = [descriptor for descriptor, _ in poll.poll(0)]
    with select.epoll.fromfd(os.dup(queue)) as epoll:
        for descriptor in broken:
            epoll.unregister(descriptor)

"""A router with NAT between two networks of a machine's network namespaces.

It is a process like any other: packets of the inside are read off the wire, and sent on by UDP sockets of the outside address. So it
needs no firewall of the kernel's, and no rights beyond those that anybody has in namespaces of their own.
"""

import ctypes
import os
import selectors
import socket
import struct
import threading
from collections.abc import Iterable
from contextlib import suppress

Address = tuple[str, int]
IP_PACKETS, UDP, SENT_BY_US = 0x0800, 17, 4
NEW_NETWORK = 0x40000000


def enter(namespace: int) -> None:
    """Have this thread, and the sockets that it makes, be in the network namespace of a process."""
    with open(f"/proc/{namespace}/ns/net", "rb") as network:
        if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), NEW_NETWORK):
            raise OSError(ctypes.get_errno(), f"the network of process {namespace} cannot be entered")


class Router(threading.Thread):
    """Lets in what comes from where the inside has sent to, and what comes to a forwarded port."""

    def __init__(
        self,
        namespace: int,
        *,
        inside: str,
        outside: str,
        forwarded: Iterable[Address] = (),
        is_symmetric: bool = False,
    ) -> None:
        """In the network namespace of a process: `inside` is the interface to the inner network, `outside` the outer address.

        `is_symmetric` gives each destination a port of its own; `forwarded` are addresses inside, each with the same port outside.
        """
        super().__init__(daemon=True)
        self._namespace = namespace
        self._inside = inside
        self._outside = outside
        self._forwarded = tuple(forwarded)
        self._is_symmetric = is_symmetric
        self._ways: dict[tuple[Address, Address | None], socket.socket] = {}
        self._allowed: set[tuple[socket.socket, Address]] = set()
        self._is_open = threading.Event()
        self._wakes, self._wake = socket.socketpair()
        self.turned_away = 0

    def open(self) -> None:
        """Return once it works."""
        self.start()
        assert self._is_open.wait(20)

    def close(self) -> None:
        """End it."""
        self._wake.close()
        self.join()

    def run(self) -> None:
        """Carry packets, in a thread."""
        enter(self._namespace)
        with (
            selectors.DefaultSelector() as looking,
            socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(IP_PACKETS)) as reading,
            socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as writing,
        ):
            self._looking, self._writing = looking, writing
            reading.bind((self._inside, IP_PACKETS))
            looking.register(reading, selectors.EVENT_READ)
            looking.register(self._wakes, selectors.EVENT_READ)
            for inner in self._forwarded:
                self._way(inner, None, inner[1])
            self._is_open.set()
            while True:
                for key, _ in looking.select():
                    if key.fileobj is self._wakes:
                        return
                    if key.fileobj is reading:
                        self._outwards(*reading.recvfrom(65_535))
                    else:
                        assert isinstance(key.fileobj, socket.socket)
                        self._inwards(key.fileobj, key.data)

    def _way(self, inner: Address, outer: Address | None, port: int = 0) -> socket.socket:
        if (inner, outer) not in self._ways:
            way = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            way.bind((self._outside, port))
            self._ways[inner, outer] = way
            self._looking.register(way, selectors.EVENT_READ, inner)
        return self._ways[inner, outer]

    def _outwards(self, packet: bytes, seen: tuple[str, int, int, int, bytes]) -> None:
        head = 4 * (packet[0] & 0x0F)
        if seen[2] == SENT_BY_US or packet[9] != UDP:
            return
        source, target = (socket.inet_ntoa(packet[at : at + 4]) for at in (12, 16))
        source_port, target_port, length = struct.unpack_from("!HHH", packet, head)
        inner, outer = (source, source_port), (target, target_port)
        of_its_own = self._is_symmetric and inner not in self._forwarded
        way = self._way(inner, outer if of_its_own else None)
        self._allowed.add((way, outer))
        with suppress(OSError):  # as to an inner address of the other side's
            way.sendto(packet[head + 8 : head + length], outer)

    def _inwards(self, way: socket.socket, inner: Address) -> None:
        data, outer = way.recvfrom(65_535)
        if inner not in self._forwarded and (way, outer) not in self._allowed:
            self.turned_away += 1
            return
        # The kernel fills in the length and the checksum of the IP header; UDP needs none.
        head = struct.pack("!BBHHHBBH", 0x45, 0, 0, 0, 0, 64, UDP, 0)
        addresses = socket.inet_aton(outer[0]) + socket.inet_aton(inner[0])
        udp = struct.pack("!HHHH", outer[1], inner[1], 8 + len(data), 0)
        self._writing.sendto(head + addresses + udp + data, (inner[0], 0))


def can_make_networks() -> tuple[str, ...] | None:
    """What begins a program in a network namespace of its own; None where this system allows nobody to have one."""
    for words in (("unshare", "--net"), ("unshare", "--user", "--map-root-user", "--net")):
        if os.system(f"{' '.join(words)} true 2>/dev/null") == 0:
            return words
    return None

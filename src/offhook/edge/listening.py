"""The addresses that Kamailio listens on: the outside's, and loopback for the workers."""

import fcntl
import socket
import struct

from offhook.edge.kamailio_config import Listen

LOOPBACK_HOST = "127.0.0.1"
EVERY_HOST = "0.0.0.0"
SIOCGIFADDR = 0x8915


def listening(host: str, port: int, public_address: str | None) -> tuple[Listen, ...]:
    """Where to listen for `host`, an IPv4 address of this machine or 0.0.0.0 for all of them.

    Each is named, as Kamailio writes the address it sends from into Via and Record-Route. Workers get the loopback
    address there, and the outside gets `public_address` where it is set.
    """
    inside = Listen(host=LOOPBACK_HOST, port=port)
    hosts = _interface_addresses() if host == EVERY_HOST else (host,)
    outside = [each for each in hosts if each not in (LOOPBACK_HOST, "localhost")]
    return (inside, *(Listen(host=each, port=port, advertise=public_address) for each in outside))


def _interface_addresses() -> tuple[str, ...]:
    """The first IPv4 address of each interface that has one."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(probe.fileno(), SIOCGIFADDR, struct.pack("256s", name[:15].encode()))
            except OSError:
                continue
            found.append(socket.inet_ntoa(answer[20:24]))
    return tuple(found)

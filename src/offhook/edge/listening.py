"""The addresses that Kamailio listens on: the outside's, and loopback for the workers."""

import fcntl
import ipaddress
import socket
import struct
from functools import partial
from pathlib import Path

from offhook.edge.kamailio_config import Listen

LOOPBACK_HOST = "127.0.0.1"
EVERY_HOST = "0.0.0.0"
EVERY_HOST_OF_VERSION_6 = "::"
SIOCGIFADDR = 0x8915
IPV6_INTERFACES = Path("/proc/net/if_inet6")
OF_ONE_LINK = 0x20
"""The scope of addresses that mean something on one wire alone."""


def listening(
    host: str,
    port: int,
    public_address: str | None,
    *,
    ipv6_host: str | None = None,
    tcp: bool = True,
    tls_port: int | None = None,
) -> tuple[Listen, ...]:
    """Where to listen for `host`, an IPv4 address of this machine or 0.0.0.0 for all of them, and for `ipv6_host`, one of
    version 6 or :: for all.

    Each is named, as Kamailio writes the address it sends from into Via and Record-Route. Workers get the loopback
    address there, and the outside gets `public_address` where it is set.
    """
    listen = partial(Listen, port=port, tcp=tcp, tls_port=tls_port)
    hosts = interface_addresses() if host == EVERY_HOST else (host,)
    outside = [each for each in hosts if each not in (LOOPBACK_HOST, "localhost")]
    newer: tuple[str, ...] = () if ipv6_host is None else (ipv6_host,)
    if ipv6_host == EVERY_HOST_OF_VERSION_6:
        newer = _addresses_of_version_6()
    return (
        listen(host=LOOPBACK_HOST),
        *(listen(host=each, advertise=public_address) for each in outside),
        *(listen(host=each) for each in newer),
    )


def interface_addresses() -> tuple[str, ...]:
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


def _addresses_of_version_6() -> tuple[str, ...]:
    """The IPv6 addresses of this machine, as the kernel lists them."""
    try:
        lines = IPV6_INTERFACES.read_text().splitlines()
    except OSError:  # there is no IPv6 here
        return ()
    found = [line.split() for line in lines]
    return tuple(
        str(ipaddress.IPv6Address(int(fields[0], 16)))
        for fields in found
        if int(fields[3], 16) != OF_ONE_LINK
    )

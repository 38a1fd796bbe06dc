"""Whether a far end can be asked where its Contact says, judged by where its message came from. Pure.

An address of a private network, of a provider's behind its NAT, of one cable or of one machine means something else in each of them. Whoever
sends from outside of its kind cannot be asked there. Within one kind nothing is said: a machine with 192.168.1.5 and one with 10.0.0.9 may well
reach each other, as networks of one company do.
"""

import re
import socket
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from offhook.pjsua.packet_filter import IpAddress


def _networks(*written: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(network) for network in written)


KINDS: Mapping[str, tuple[IPv4Network | IPv6Network, ...]] = {
    "private": _networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
    "provider": _networks("100.64.0.0/10"),
    "cable": _networks("169.254.0.0/16", "fe80::/10"),
    "machine": _networks("127.0.0.0/8", "::1/128"),
    "none": _networks("0.0.0.0/8", "::/128"),
}
"""Addresses that mean something among themselves alone (RFC 1918, 4193, 6598, 3927, 4291, 1122)."""
NO_NAME = ".invalid"
"""What no name server may ever know (RFC 6761)."""
THIS_MACHINE, LOOPBACK = ".localhost", IPv4Address("127.0.0.1")
"""A name that means the machine of whoever looks it up (RFC 6761)."""
NUMBER = r"(?:0[xX][0-9a-fA-F]+|[0-9]+)"
NUMBERS = re.compile(rf"{NUMBER}(?:\.{NUMBER}){{0,3}}")
"""What the system's resolver takes for an address of version 4: 127.1, 0x7f000001."""
SITE_BITS = 64
"""Of an address of version 6: a machine has as many of one site as it likes (RFC 8981)."""


def leads_nowhere(host: str, source: IpAddress) -> bool:
    """Whether nobody can be asked at the `host` of a Contact that came from `source`; other names are for a name server to say."""
    address = literal(host)
    if address is None:
        return host.lower().rstrip(".").endswith(NO_NAME)
    kind = _kind(address)
    return kind is not None and kind != _kind(plain(source))


def is_of_other_version(host: str, source: IpAddress) -> bool:
    """Whether the `host` of a Contact is an address of another version of IP than it came by."""
    address = literal(host)
    return address is not None and address.version != plain(source).version


def is_another_machine(host: str, source: IpAddress) -> bool:
    """Whether the `host` of a Contact is a public address, and not that of whoever it came from: such as where a carrier listens that
    calls from another machine."""
    address, source = literal(host), plain(source)
    if address is None or _kind(address) is not None or address.version != source.version:
        return False
    shift = address.max_prefixlen - SITE_BITS if address.version == 6 else 0
    return int(address) >> shift != int(source) >> shift


def literal(host: str) -> IpAddress | None:
    """The address that a host is written as, in whatever way the library takes for one; None for a name."""
    try:
        return plain(ip_address(host.strip("[]")))
    except ValueError:
        pass
    if f".{host.lower().rstrip('.')}".endswith(THIS_MACHINE):
        return LOOPBACK
    try:
        return ip_address(socket.inet_aton(host)) if NUMBERS.fullmatch(host) else None
    except OSError:
        return None


def plain(address: IpAddress) -> IpAddress:
    """An address of version 4 that is written as one of version 6, as such."""
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


def _kind(address: IpAddress) -> str | None:
    """What it belongs to; None for an address of the whole Internet."""
    return next((kind for kind, networks in KINDS.items() if any(address in one for one in networks)), None)

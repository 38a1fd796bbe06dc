"""Where a request comes from: the address that connected, or what proxies that are trusted say of it."""

import ipaddress
from collections.abc import Callable, Sequence

from fastapi import Request

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
IPV6_PREFIX = 64
"""What one customer of a provider has: it counts as one address."""


def source_reader(trusted: Sequence[Network]) -> Callable[[Request], str]:
    """A function that tells a request's source, believing X-Forwarded-For only from `trusted` proxies."""

    def source(request: Request) -> str:
        peer = request.client.host if request.client else ""
        address = _address(peer)
        if address is None or not _is_within(address, trusted):
            return _shown(address) if address else peer
        # From the end: what stands before a trusted proxy's entry may be the client's own invention.
        for part in reversed(",".join(request.headers.getlist("x-forwarded-for")).split(",")):
            told = _address(part.strip())
            if told is None:
                break
            address = told
            if not _is_within(address, trusted):
                break
        return _shown(address)

    return source


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _shown(address: Address) -> str:
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))

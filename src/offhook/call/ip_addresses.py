"""IP addresses and networks as somebody wrote them. Pure.

Python takes anything at all that follows a `%` in an IPv6 address for its scope, line breaks and commas among it, and
writes it out again with the address. Whatever is read here says itself in hex digits, dots, colons and a slash.
"""

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def read_ip_address(text: str) -> Address:
    """An address, of version 6 without brackets. Raises ValueError."""
    _refuse_scope(text)
    return ipaddress.ip_address(text)


def read_ip_network(text: str, *, strict: bool = True) -> Network:
    """A network, or one address; with bits after its length only where it is not `strict`. Raises ValueError."""
    _refuse_scope(text)
    return ipaddress.ip_network(text, strict=strict)


def is_ip_address(text: str) -> bool:
    """Whether it is an address that `read_ip_address` takes."""
    try:
        read_ip_address(text)
    except ValueError:
        return False
    return True


def without_scopes(networks: Iterable[Network]) -> tuple[Network, ...]:
    """Those that have none: an address with one is that of a single wire, and tells who somebody is on no other."""
    return tuple(network for network in networks if "%" not in str(network))


def _refuse_scope(text: str) -> None:
    if "%" in text:
        raise ValueError(
            f"{text!r} has a scope (what follows %): write the address alone, one that is not link-local"
        )

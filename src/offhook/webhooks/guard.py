"""Keeps webhooks away from addresses that only look like the outside.

A URL is the customer's; the network in which it is followed is ours. So the host is resolved once, every address
it has is judged, and the connection goes to a judged address itself: what a name means a moment later does not
matter (DNS rebinding), nor does how an address is spelt, nor what a redirect says. TLS still checks the name.

An IPv4 address inside an IPv6 one is judged as what it leads to: IPv4-mapped and IPv4-compatible (RFC 4291),
6to4 (RFC 3056), NAT64 (RFC 6052). `ipaddress.is_global` takes most of these for public ones, hence the table.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from offhook.webhooks.own_ports import NOTHING, OwnPorts

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

METADATA = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",  # nearly all clouds
        "169.254.170.2",  # AWS: credentials of a task
        "169.254.170.23",  # AWS: credentials of a pod
        "168.63.129.16",  # Azure: host channel, on a public address
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
        "fd00:ec2::254",  # AWS
        "fd00:ec2::23",  # AWS: credentials of a pod
        "fd20:ce::254",  # Google
    )
)
"""Where clouds hand out a machine's own credentials."""

_REFUSED_V4 = tuple(
    (IPv4Network(network), rule)
    for network, rule in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_REFUSED_V6 = tuple(
    (IPv6Network(network), rule)
    for network, rule in (
        ("::1/128", "loopback"),
        ("::/128", "unspecified"),
        ("64:ff9b:1::/48", "local NAT64"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "documentation"),
        ("3fff::/20", "documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
"""The only part of IPv6 that is given out as public; the table above takes its exceptions away."""

_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPolicy:
    """Public addresses are fine, others only inside `allow`, cloud metadata and our own ports never."""

    allow: tuple[Network, ...] = ()
    """Networks of one's own that webhooks may reach, such as 127.0.0.0/8 on a developer's machine."""
    is_strict: bool = False
    """Whether no setting would allow more, because it is for accounts other than the operator's first."""
    own: OwnPorts = NOTHING

    def refusal(self, text: str, port: int) -> str | None:
        """Why `port` at the address `text` may not be reached, and what would allow it; None where it may."""
        address = ip_address(text)
        inner = unwrap(address)
        shown = str(address) if inner == address else f"{address} (which leads to {inner})"
        if inner in METADATA or address in METADATA:
            return f"{shown} is a cloud metadata address; no setting allows it"
        if (name := self.own.at(inner, port)) is not None:
            return f"port {port} of {shown} is {name} of this server itself; no setting allows it"
        if any(inner in network or address in network for network in self.allow):
            return None
        rule = _rule(inner)
        if rule is None:
            return None
        if self.is_strict:
            return (
                f"{shown} is a {rule} address, and this account may reach public ones only; "
                "OFFHOOK_WEBHOOK_ALLOW and OFFHOOK_DEV hold for the operator's first account"
            )
        allowing = f"OFFHOOK_WEBHOOK_ALLOW={ip_network(inner)}"
        if rule in ("loopback", "private"):
            allowing += ", or OFFHOOK_DEV=1 on a developer's machine,"
        return f"{shown} is a {rule} address; {allowing} would allow it"


def unwrap(address: Address) -> Address:
    """The IPv4 address that an IPv6 address leads to; any other address as it is."""
    if isinstance(address, IPv4Address):
        return address
    embedded = address.ipv4_mapped or address.sixtofour
    if embedded is not None:
        return embedded
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    # A zone (fe80::1%eth0) is no part of what is judged.
    return IPv6Address(int(address))


def _rule(address: Address) -> str | None:
    if isinstance(address, IPv4Address):
        return next((rule for network, rule in _REFUSED_V4 if address in network), None)
    named = next((rule for network, rule in _REFUSED_V6 if address in network), None)
    return named or (None if address in _GLOBAL_V6 else "reserved")


class AddressRefused(Exception):
    """No address of a host may be reached; the text says which, by what rule, and what would allow it."""


class HostUnknown(Exception):
    """A host name has no address."""


class ConnectFailed(Exception):
    """No permitted address of a host could be connected to; the cause says why."""


class ConnectLate(ConnectFailed):
    """None could be in time."""


Resolve = Callable[[str, int], Iterable[str]]
"""The addresses of a host; may block, and raises OSError or UnicodeError for one that has none."""


def resolve(host: str, port: int) -> tuple[str, ...]:
    """What the system's resolver says, in its order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(info[4][0]) for info in found))


class Guard:
    """Opens connections to addresses that the policy lets pass, and to no others."""

    def __init__(self, policy: AddressPolicy, resolve: Resolve = resolve) -> None:
        self._policy = policy
        self._resolve = resolve
        # Resolving may block for long; the threads that others count on are not spent on it.
        self._resolvers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")

    async def connect(self, host: str, port: int, within_s: float) -> socket.socket:
        """A connection to the first permitted address of `host` that answers; each has its share of the time.

        Raises AddressRefused, HostUnknown, ConnectLate and ConnectFailed.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_s
        try:
            async with asyncio.timeout_at(deadline):
                addresses = self._permitted(await self._addresses(host, port), port)
        except TimeoutError as error:
            raise ConnectLate(f"resolving {host} took too long") from error
        failure: ConnectFailed | None = None
        for tried, address in enumerate(addresses):
            share_s = (deadline - loop.time()) / (len(addresses) - tried)
            try:
                return await _connected(address, port, share_s)
            except ConnectFailed as error:
                failure = error
        assert failure is not None, "a host has at least one address"
        raise failure

    def close(self) -> None:
        """Let go of the resolving threads."""
        self._resolvers.shutdown(wait=False, cancel_futures=True)

    async def _addresses(self, host: str, port: int) -> tuple[str, ...]:
        if _is_address(host):
            return (host,)
        loop = asyncio.get_running_loop()
        try:
            return tuple(await loop.run_in_executor(self._resolvers, self._resolve, host, port))
        except (OSError, UnicodeError) as error:
            raise HostUnknown(f"the host {host} has no address ({error})") from error

    def _permitted(self, addresses: tuple[str, ...], port: int) -> tuple[str, ...]:
        refusals = {address: self._policy.refusal(address, port) for address in addresses}
        permitted = tuple(address for address, refusal in refusals.items() if refusal is None)
        if not permitted:
            raise AddressRefused("; ".join(refusal for refusal in refusals.values() if refusal))
        return permitted


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def _connected(address: str, port: int, within_s: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setblocking(False)
        async with asyncio.timeout(within_s):
            await asyncio.get_running_loop().sock_connect(sock, (address, port))
    except BaseException as error:
        sock.close()
        if isinstance(error, TimeoutError):
            raise ConnectLate(f"no connection to {address}") from error
        if isinstance(error, OSError):
            raise ConnectFailed(str(error)) from error
        raise
    return sock

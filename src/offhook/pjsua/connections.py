"""How many TCP and TLS connections others may have to us: the library holds so many handles and no more, calls need theirs, and
it keeps a connection on which nothing comes for ten minutes.

A connection of somebody who may call is counted in the total alone. Of anybody else a few are kept for each address, and each for
as long as requests come on it: a slow byte is none. Everything here runs on the owner thread.
"""

import ctypes
import socket
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

import structlog

from offhook.pjsua.c_library import OBJECT_NAME_BYTES, c_library
from offhook.pjsua.packet_filter import IpAddress

log = structlog.get_logger()

MOST_EACH = 64
"""Connections of one address that may not call, and of IPv6 of one site."""
SITE_BITS = 64
QUIET_S = 30.0
"""How long one of these may bring no request."""
PROVEN_QUIET_S = 3600.0
"""The same of one by which somebody has proven who he is: what belongs to his call comes by it."""
LOOK_EVERY_S = 1.0
SHARE = 0.5
"""Of the library's handles; calls have two each."""
REMOTE_AT, LOCAL_AT = 88, 148
"""In `pjsip_transport`: the addresses of both ends, in every build that there is."""
FAMILIES = {int(socket.AF_INET): (4, 4), int(socket.AF_INET6): (8, 16)}
"""Where in its structure an address begins, and how long it is."""
BY_CONNECTION = (b"tcp", b"tls")


@dataclass(slots=True)
class Held:
    """A connection."""

    address: IpAddress
    whose: object
    """What counts as one address."""
    heard_at: float
    """When its last request came; at first, when it was made."""
    is_proven: bool = False
    """Whether somebody has proven by it who he is."""


class Connections:
    """Those of one engine that others made."""

    def __init__(self, *, handles: int, ports: Callable[[], Collection[int]]) -> None:
        """`handles` is how many the library has; `ports` are those that it listens on."""
        self.most = int(handles * SHARE)
        """How many there may be in all."""
        self.most_each = min(MOST_EACH, self.most // 3)
        self._ports = ports
        self.may_call: Callable[[IpAddress], bool] = lambda _address: False
        """Whether an address is that of somebody who may call."""
        self.closed: Callable[[str, int], None] = lambda _address, _count: None
        """Hears how many of an address were closed."""
        self._held: dict[int, Held] = {}
        self._count_of: Counter[object] = Counter()
        self._too_many: dict[int, None] = {}
        self._look_at = 0.0
        self._has_complained = False

    def __len__(self) -> int:
        return len(self._held)

    @property
    def held(self) -> tuple["Held", ...]:
        """What is known of each."""
        return tuple(self._held.values())

    def begun(self, transport: int, at: float) -> None:
        """There is a connection, ours or another's, at this address of a `pjsip_transport`."""
        self.over(transport)  # whatever had this address before
        ends = self._ends(transport)
        if ends is None or ends[1] not in self._ports():
            return
        held = Held(ends[0], _whose(ends[0]), at)
        self._held[transport] = held
        self._count_of[held.whose] += 1
        is_stranger = not self.may_call(held.address)
        if is_stranger and self._count_of[held.whose] > self.most_each:
            self._too_many[transport] = None
        elif len(self._held) - len(self._too_many) > self.most:
            self._too_many[transport if is_stranger else self._quietest_stranger(transport)] = None

    def _quietest_stranger(self, newcomer: int) -> int:
        """Which one makes room for somebody who may call; the newcomer where there are no strangers."""
        strangers = (
            (held.heard_at, transport)
            for transport, held in self._held.items()
            if transport not in self._too_many and not held.is_proven and not self.may_call(held.address)
        )
        return min(strangers, default=(0.0, newcomer))[1]

    def over(self, transport: int) -> None:
        """It is gone, or about to be."""
        held = self._held.pop(transport, None)
        self._too_many.pop(transport, None)
        if held is not None:
            self._count_of[held.whose] -= 1
            if not self._count_of[held.whose]:
                del self._count_of[held.whose]

    def heard(self, transport: int, at: float) -> None:
        """A request that can be read came on it."""
        held = self._held.get(transport)
        if held is not None:
            held.heard_at = at

    def proven(self, transport: int) -> None:
        """By it came a call of somebody who may call, wherever he is."""
        held = self._held.get(transport)
        if held is not None:
            held.is_proven = True

    def look(self, at: float) -> None:
        """Close what is too much or too quiet; not inside of a callback."""
        doomed = list(self._too_many)
        if at >= self._look_at:
            self._look_at = at + LOOK_EVERY_S
            doomed += [
                transport
                for transport, held in self._held.items()
                if at - held.heard_at >= (PROVEN_QUIET_S if held.is_proven else QUIET_S)
                and not self.may_call(held.address)
            ]
        if not doomed:
            return
        counts: Counter[str] = Counter()
        for transport in dict.fromkeys(doomed):
            held = self._held[transport]
            counts[str(held.whose)] += 1
            self.over(transport)
            c_library().pjsip_transport_shutdown2(ctypes.c_void_p(transport), 1)
        for address, count in counts.items():
            self.closed(address, count)

    def _ends(self, transport: int) -> tuple[IpAddress, int] | None:
        """The other end's address, and our port; None where it is no connection."""
        if ctypes.string_at(transport, OBJECT_NAME_BYTES)[:3] not in BY_CONNECTION:
            return None
        remote = ctypes.string_at(transport + REMOTE_AT, 28)
        local = ctypes.string_at(transport + LOCAL_AT, 4)
        place = FAMILIES.get(int.from_bytes(remote[:2], "little"))
        if place is None or remote[:2] != local[:2]:
            if not self._has_complained:
                self._has_complained = True
                log.warning("pjsua.connections_not_counted", reason="this build lays them out in another way")
            return None
        begin, length = place
        address = ip_address(remote[begin : begin + length])
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return mapped or address, int.from_bytes(local[2:4], "big")


def _whose(address: IpAddress) -> object:
    return ip_network((address, SITE_BITS), strict=False) if isinstance(address, IPv6Address) else address

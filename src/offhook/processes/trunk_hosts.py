"""Whether a trunk's host has an address, asked before it is called: the SIP library would wait for DNS with everything
else standing still."""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable

from offhook.call.errors import OffhookError
from offhook.call.trunks import Way

PATIENCE_S = 2.0
"""How long DNS may take; a trunk that is known no sooner is passed over."""
KEEP_S, KEEP_FAULT_S = 5.0, 10.0
"""How long an answer holds, and how long that there is none."""


class HostUnknown(OffhookError):
    """A trunk's host has no address."""


class TrunkHosts:
    """Looks hosts up, each once at a time. Belongs to the event loop."""

    def __init__(
        self,
        *,
        is_left_to_others: bool = False,
        lookup: Callable[[str], object] = lambda host: socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`is_left_to_others`: a proxy in front looks up what it sends to. `lookup` may block; it raises OSError."""
        self._is_left_to_others = is_left_to_others
        self._lookup = lookup
        self._clock = clock
        self._known: dict[str, tuple[float, str | None]] = {}
        self._asking: dict[str, asyncio.Future[str | None]] = {}

    async def check(self, way: Way) -> None:
        """Raises HostUnknown for a way over a trunk whose host has no address."""
        if way.trunk is None or self._is_left_to_others:
            return
        host = way.next_hop[0] if way.next_hop is not None else way.trunk.host
        why = None if is_address(host) else await self._why_unknown(host)
        if why is not None:
            raise HostUnknown(f"its host {host} has no address ({why})")

    async def _why_unknown(self, host: str) -> str | None:
        known = self._known.get(host)
        if known is not None and self._clock() < known[0]:
            return known[1]
        asking = self._asking.get(host)
        if asking is None:
            asking = self._asking[host] = asyncio.ensure_future(asyncio.to_thread(self._ask, host))
            asking.add_done_callback(lambda _done: self._asking.pop(host, None))
        try:
            async with asyncio.timeout(PATIENCE_S):
                why = await asyncio.shield(asking)
        except TimeoutError:
            why = f"DNS did not answer within {PATIENCE_S:g} s"
        self._known[host] = (self._clock() + (KEEP_S if why is None else KEEP_FAULT_S), why)
        return why

    def _ask(self, host: str) -> str | None:
        try:
            self._lookup(host)
        except OSError as error:
            return error.strerror or str(error)
        except UnicodeError:
            return "it is no host name"
        return None


def is_address(host: str) -> bool:
    """Whether a host is an IP address, which nobody need look up."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

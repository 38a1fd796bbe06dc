"""Which hosts serve a trunk that is named without a port: DNS may say so (SRV records), and in which order."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from offhook.call.ip_addresses import is_ip_address
from offhook.call.trunks import SipTransport, Trunk, Way
from offhook.pjsua.sip_uris import target_of, transport_of
from offhook.processes.trunk_hosts import MOST_KEPT, PATIENCE_S
from offhook.trunking.srv import SERVICES, Target, ask_srv, in_domain, in_order, name_servers

log = structlog.get_logger()

LONGEST_S, NONE_S = 300.0, 60.0
"""How long an answer holds at most, and how long that there are no records."""
MOST_TARGETS = 4
"""Hosts of one trunk that one call tries."""
Hop = tuple[str, int]
AskSrv = Callable[[str, SipTransport], Awaitable[tuple[Target, ...]]]


async def ask_this_machines(host: str, transport: SipTransport) -> tuple[Target, ...]:
    """What the name servers of this machine say."""
    return await ask_srv(host, transport, name_servers())


class TrunkServices:
    """Asks DNS, and remembers. Belongs to the event loop."""

    def __init__(
        self,
        *,
        ask: AskSrv = ask_this_machines,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._known: dict[tuple[str, SipTransport], tuple[float, tuple[Target, ...]]] = {}
        self._told: set[str] = set()

    async def ways(self, ways: tuple[Way, ...]) -> tuple[Way, ...]:
        """The same ways, one for each host of a trunk that has several."""
        found = await asyncio.gather(*(self._of(way) for way in ways))
        return tuple(way for each in found for way in each)

    async def hops(self, trunk: Trunk) -> tuple[Hop | None, ...]:
        """The hosts and ports that serve a trunk, in order; one None where it is called as it is named."""
        return await self._hops(trunk.host, trunk.port, trunk.transport)

    async def first(self, way: Way) -> Way:
        """A way to a SIP URI with the host that serves it, where DNS names one."""
        target, transport = target_of(way.uri), transport_of(way.uri)
        if way.trunk is not None or target is None or transport not in SERVICES:
            return way
        return replace(way, next_hop=(await self._hops(*target, SipTransport(transport)))[0])

    async def _hops(self, host: str, port: int | None, transport: SipTransport) -> tuple[Hop | None, ...]:
        if port is not None or is_ip_address(host):
            return (None,)
        targets = await self._targets(host, transport)
        hops = [(target.host, target.port) for target in in_order(targets)]
        return tuple(hops[:MOST_TARGETS]) or (None,)

    async def _of(self, way: Way) -> tuple[Way, ...]:
        if way.trunk is None:
            return (way,)
        return tuple(replace(way, next_hop=hop) for hop in await self.hops(way.trunk))

    async def _targets(self, host: str, transport: SipTransport) -> tuple[Target, ...]:
        name = host, transport
        known = self._known.get(name)
        if known is not None and self._clock() < known[0]:
            return known[1]
        try:
            async with asyncio.timeout(PATIENCE_S):
                targets = await self._ask(*name)
        except TimeoutError:
            targets = known[1] if known is not None else ()
        if transport is SipTransport.TLS:
            targets = self._trusted(targets, host)
        keep_s = min(LONGEST_S, *(target.ttl_s for target in targets)) if targets else NONE_S
        self._known.pop(name, None)
        self._known[name] = (self._clock() + max(keep_s, 1.0), targets)
        if len(self._known) > MOST_KEPT:
            del self._known[next(iter(self._known))]
        return targets

    def _trusted(self, targets: tuple[Target, ...], host: str) -> tuple[Target, ...]:
        found = in_domain(targets, host.lower())
        if len(found) < len(targets) and host not in self._told and len(self._told) < MOST_KEPT:
            self._told.add(host)
            log.warning(
                "trunk.srv_not_followed",
                host=host,
                left_out=[target.host for target in targets if target not in found],
                reason="over TLS only hosts of the trunk's own domain are followed; name another one with its port as the "
                "trunk's host, where the carrier says so",
            )
        return found

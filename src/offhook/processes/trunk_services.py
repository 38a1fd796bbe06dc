"""Which hosts serve a trunk that is named without a port: DNS may say so (SRV records), and in which order."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from offhook.call.trunks import SipTransport, Trunk, Way
from offhook.processes.trunk_hosts import PATIENCE_S, is_address
from offhook.trunking.srv import Target, ask_srv, in_order, name_servers

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
        is_left_to_others: bool = False,
        ask: AskSrv = ask_this_machines,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`is_left_to_others`: a proxy in front looks for what it sends to."""
        self._is_left_to_others = is_left_to_others
        self._ask = ask
        self._clock = clock
        self._known: dict[tuple[str, SipTransport], tuple[float, tuple[Target, ...]]] = {}

    async def ways(self, ways: tuple[Way, ...]) -> tuple[Way, ...]:
        """The same ways, one for each host of a trunk that has several."""
        found = await asyncio.gather(*(self._of(way) for way in ways))
        return tuple(way for each in found for way in each)

    async def hops(self, trunk: Trunk) -> tuple[Hop | None, ...]:
        """The hosts and ports that serve a trunk, in order; one None where it is called as it is named."""
        if trunk.port is not None or self._is_left_to_others or is_address(trunk.host):
            return (None,)
        targets = await self._targets(trunk)
        hops = [(target.host, target.port) for target in in_order(targets)]
        return tuple(hops[:MOST_TARGETS]) or (None,)

    async def _of(self, way: Way) -> tuple[Way, ...]:
        if way.trunk is None:
            return (way,)
        return tuple(replace(way, next_hop=hop) for hop in await self.hops(way.trunk))

    async def _targets(self, trunk: Trunk) -> tuple[Target, ...]:
        name = trunk.host, trunk.transport
        known = self._known.get(name)
        if known is not None and self._clock() < known[0]:
            return known[1]
        try:
            async with asyncio.timeout(PATIENCE_S):
                targets = await self._ask(*name)
        except TimeoutError:
            targets = known[1] if known is not None else ()
        keep_s = min(LONGEST_S, *(target.ttl_s for target in targets)) if targets else NONE_S
        self._known[name] = (self._clock() + max(keep_s, 1.0), targets)
        return targets

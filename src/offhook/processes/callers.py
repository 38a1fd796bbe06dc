"""Who may call: whoever comes from OFFHOOK_SIP_ALLOW or from a trunk's addresses. Nobody is known by what a header says."""

import ipaddress
import time
from collections.abc import Callable

import structlog

from offhook.config import Network
from offhook.processes.trunk_book import TrunkBook

log = structlog.get_logger()

MOST_KNOWN = 4096
"""Addresses of which it is remembered whether they may call."""
LINE_EVERY_S = 60.0
"""How often a log line is written about one address that is refused."""
MOST_LINES = 10
"""Lines in that time about all of them together; how many were left out stands in the next."""


class Callers:
    """Judges where an INVITE came from. All but `forget` runs on the SIP engine's thread."""

    def __init__(
        self,
        allowed: tuple[Network, ...],
        trunks: TrunkBook,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allowed = allowed
        self._trunks = trunks
        self._known: dict[str, bool] = {}
        self._lines = RefusalLines(clock)
        trunks.on_change(self.forget)

    def may_call(self, source: str) -> bool:
        """Whether calls from `address:port` are taken; it is logged, now and then, where they are not."""
        address = host_of(source)
        remembered = self._known  # what is found out while the trunks change is forgotten with it
        known = remembered.get(address)
        if known is None:
            known = _is_within(address, self._allowed) or self._trunks.trunk_of(address) is not None
            if len(remembered) >= MOST_KNOWN:
                remembered.clear()
            remembered[address] = known
        if not known:
            self._lines.refused(address, source)
        return known

    def forget(self) -> None:
        """The trunks were changed."""
        self._known = {}


class RefusalLines:
    """Log lines about those who are refused: one a minute for an address, ten a minute for all."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began_at = clock()
        self._told: set[str] = set()
        self._left_out = 0

    def refused(self, address: str, source: str) -> None:
        """A call was refused once more."""
        now = self._clock()
        if now - self._began_at >= LINE_EVERY_S:
            self._began_at = now
            self._told.clear()
        if address in self._told or len(self._told) >= MOST_LINES:
            self._left_out += 1
            return
        self._told.add(address)
        left_out, self._left_out = self._left_out, 0
        log.warning(
            "call.source_refused",
            source=source,
            setting="OFFHOOK_SIP_ALLOW, or `offhook trunk add --inbound`",
            refused_without_a_line=left_out,
        )


def host_of(source: str) -> str:
    """The address in `address:port`."""
    return source.rpartition(":")[0].strip("[]")


def _is_within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return any((mapped or parsed) in network for network in networks)

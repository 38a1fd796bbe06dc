"""Who may call: whoever comes from OFFHOOK_SIP_ALLOW or from a trunk's addresses, and clients (`client_door.py`). Nobody is known by what a
header says, but for what proves a password."""

import ipaddress
import time
from collections.abc import Callable

import structlog

from offhook.call.ip_addresses import Network
from offhook.processes.few_lines import FewLines
from offhook.processes.trunk_book import TrunkBook

log = structlog.get_logger()

MOST_KNOWN = 4096
"""Addresses of which it is remembered whether they may call."""


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
        self._lines = FewLines(clock)
        trunks.on_change(self.forget)

    def may_call(self, source: str) -> bool:
        """Whether calls from `address:port` are taken; it is logged, now and then, where they are not."""
        address = host_of(source)
        known = self.is_caller(address)
        if not known:
            self._tell(address, source)
        return known

    def is_caller(self, address: str) -> bool:
        """Whether calls from an address are taken."""
        remembered = self._known  # what is found out while the trunks change is forgotten with it
        known = remembered.get(address)
        if known is None:
            known = _is_within(address, self._allowed) or self._trunks.trunk_of(address) is not None
            if len(remembered) >= MOST_KNOWN:
                remembered.clear()
            remembered[address] = known
        return known

    def forget(self) -> None:
        """The trunks were changed."""
        self._known = {}

    def _tell(self, address: str, source: str) -> None:
        left_out = self._lines.left_out(address)
        if left_out is not None:
            log.warning(
                "call.source_refused",
                source=source,
                setting="OFFHOOK_SIP_ALLOW, `offhook trunk add --inbound`, or a client",
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

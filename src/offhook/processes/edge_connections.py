"""Has Kamailio close the TCP connections of strangers that are too many, or on which nothing came that counts."""

import ipaddress
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable

import structlog

from offhook.call.ip_addresses import Address, Network
from offhook.edge.connections import Connection, IdleConnections, connections_to
from offhook.edge.rpc import KamailioRpc, RpcFailed
from offhook.processes.few_lines import FewLines

LOOK_EVERY_S = 0.4
MOST_A_TURN = 2000
"""How many are closed in one turn; the next one sees to the rest."""
CLOSING, FLOWS = "closing", "flows"
TRANSPORTS = "tcp", "tls"
COUNTED = "connections"
NO_SUCH_KEY = "Key name doesn't exist"

log = structlog.get_logger()


class EdgeConnections:
    """One turn after another, each on whatever thread, never two at once."""

    def __init__(
        self,
        rpc: KamailioRpc,
        *,
        ports: Collection[int],
        allowed: tuple[Network, ...],
        of_trunks: Callable[[], Iterable[Network]],
        on_counted: Callable[[str, int], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`allowed` and `of_trunks` may have as many as they like; `on_counted` hears how many were closed."""
        self._rpc = rpc
        self._ports = frozenset(ports)
        self._allowed = allowed
        self._of_trunks = of_trunks
        self._on_counted = on_counted
        self._trusted: tuple[Network, ...] = ()
        self._idle = IdleConnections(is_trusted=self._is_trusted, has_proven=self._has_proven)
        self._clock = clock
        self._lines = FewLines(clock)
        self._look_at = 0.0

    def turn(self) -> None:
        """Look, and close. Blocks; raises RpcFailed."""
        now = self._clock()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY_S
        self._trusted = (*self._allowed, *self._of_trunks())
        closed = self._idle.to_close(connections_to(self._ports), now)[:MOST_A_TURN]
        for each in closed:
            self._rpc.call("htable.sets", CLOSING, str(each), "1")
        if closed:
            self._on_counted(COUNTED, len(closed))
            self._tell(closed)

    def _tell(self, closed: Collection[Connection]) -> None:
        for whose, count in Counter(each.whose for each in closed).most_common():
            left_out = self._lines.left_out(whose)
            if left_out is not None:
                log.warning(
                    "edge.connections_closed",
                    address=str(whose),
                    closed=count,
                    reason="they are too many, or nothing came on them that shows who it is",
                    without_a_line=left_out,
                )

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)

    def _has_proven(self, connection: Connection) -> bool:
        """Whether a phone has proven itself on it: Kamailio knows that by where it comes from."""
        host = f"[{connection.address}]" if isinstance(connection.address, ipaddress.IPv6Address) else ""
        for transport in TRANSPORTS:
            for written in dict.fromkeys((str(connection.address), host or str(connection.address))):
                try:
                    self._rpc.call("htable.get", FLOWS, f"{transport}:{written}:{connection.port}")
                except RpcFailed as failure:
                    if NO_SUCH_KEY not in str(failure):
                        raise
                else:
                    return True
        return False

"""Brings Kamailio's idea of the workers in line with their leases, over JSON-RPC."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from offhook.call.rows import WorkerRow
from offhook.edge.rpc import KamailioRpc, RpcFailed
from offhook.edge.udp_ports import udp_ports_taken
from offhook.edge.workers_list import (
    SET,
    Destination,
    Listed,
    destinations,
    list_text,
    needs_new_list,
    read_listing,
    state_changes,
    with_gone,
)

BELIEVED_S = 60.0
"""How long an address is still a worker's after nobody was seen there: one that died comes back there, and may call at once."""
NOTHING_LISTED = "No Destination Sets"


class Informer:
    """Compares what Kamailio thinks with what it should, each time anew, so that nothing said is lost for long."""

    def __init__(
        self,
        rpc: KamailioRpc,
        *,
        list_file: Path,
        new_calls_per_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`new_calls_per_s` is what one worker takes."""
        self._rpc = rpc
        self._clock = clock
        self._seen_at: dict[str, float] = {}
        self._list_file = list_file
        self._new_calls_per_s = new_calls_per_s
        self._told_new_calls_per_s: int | None = None

    def tell(self, workers: Iterable[WorkerRow]) -> int:
        """Tell Kamailio what changed; how many workers hold a lease. Blocks; raises RpcFailed and OSError."""
        leased, listed = destinations(workers), self._listed()
        self._see(leased, listed)
        wanted = with_gone(leased, listed, self._seen_at.__contains__)
        if needs_new_list(wanted, listed):
            self._list_file.write_text(
                list_text(wanted, (each.uri for each in listed if each.is_dead)), "utf-8"
            )
            self._rpc.call("dispatcher.reload")
            listed = self._listed()
        for state, uri in state_changes(wanted, listed):
            self._rpc.call("dispatcher.set_state", state, SET, uri)
        self._limit(len(leased))
        return len(leased)

    def _see(self, leased: Iterable[Destination], listed: Iterable[Listed]) -> None:
        """Keep in mind where workers are, or were a moment ago: with a lease, or without one where somebody takes SIP."""
        now, with_lease = self._clock(), {each.uri for each in leased}
        seen_at = dict.fromkeys(with_lease, now)
        if without := {each.uri for each in listed} - with_lease:
            taken = udp_ports_taken()  # of this machine, where all workers behind Kamailio are
            for uri in without:
                is_taken = taken is None or int(uri.rpartition(":")[2]) in taken
                at = now if is_taken else self._seen_at.get(uri, now)
                if now - at < BELIEVED_S:
                    seen_at[uri] = at
        self._seen_at = seen_at

    def _listed(self) -> tuple[Listed, ...]:
        try:
            return read_listing(self._rpc.call("dispatcher.list"))
        except RpcFailed as failure:
            if NOTHING_LISTED in str(failure):
                return ()
            raise

    def _limit(self, workers: int) -> None:
        limit = max(1, round(self._new_calls_per_s * workers))
        if limit != self._told_new_calls_per_s:
            self._rpc.call("cfg.set_now_int", "offhook", "new_calls_per_s", limit)
            self._told_new_calls_per_s = limit

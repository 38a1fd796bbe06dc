"""Brings Kamailio's idea of the workers in line with their leases, over JSON-RPC."""

from collections.abc import Iterable
from pathlib import Path

from offhook.call.rows import WorkerRow
from offhook.edge.rpc import KamailioRpc, RpcFailed
from offhook.edge.workers_list import (
    SET,
    Listed,
    destinations,
    list_text,
    needs_new_list,
    read_listing,
    state_changes,
    with_gone,
)

NOTHING_LISTED = "No Destination Sets"


class Informer:
    """Compares what Kamailio thinks with what it should, each time anew, so that nothing said is lost for long."""

    def __init__(self, rpc: KamailioRpc, *, list_file: Path, new_calls_per_s: float) -> None:
        """`new_calls_per_s` is what one worker takes."""
        self._rpc = rpc
        self._list_file = list_file
        self._new_calls_per_s = new_calls_per_s
        self._told_new_calls_per_s: int | None = None

    def tell(self, workers: Iterable[WorkerRow]) -> int:
        """Tell Kamailio what changed; how many workers hold a lease. Blocks; raises RpcFailed and OSError."""
        leased, listed = destinations(workers), self._listed()
        wanted = with_gone(leased, listed)
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

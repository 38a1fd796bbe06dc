"""What Kamailio knows of calls, told on to us and told anew to one that was started again. Over JSON-RPC."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from offhook.edge.rpc import KamailioRpc, RpcFailed

CALLS, KNOWN, EDGE, QUEUE = "calls", "known", "edge", "calls"
IS_TOLD = "calls"
"""Once this is there, a call that Kamailio does not know is none of ours."""
MOST_A_TURN = 2000
EMPTY = "Empty queue"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCall:
    """A call, as Kamailio has it."""

    name: str
    """Made of its Call-ID and the tag of its far side."""
    call_id: str
    """Made of its Call-ID alone."""
    far_side: str
    """Who may speak in it: a login, or nothing, and addresses, with a / between them."""
    until: float
    """When it is forgotten, by the clock."""


class CallsBook:
    """Tells and asks. Its methods block, and raise RpcFailed."""

    def __init__(self, rpc: KamailioRpc, clock: Callable[[], float] = time.monotonic) -> None:
        """The clock is one that all processes of this machine share."""
        self._rpc = rpc
        self._clock = clock

    def tell(self, calls: Iterable[KnownCall]) -> None:
        """These are all that there were when Kamailio ended."""
        for call in calls:
            seconds = round(call.until - self._clock())
            if seconds > 0:
                self._rpc.call("htable.setxs", CALLS, call.name, call.far_side, seconds)
                self._rpc.call("htable.setxi", KNOWN, call.call_id, 1, seconds)
        self._rpc.call("htable.seti", EDGE, IS_TOLD, 1)

    def changed(self) -> list[KnownCall]:
        """Calls that began, went on, or are about to be forgotten since the last time; of one call, the last is so."""
        found: list[KnownCall] = []
        try:
            while len(found) < MOST_A_TURN:
                found.append(self._read(self._rpc.call("mqueue.fetch", QUEUE)))
        except RpcFailed as failure:
            # What was fetched is nowhere else any more; that Kamailio does not answer is found in the next turn.
            if EMPTY not in str(failure) and not found:
                raise
        return found

    def _read(self, told: Any) -> KnownCall:
        seconds, call_id, far_side = str(told["val"]).split(" ", 2)
        return KnownCall(
            name=str(told["key"]), call_id=call_id, far_side=far_side, until=self._clock() + int(seconds)
        )

"""Finds calls in which one side is not heard: nothing comes from the far end, or nothing any more, while both said that they send.

Pure: it is told the counters and the time, about once a second. What is no fault is left alone: a far end that holds the call or
said that it would not send, a call of a few seconds, and a far end that sends nothing while it says nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

NOTHING_AFTER_S = 5.0
"""How long after the answer nothing may have come."""
STOPPED_AFTER_S = 10.0
"""How long an audio that was there may be away."""
STEADY_LOOKS = 5
"""After so many looks in which as much came as ever, a far end is known to send all the time."""
LEAST_PACKETS = 100
"""So many have to have come before it is said of them that none could be used."""
SPARSE = 0.5
"""Which part of the usual number of packets is too few for a far end that sends all the time."""


class OneWay(StrEnum):
    """What is wrong."""

    NOTHING_CAME = "nothing_came"
    STOPPED = "stopped"
    UNREADABLE = "unreadable"
    """Packets come, and none of them is what was agreed on."""


@dataclass(frozen=True, slots=True)
class Flow:
    """How many packets there were, as the library counts them; a renegotiated stream counts anew."""

    received: int = 0
    sent: int = 0
    is_usable: bool = True
    """Whether any that came was of the kind that was agreed on."""


class OneWayWatch:
    """One answered call. Times are seconds on one monotonic clock."""

    def __init__(self, at: float) -> None:
        self._told = False
        self._begin(Flow(), at)

    def looked(self, flow: Flow, *, is_two_way: bool, at: float) -> OneWay | None:
        """What is wrong, once for each call; `is_two_way` is whether both sides said that they would send."""
        if self._told:
            return None
        if not is_two_way or flow.received < self._last.received or flow.sent < self._last.sent:
            self._begin(flow, at)
            return None
        self._learn(flow, at)
        found = self._judge(flow, at)
        self._told = found is not None
        return found

    def _begin(self, flow: Flow, at: float) -> None:
        """From now on it counts, as with a call that was answered now."""
        self._first = self._last = flow
        self._since = self._looked_at = self._quiet_since = at
        self._usual_per_s = 0.0
        self._steady_looks = 0
        self._was_sparse = self._has_gaps = False

    def _learn(self, flow: Flow, at: float) -> None:
        """How the far end sends: all the time, or only while somebody speaks."""
        passed_s, came = at - self._looked_at, flow.received - self._last.received
        if passed_s <= 0:
            return
        per_s = came / passed_s
        is_sparse = per_s < SPARSE * self._usual_per_s
        if came and not is_sparse:
            self._has_gaps = self._has_gaps or self._was_sparse
            self._steady_looks += 1
        self._was_sparse = is_sparse
        self._usual_per_s = max(self._usual_per_s, per_s)
        if came:
            self._quiet_since = at
        self._looked_at, self._last = at, flow

    def _judge(self, flow: Flow, at: float) -> OneWay | None:
        received = flow.received - self._first.received
        if at - self._since < NOTHING_AFTER_S:
            return None
        if received == 0:
            return OneWay.NOTHING_CAME
        if received >= LEAST_PACKETS and not flow.is_usable:
            return OneWay.UNREADABLE
        is_steady = self._steady_looks >= STEADY_LOOKS and not self._has_gaps
        is_away = at - self._quiet_since >= STOPPED_AFTER_S
        return OneWay.STOPPED if is_steady and is_away else None

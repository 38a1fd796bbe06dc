"""Two gates that keep a flood from harming the library: how fast calls are taken in, how many sockets linger.

Pure: they are told the time.
"""

from collections import deque

HANDLES_PER_CALL = 2
"""RTP and RTCP."""
LINGER_S = 0.6
"""PJSIP keeps a closed socket's handle for 0.5 s (PJ_IOQUEUE_KEY_FREE_DELAY)."""
BURST_CALLS = 4.0
"""What may come at once, at least."""
BURST_S = 0.1
"""How long calls may come at once for, on top of the rate."""


class RateGate:
    """Lets `per_s` calls a second through, after a burst of a few. A call that must wait keeps its slot, so
    that PJSUA itself refuses what comes on top of it, which costs no socket."""

    def __init__(self, per_s: float, *, at: float) -> None:
        self._per_s = per_s
        self._most = max(BURST_CALLS, per_s * BURST_S)
        self._tokens = self._most
        self._filled_at = at

    def passes(self, at: float) -> bool:
        """Whether one more call may pass now; it has passed if so."""
        self._tokens = min(self._most, self._tokens + (at - self._filled_at) * self._per_s)
        self._filled_at = at
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


class LingerGate:
    """Counts the sockets of recent calls and says how long to leave the library alone.

    While it is not polled, packets wait in the kernel's buffer, running audio goes on, and closed sockets
    are let go; so no pattern of INVITE and CANCEL can use up the handles.
    """

    def __init__(self, *, handles: int) -> None:
        # Half of the table: one poll may still take in as many calls as there are packets in its batch.
        self._most_recent_calls = handles // (2 * HANDLES_PER_CALL) - 2
        self._arrivals: deque[float] = deque()

    def arrived(self, at: float) -> None:
        """A call took its sockets."""
        self._arrivals.append(at)

    def rest_s(self, at: float) -> float:
        """Seconds to wait before the next poll; 0 almost always."""
        while self._arrivals and self._arrivals[0] <= at - LINGER_S:
            self._arrivals.popleft()
        if len(self._arrivals) < self._most_recent_calls:
            return 0.0
        return self._arrivals[0] + LINGER_S - at

"""Growing delays after failed logins: for a name from an address, and, later, for the address.

Whoever waits is told how long, and nothing that they send is looked at meanwhile. The same name from elsewhere
never waits for them, and who signed in from an address lately waits only for their own failures.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

FREE_FOR_NAME, FREE_FOR_ADDRESS = 5, 20
"""Failures that cost nothing: people mistype, and an office is one address."""
LONGEST_DELAY_S = 60.0
FORGET_AFTER_S = 900.0
"""Quiet for so long, and all is forgotten."""
KNOWN_FOR_S = 3600.0
MOST_KEPT = 20_000
"""Of each kind, the longest quiet are forgotten first."""

Pair = tuple[str, str]
Key = TypeVar("Key")


@dataclass(slots=True)
class _Failures:
    count: int
    last_at: float
    wait_until: float


class LoginDelays:
    """Counts failures in this process, in bounded memory. Safe to use from many threads."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._of_pair: OrderedDict[Pair, _Failures] = OrderedDict()
        self._of_address: OrderedDict[str, _Failures] = OrderedDict()
        self._known: OrderedDict[Pair, float] = OrderedDict()

    def wait_s(self, address: str, name: str) -> float:
        """How long `name` has to wait at `address` before the next try; 0 for not at all."""
        if not self._of_address:  # nobody failed lately
            return 0.0
        now, pair = self._clock(), (address, name)
        with self._lock:
            own = _left(self._of_pair.get(pair), now)
            if now - self._known.get(pair, -KNOWN_FOR_S) < KNOWN_FOR_S:
                return own
            return max(own, _left(self._of_address.get(address), now))

    def failed(self, address: str, name: str) -> None:
        """A try was wrong."""
        now = self._clock()
        with self._lock:
            _count(self._of_pair, (address, name), FREE_FOR_NAME, now)
            _count(self._of_address, address, FREE_FOR_ADDRESS, now)

    def succeeded(self, address: str, name: str) -> None:
        """A try was right. The address's failures stay: who has one account must not try out others."""
        pair, now = (address, name), self._clock()
        known_at = self._known.get(pair)
        if known_at is not None and now - known_at < KNOWN_FOR_S / 2 and pair not in self._of_pair:
            return
        with self._lock:
            self._of_pair.pop(pair, None)
            self._known[pair] = now
            self._known.move_to_end(pair)
            while len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)


def _left(failures: _Failures | None, now: float) -> float:
    return max(0.0, failures.wait_until - now) if failures else 0.0


def _count(kept: OrderedDict[Key, _Failures], key: Key, free: int, now: float) -> None:
    """One more failure; forgets those that were quiet for long, and the quietest where there are too many."""
    failures = kept.pop(key, None)
    if failures is None or now - failures.last_at > FORGET_AFTER_S:
        failures = _Failures(0, now, now)
    failures.count, failures.last_at = failures.count + 1, now
    if failures.count >= free:
        failures.wait_until = now + min(LONGEST_DELAY_S, 2.0 ** min(failures.count - free, 10))
    kept[key] = failures
    while kept:
        oldest = next(iter(kept))
        if len(kept) <= MOST_KEPT and now - kept[oldest].last_at <= FORGET_AFTER_S:
            return
        del kept[oldest]

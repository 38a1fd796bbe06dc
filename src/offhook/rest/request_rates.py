"""Requests a second for each account that has a limit: a bucket that fills as fast as the account may ask."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from offhook.call.rows import AccountLimits

LIMITS_FOR_S = 3.0
"""How long limits are remembered."""
MOST_KEPT = 20_000


class RequestRates:
    """Holds accounts to their rates, in this process. `find_limits` may block. Safe to use from many threads."""

    def __init__(
        self,
        find_limits: Callable[[str], AccountLimits],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find_limits = find_limits
        self._clock = clock
        self._lock = threading.Lock()
        self._rates: OrderedDict[str, tuple[float, float | None]] = OrderedDict()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, account_sid: str) -> float:
        """Counts a request: 0 where it may be answered, else how long until one may. Raises RecordsAway."""
        now = self._clock()
        rate = self._rate(account_sid, now)
        if rate is None:
            return 0.0
        most = max(1.0, rate)  # a second's worth may come at once
        with self._lock:
            tokens, filled_at = self._buckets.pop(account_sid, (most, now))
            tokens = min(most, tokens + (now - filled_at) * rate)
            is_allowed = tokens >= 1.0
            self._buckets[account_sid] = (tokens - 1.0 if is_allowed else tokens, now)
            if len(self._buckets) > MOST_KEPT:
                self._buckets.popitem(last=False)
        return 0.0 if is_allowed else (1.0 - tokens) / rate

    def _rate(self, account_sid: str, now: float) -> float | None:
        known = self._rates.get(account_sid)
        if known is not None and now < known[0]:
            return known[1]
        rate = self._find_limits(account_sid).requests_per_s
        with self._lock:
            self._rates[account_sid] = (now + LIMITS_FOR_S, rate)
            if len(self._rates) > MOST_KEPT:
                self._rates.popitem(last=False)
        return rate

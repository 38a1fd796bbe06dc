"""Circuit breakers: a URL that only fails is left alone, but for one attempt each half minute. Pure; times are given.

A breaker opens after FAILURES failures in a row. While it is open, whatever asks is told how long to wait. Every
PROBE_S seconds one may go: the probe. When it arrives the breaker is closed and forgotten; when it fails, all wait
for the next. Those that wait come back one after the other, later the longer it lasts; only the first that asked
comes back in time to be the next probe. So a URL that is dead for a day costs next to nothing, however many wait.
"""

from dataclasses import dataclass

FAILURES = 10
"""So many in a row open a breaker."""
PROBE_S = 30.0
LONGEST_WAIT_S = 960.0
MOST_URLS = 4096
"""Breakers of URLs that fail; beyond, the one that was made first is forgotten."""

UrlKey = tuple[str, str]
"""An account and one of its URLs, without the query: two accounts never share a breaker."""


def url_key(account_sid: str, url: str) -> UrlKey:
    """What the breaker of a URL goes by."""
    return account_sid, url.partition("#")[0].partition("?")[0]


@dataclass(slots=True)
class _Breaker:
    failures: int = 0
    probe_at: float = 0.0
    """When the next one may go, while it is open."""
    has_next_probe: bool = False
    """Whether somebody comes back at that time."""
    failed_probes: int = 0


class Breakers:
    """The breakers of all URLs that fail. All times are seconds of one clock that never goes back."""

    def __init__(self) -> None:
        self._breakers: dict[UrlKey, _Breaker] = {}

    def wait_s(self, key: UrlKey, now: float) -> float:
        """How long one for this URL has to wait; 0.0 where it may go now."""
        breaker = self._breakers.get(key)
        if breaker is None or breaker.failures < FAILURES:
            return 0.0
        if now >= breaker.probe_at:
            breaker.probe_at = now + PROBE_S
            breaker.has_next_probe = False
            return 0.0
        until_probe_s = breaker.probe_at - now
        if not breaker.has_next_probe:
            breaker.has_next_probe = True
            return until_probe_s
        return until_probe_s + min(PROBE_S * 2.0**breaker.failed_probes, LONGEST_WAIT_S)

    def failed(self, key: UrlKey, now: float) -> bool:
        """One that went did not arrive; returns whether this opened the breaker."""
        breaker = self._breakers.get(key)
        if breaker is None:
            if len(self._breakers) >= MOST_URLS:
                del self._breakers[next(iter(self._breakers))]
            breaker = self._breakers[key] = _Breaker()
        breaker.failures += 1
        if breaker.failures == FAILURES:
            breaker.probe_at = now + PROBE_S
            return True
        if breaker.failures > FAILURES:
            # A probe, or one that was on its way when the breaker opened.
            breaker.failed_probes = min(breaker.failed_probes + 1, 16)
        return False

    def answered(self, key: UrlKey) -> bool:
        """One that went reached the application; returns whether this closed an open breaker."""
        breaker = self._breakers.pop(key, None)
        return breaker is not None and breaker.failures >= FAILURES

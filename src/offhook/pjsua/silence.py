"""Finds calls whose far end is gone: it sent no audio packets and no reports about ours for too long.

Pure: it is told the counters and the time. Only what comes in counts; that we send nothing is no sign of anything.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceLimits:
    """How long nothing may come, in seconds; 0 waits for ever."""

    talking_s: float = 0.0
    on_hold_s: float = 0.0
    """While the call is on hold: the far end said that it would send nothing."""


NO_LIMITS = SilenceLimits()


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came in so far, as the library counts it; a renegotiated stream counts anew."""

    packets: int = 0
    """RTP packets."""
    reports: int = 0
    """RTCP reports."""


class SilenceWatch:
    """One answered call. Times are seconds on one monotonic clock."""

    def __init__(self, limits: SilenceLimits, at: float) -> None:
        self._limits = limits
        self._arrived = Arrived()
        self._is_on_hold = False
        self._quiet_since = at

    def overdue_s(self, arrived: Arrived, *, is_on_hold: bool, at: float) -> float | None:
        """How long nothing came, once that is longer than it may be; None while all is well."""
        if arrived != self._arrived or is_on_hold != self._is_on_hold:
            self._arrived, self._is_on_hold, self._quiet_since = arrived, is_on_hold, at
            return None
        limit_s = self._limits.on_hold_s if is_on_hold else self._limits.talking_s
        quiet_s = at - self._quiet_since
        return quiet_s if limit_s and quiet_s >= limit_s else None

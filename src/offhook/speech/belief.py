"""When an ear believes that somebody speaks: it judges piece by piece and is sometimes wrong, so one piece is not enough."""

from collections import deque

PAUSE_S = 0.5
"""A voice after a longer silence does not last: it begins again."""


class Belief:
    """What an ear makes of its verdicts on one caller. All ears have this face, and `hear`."""

    def __init__(self, *, step_s: float, window: int, least: int, run: int) -> None:
        """`step_s`: how long a piece is. Speech begins when `least` of the last `window` pieces are voiced, and goes on
        while runs of at least `run` arrive."""
        self._step_s = step_s
        self._least = least
        self._least_run = run
        self._window: deque[bool] = deque(maxlen=window)
        self._run = 0
        self._began_at: float | None = None
        self._last_voiced_at: float | None = None
        self._voiced_s = self._lasting_s = 0.0

    @property
    def began_at(self) -> float | None:
        """When speech was first believed; None before."""
        return self._began_at

    @property
    def last_voiced_at(self) -> float | None:
        """When the last voiced piece of speech arrived; None before speech began."""
        return self._last_voiced_at

    @property
    def voiced_s(self) -> float:
        """Seconds of voiced pieces since speech began."""
        return self._voiced_s

    @property
    def lasting_s(self) -> float:
        """Seconds of them since the last longer pause."""
        return self._lasting_s

    def take(self, voiced: bool, at: float) -> bool:
        """The verdict on the next piece, which ended at `at`; True where speech begins with it."""
        self._window.append(voiced)
        self._run = self._run + 1 if voiced else 0
        if self._began_at is None:
            if sum(self._window) < self._least:
                return False
            self._began_at = self._last_voiced_at = at
            self._voiced_s = self._lasting_s = self._least * self._step_s
            return True
        if self._run >= self._least_run:
            self._count(at)
        return False

    def forget(self) -> None:
        """Wait for speech anew; what was heard was none."""
        self._began_at = self._last_voiced_at = None
        self._voiced_s = self._lasting_s = 0.0
        self._window.clear()

    def _count(self, at: float) -> None:
        assert self._last_voiced_at is not None
        if at - self._last_voiced_at > PAUSE_S:
            self._lasting_s = 0.0
        self._last_voiced_at = at
        self._voiced_s += self._step_s
        self._lasting_s += self._step_s

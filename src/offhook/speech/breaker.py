"""A circuit breaker: who failed again and again is left alone for a while, and then tried with one utterance.

    CLOSED ──three failures in a row──► OPEN ──rest over, one asks──► TRYING ──good──► CLOSED
                                          ▲                              │
                                          └──────────── failed ──────────┘

Pure: told the time, it starts no timer.
"""

from enum import Enum, auto

MOST_FAILURES = 3
"""In a row."""
REST_S = 30.0


class State(Enum):
    """Where a breaker stands."""

    CLOSED = auto()
    """Everybody may use it."""
    OPEN = auto()
    """It rests."""
    TRYING = auto()
    """One utterance finds out whether it is well again."""


class Breaker:
    """That of one vendor, for all calls of a process. Times are seconds of one monotonic clock."""

    def __init__(self, *, most_failures: int = MOST_FAILURES, rest_s: float = REST_S) -> None:
        self._most_failures = most_failures
        self._rest_s = rest_s
        self._state = State.CLOSED
        self._failures = 0
        self._rests_until = 0.0

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._state

    def would_admit(self, now: float) -> bool:
        """Whether it would let somebody in now; changes nothing."""
        return self._state is State.CLOSED or (self._state is State.OPEN and now >= self._rests_until)

    def admits(self, now: float) -> bool:
        """Whether to use the vendor now. Who is let in tells how it went: `succeeded`, `failed` or `let_go`."""
        if not self.would_admit(now):
            return False
        if self._state is State.OPEN:
            self._state = State.TRYING
        return True

    def why(self, now: float) -> str:
        """Why it does not admit, for people."""
        rests_s = max(0.0, self._rests_until - now)
        soon = f"in {rests_s:.0f} s" if self._state is State.OPEN else "just now"
        return f"passed over, for it failed {self._failures} times in a row; it is tried again {soon}"

    def succeeded(self) -> None:
        """It did what it should."""
        self._state, self._failures = State.CLOSED, 0

    def failed(self, now: float) -> None:
        """It did not."""
        self._failures += 1
        if self._state is State.TRYING or self._failures >= self._most_failures:
            self._state, self._rests_until = State.OPEN, now + self._rest_s

    def let_go(self) -> None:
        """The utterance told nothing of it: where it was the one that tries, another may at once."""
        if self._state is State.TRYING:
            self._state = State.OPEN

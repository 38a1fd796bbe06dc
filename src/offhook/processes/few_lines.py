"""Log lines about what others can bring about at will: few, however often it happens."""

import time
from collections.abc import Callable, Hashable

LINE_EVERY_S = 60.0
"""How often a line is written about the same."""
MOST_LINES = 10
"""Lines in that time about all together."""


class FewLines:
    """Decides whether a line is written. For one thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, most: int = MOST_LINES) -> None:
        self._clock = clock
        self._most = most
        self._began_at = clock()
        self._told: set[Hashable] = set()
        self._left_out = 0

    def leave_out(self) -> None:
        """Something happened that no line is written about."""
        self._left_out += 1

    def left_out(self, what: Hashable) -> int | None:
        """Something happened: how many lines were left out since the last one, where one is to be written now; None where
        not."""
        now = self._clock()
        if now - self._began_at >= LINE_EVERY_S:
            self._began_at = now
            self._told.clear()
        if what in self._told or len(self._told) >= self._most:
            self._left_out += 1
            return None
        self._told.add(what)
        left_out, self._left_out = self._left_out, 0
        return left_out

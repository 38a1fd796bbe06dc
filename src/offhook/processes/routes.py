"""Whose a called number is: looked up once, and remembered for a moment."""

import asyncio
import time
from collections.abc import Callable

from offhook.call.rows import NumberRow

KEEP_S = 1.0
"""How long an answer holds. Changes over REST are told at once; this is for a worker that could not be told."""
MOST_KEPT = 10_000


class Routes:
    """Finds numbers. Everything runs on the event loop; `find` may block."""

    def __init__(
        self,
        find: Callable[[str], NumberRow | None],
        *,
        is_quick: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`is_quick`: a look-up takes less than to change threads."""
        self._find = find
        self._is_quick = is_quick
        self._clock = clock
        self._known: dict[str, tuple[float, NumberRow | None]] = {}
        self._changes = 0

    async def find(self, called: str) -> NumberRow | None:
        """The number that a call to `called` is for. Raises what the database does."""
        known = self._known.get(called)
        if known is not None and self._clock() < known[0]:
            return known[1]
        changes, asked_at = self._changes, self._clock()
        number = self._find(called) if self._is_quick else await asyncio.to_thread(self._find, called)
        if changes == self._changes:  # else the answer may be from before the change
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[called] = (asked_at + KEEP_S, number)
        return number

    def forget(self) -> None:
        """Some number was changed."""
        self._changes += 1
        self._known.clear()

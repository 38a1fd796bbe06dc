"""Whose a called number is: looked up once, and remembered for a moment; while the database is away, for longer."""

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import datetime

import structlog

from offhook.call.errors import RecordsAway
from offhook.call.rows import NumberRow
from offhook.records.numbers import other_spelling, stands_for

KEEP_S = 1.0
"""How long an answer holds. Changes over REST are told at once; this is for a worker that could not be told."""
MOST_KEPT = 10_000
COPY_EVERY_S = 30.0
"""How often the whole table is copied, for the time when it cannot be asked."""
MOST_COPIED = 50_000
"""Numbers in the copy; about a kilobyte each."""

log = structlog.get_logger()


class Routes:
    """Finds numbers. Everything runs on the event loop; `find` and `copy` may block."""

    def __init__(
        self,
        find: Callable[[str], NumberRow | None],
        *,
        is_quick: bool,
        copy: Callable[[int], Iterable[NumberRow]] = lambda _most: (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`is_quick`: a look-up takes less than to change threads. `copy` gives so many of all numbers."""
        self._find = find
        self._is_quick = is_quick
        self._copy = copy
        self._clock = clock
        self._known: dict[str, tuple[float, NumberRow | None]] = {}
        self._table: dict[str, NumberRow] = {}
        self._changes = 0

    async def find(self, called: str) -> NumberRow | None:
        """The number that a call to `called` is for; as it was last known, where the database is away."""
        known = self._known.get(called)
        if known is not None and self._clock() < known[0]:
            return known[1]
        changes, asked_at = self._changes, self._clock()
        try:
            number = self._find(called) if self._is_quick else await asyncio.to_thread(self._find, called)
        except RecordsAway:
            number = self._in_copy(called)
            log.warning("call.routed_from_memory", called=called, is_known=number is not None)
            return number
        if changes == self._changes:  # else the answer may be from before the change
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[called] = (asked_at + KEEP_S, number)
            if number is not None:
                self._table[number.phone_number] = number
        return number

    def _in_copy(self, called: str) -> NumberRow | None:
        """The same order as in the table itself: the very same, the other spelling, the longest pattern."""
        number = self._table.get(called) or self._table.get(other_spelling(called))
        if number is not None:
            return number
        patterns = (number for number in self._table.values() if number.is_pattern)
        return next(
            (n for n in sorted(patterns, key=_longest_first) if stands_for(n.phone_number, called)), None
        )

    def forget(self) -> None:
        """Some number was changed."""
        self._changes += 1
        self._known.clear()

    async def keep_copied(self) -> None:
        """Copy the table now and every so often, until cancelled."""
        while True:
            await self.copy_now()
            await asyncio.sleep(COPY_EVERY_S)

    async def copy_now(self) -> None:
        """Copy the table; where the database is away, the copy stays as it is."""
        changes = self._changes
        try:
            numbers = await asyncio.to_thread(self._copy, MOST_COPIED)
        except RecordsAway:
            return
        if changes == self._changes:
            self._table = {number.phone_number: number for number in numbers}


def _longest_first(number: NumberRow) -> tuple[int, datetime, str]:
    return -len(number.phone_number), number.date_created, number.sid

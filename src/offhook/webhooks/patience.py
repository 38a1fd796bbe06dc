"""How long an exchange may take: one timer, which first waits for the head of an answer and then for all of it."""

import asyncio


class Patience:
    """The time left for one exchange. `timer` is that of the block in which it runs."""

    def __init__(self, timer: asyncio.Timeout, *, head_s: float, total_s: float) -> None:
        """`head_s`: for the head of each answer, redirects being answers; `total_s`: for everything."""
        self._timer = timer
        self._loop = asyncio.get_running_loop()
        self._head_s = head_s
        self._total_s = total_s
        self._end = self._loop.time() + total_s
        self._awaits_head = False

    def for_a_head(self) -> None:
        """A request goes out now."""
        head_due = self._loop.time() + self._head_s
        self._awaits_head = head_due < self._end
        self._timer.reschedule(min(head_due, self._end))

    def for_the_rest(self) -> None:
        """The head is here."""
        self._awaits_head = False
        self._timer.reschedule(self._end)

    @property
    def lost(self) -> str:
        """What did not come in time, for the customer."""
        if self._awaits_head:
            return f"no answer within {self._head_s:g} s"
        return f"the answer was not complete within {self._total_s:g} s"

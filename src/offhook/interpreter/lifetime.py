"""How long a call may be: one block around its course, which ends when the call rings or talks for too long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from offhook.call.errors import OffhookError


class Outlived(OffhookError):
    """The call took longer than it may; the text is its reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBounds:
    """How long a call may ring and talk, in seconds; 0 sets no bound."""

    ring_s: float = 0.0
    """From the first ring of a call that came in."""
    talk_s: float = 0.0
    """From the answer."""


UNBOUNDED = CallBounds()


class Lifetime:
    """One call's clock against its bounds. Times are seconds on the event loop's clock."""

    def __init__(self, bounds: CallBounds) -> None:
        self._bounds = bounds
        self._limit: asyncio.Timeout | None = None
        self._reason = ""
        self._moment: float | None = None

    def rings(self, at: float) -> None:
        """The call rings here since `at`."""
        self._end_after(
            self._bounds.ring_s,
            at,
            "max_ring: no verb answered the call for {:g} s, the most that it may ring",
        )

    def talks(self, at: float) -> None:
        """The call was answered at `at`."""
        self._end_after(
            self._bounds.talk_s, at, "max_duration: the call lasted {:g} s, the most that it may last"
        )

    @asynccontextmanager
    async def bounded(self) -> AsyncIterator[None]:
        """A block that ends with `Outlived` when the time is up."""
        try:
            async with asyncio.timeout_at(self._moment) as limit:
                self._limit = limit
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            raise Outlived(self._reason) from None

    def _end_after(self, seconds: float, at: float, reason: str) -> None:
        self._moment = at + seconds if seconds else None
        self._reason = reason.format(seconds)
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(self._moment)

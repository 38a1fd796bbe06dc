"""Notices a verb that waits for something that does not come: a sound that never ends, an answer that never is.

Whoever waits inside a verb says for what and until when (`StallWatch.until`); the verb as a whole stands in one block
(`StallWatch.over`), which ends it at the earliest of these moments. So a verb's own tasks and blocks are cancelled like
on any other occasion, and the error arrives plain.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from offhook.call.errors import OffhookError
from offhook.call.exchange import without_credentials

MARGIN_S = 10.0
"""How much longer than it should something may take."""
STANDS_STILL_S = 30.0
"""How long a sound that grows may do so no more, beyond what there is to hear, until its making is given up."""
PREPARE_S = 60.0
"""How long a sound may take to be fetched or spoken. Fetching has limits of its own, far below."""
ANSWER_S = 40.0
"""How long an answered call may be without audio: a caller whose SDP comes with the ACK has 32 s for it (RFC 3261)."""
WITHOUT_AUDIO = "the call was answered, and no audio could flow"
SHOWN = 120
"""How much of a text or URL is shown."""


class VerbStalled(OffhookError):
    """What a verb waited for did not come; the text is the call's reason."""


@dataclass(eq=False, slots=True)
class _Wait:
    until: float
    what: str


class StallWatch:
    """What one call's verb waits for. Times are seconds on the event loop's clock."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waits: list[_Wait] = []
        self._limit: asyncio.Timeout | None = None
        self._next: _Wait | None = None

    @property
    def overdue(self) -> str:
        """What did not come, once the verb is being ended for it; empty until then."""
        if self._limit is None or self._next is None or not self._limit.expired():
            return ""
        return self._next.what

    @asynccontextmanager
    async def over(self, verb_name: str) -> AsyncIterator[None]:
        """A block that ends with `VerbStalled` once something that is waited for in it is overdue."""
        try:
            async with asyncio.timeout(None) as limit:
                self._limit = limit
                yield
        except TimeoutError:
            if not limit.expired() or self._next is None:
                raise
            raise VerbStalled(f"verb_stalled: {verb_name}: {self._next.what}") from None
        finally:
            self._limit = None

    @contextmanager
    def until(self, moment: float, what: str) -> Iterator[None]:
        """A block that must be left by `moment`. `what` says what did not happen if it is not."""
        with self._waiting(_Wait(moment, what)):
            yield

    @contextmanager
    def _waiting(self, wait: _Wait) -> Iterator[None]:
        self._waits.append(wait)
        self._reschedule()
        try:
            yield
        finally:
            self._waits.remove(wait)
            self._reschedule()

    @contextmanager
    def within(self, seconds: float, what: str) -> Iterator[Callable[[float], None]]:
        """A block that must be left in `seconds`; ` within … s` is added to `what`. What it yields puts that off, to so
        many seconds from then on; it is never sooner than before."""
        wait = _Wait(self._loop.time() + seconds, f"{what} within {seconds:g} s")

        def put_off(seconds: float) -> None:
            wait.until = max(wait.until, self._loop.time() + seconds)
            self._reschedule()

        with self._waiting(wait):
            yield put_off

    def _reschedule(self) -> None:
        limit = self._limit
        if limit is None or limit.expired():  # what is overdue stays what it was while the blocks are left
            return
        self._next = min(self._waits, key=lambda wait: wait.until, default=None)
        limit.reschedule(self._next.until if self._next is not None else None)


def shown(label: str) -> str:
    """A sound's text or URL, short and without credentials."""
    label = without_credentials(label)
    return label if len(label) <= SHOWN else f"{label[:SHOWN]}…"

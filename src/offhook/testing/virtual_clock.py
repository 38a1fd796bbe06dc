"""A clock that does not wait: when every task is idle, time jumps to the next timer.

A call of an hour takes milliseconds, and every run takes the same course. A test in which nothing can ever
happen again fails at once with `Deadlock` instead of hanging.
"""

import asyncio
import selectors
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

EventList = list[tuple[selectors.SelectorKey, int]]


class Deadlock(RuntimeError):
    """Every task waits, and no timer is armed that could wake one."""


class VirtualClockLoop(asyncio.SelectorEventLoop):
    """An event loop whose time starts at 0.0 and moves only by jumps between timers.

    With pytest-asyncio: return `{"virtual": VirtualClockLoop}` from `pytest_asyncio_loop_factories`.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._holds = 0
        super().__init__(JumpingSelector(self))

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        self._now += seconds

    @property
    def is_held(self) -> bool:
        """Whether the clock stands still."""
        return self._holds > 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """A block in which the clock stands still, because something outside of the loop is at work."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1


class JumpingSelector(selectors.SelectSelector):
    """Looks for real events without waiting; jumps the clock where there are none."""

    def __init__(self, loop: VirtualClockLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> EventList:
        """Real events if there are any, else none and the clock has moved by `timeout`."""
        if self._loop.is_held:
            return super().select(timeout)
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise Deadlock("every task waits and no timer is armed")
        self._loop.advance(timeout)
        return []


def run_virtually(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a virtual clock. Raises Deadlock, and whatever the coroutine raises."""
    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        return runner.run(coroutine)

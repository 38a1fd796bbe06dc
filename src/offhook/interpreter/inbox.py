"""What happens to a call, gathered in one place with the time of each event."""

import asyncio
from collections import deque

from offhook.interpreter.gather_events import Event
from offhook.speech.recogniser import Partial


class Inbox:
    """Takes events from anywhere on the loop; one task waits for them."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: deque[tuple[float, Event]] = deque()
        self._arrived = asyncio.Event()

    def put(self, event: Event) -> None:
        """Add an event that happens now. A partial takes the place of one that waits at the end."""
        if isinstance(event, Partial) and self._events and isinstance(self._events[-1][1], Partial):
            self._events.pop()
        self._events.append((self._loop.time(), event))
        self._arrived.set()

    async def take(self, *, until: float | None) -> tuple[tuple[float, Event], ...]:
        """All events so far, waiting for the first; empty when `until` passes without one."""
        if not self._events:
            try:
                async with asyncio.timeout_at(until):
                    await self._arrived.wait()
            except TimeoutError:
                pass
        return self.take_now()

    def take_now(self) -> tuple[tuple[float, Event], ...]:
        """All events so far."""
        taken = tuple(self._events)
        self._events.clear()
        self._arrived.clear()
        return taken

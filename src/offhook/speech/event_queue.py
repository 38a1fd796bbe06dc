"""Speech events on their way from whoever hears to whoever listens.

A partial replaces the partial before it, so of several that nobody has taken yet only the newest is of use. An engine that
tells thousands of them fills no memory, and takes no time from the call.
"""

import asyncio
from collections import deque

from offhook.speech.recogniser import Partial, SpeechEvent


class EventQueue:
    """Keeps the order, and all but partials that a newer one follows at once. For one who takes."""

    def __init__(self) -> None:
        self._events: deque[SpeechEvent] = deque()
        self._arrived = asyncio.Event()

    def put(self, event: SpeechEvent) -> None:
        """Add an event; a partial takes the place of one that waits at the end."""
        if isinstance(event, Partial) and self._events and isinstance(self._events[-1], Partial):
            self._events[-1] = event
        else:
            self._events.append(event)
        self._arrived.set()

    async def take(self) -> SpeechEvent:
        """The next event, once there is one. Nothing is lost when this is cancelled."""
        while not self._events:
            self._arrived.clear()
            await self._arrived.wait()
        return self._events.popleft()

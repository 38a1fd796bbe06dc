"""What waits to be sent on a stream: so much and no more, for an application that does not read would be sent the past."""

import asyncio
from collections import deque
from collections.abc import Callable

from offhook.interpreter.stream_ports import Message, StreamBroke, StreamLine

MOST_WAITING = 500
"""Messages: ten seconds of one track."""
LEVELS = (0.3, 0.6, 0.9)
"""How full it is each time that somebody is told."""


class StreamOutbox:
    """One connection's. `put` returns at once, `run` sends."""

    def __init__(
        self, line: StreamLine, *, filling: Callable[[], None], most_waiting: int = MOST_WAITING
    ) -> None:
        """`filling` is told at each level, once until all was sent."""
        self._line = line
        self._filling = filling
        self._most_waiting = most_waiting
        self._waiting: deque[Message] = deque()
        self._there_is_some = asyncio.Event()
        self._levels_told = 0
        self._overflow: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def put(self, message: Message | None) -> None:
        """Send this, too; None is nothing."""
        if message is None or self._overflow.done():
            return
        if len(self._waiting) >= self._most_waiting:
            self._overflow.set_result(None)
            return
        self._waiting.append(message)
        self._there_is_some.set()
        while self._levels_told < len(LEVELS):
            if len(self._waiting) < LEVELS[self._levels_told] * self._most_waiting:
                return
            self._levels_told += 1
            self._filling()

    async def run(self) -> None:
        """Send, until cancelled. Raises StreamBroke, also where too much waits."""
        sending = asyncio.create_task(self._send(), name="stream sends")
        try:
            await asyncio.wait((sending, self._overflow), return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            sending.cancel()
            await asyncio.wait((sending,))
        raise StreamBroke("the application is too slow to take what it is sent")

    async def _send(self) -> None:
        while True:
            await self._there_is_some.wait()
            while self._waiting:
                await self._line.send(self._waiting.popleft())
            self._there_is_some.clear()
            self._levels_told = 0

"""One connection to an application: bytes out, answers in, and a word when it breaks.

A protocol on a transport costs an exchange one wake-up: the whole answer usually comes in one read, and nothing stands
between that and the one who waits for it.
"""

import asyncio
from typing import cast

from offhook.webhooks.http1 import Answer, ProtocolViolated

MOST_UNTAKEN_BYTES = 262_144
"""How much of a body may wait to be taken before the other side has to."""

Origin = tuple[str, str, int]


class ConnectionBroke(Exception):
    """The connection ended in the middle of an exchange, and not by its rules."""


class Wire(asyncio.Protocol):
    """A connection, for one exchange at a time: `ask`, then `piece` until it is empty.

    Cancelling either leaves the connection in the middle of something; all that can be done then is `close`.
    """

    def __init__(self, origin: Origin) -> None:
        """`origin`: to whom it leads."""
        self.origin = origin
        self.is_open = False
        self.has_heard = False
        """Whether anything came since the last request."""
        self.answer = Answer()
        self._is_idle = True
        self._is_paused = False
        self._failure: Exception | None = None
        self._transport: asyncio.Transport
        self._waiter: asyncio.Future[None] | None = None

    @property
    def can_go_on(self) -> bool:
        """Whether the exchange is over and another may follow."""
        return self.is_open and self.answer.is_whole and self.answer.lets_go_on

    async def ask(self, request: bytes) -> Answer:
        """Send a request; the answer, once its head is there. Raises ProtocolViolated, ConnectionBroke."""
        if not self.is_open:
            raise ConnectionBroke("it is closed")
        self.answer = answer = Answer()
        self.has_heard = self._is_idle = False
        self._transport.write(request)
        while not answer.has_head:
            await self._something_new()
        return answer

    async def piece(self) -> bytes:
        """What has come of the body, at least a byte; empty at its end. Raises ProtocolViolated, ConnectionBroke."""
        answer = self.answer
        while not answer.untaken_bytes:
            if answer.is_whole:
                return b""
            await self._something_new()
        piece = answer.take()
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()
        return piece

    def rest(self) -> None:
        """The exchange is over: from here on nothing is expected."""
        self._is_idle = True

    def close(self) -> None:
        """End the connection at once."""
        self.is_open = False
        self._transport.abort()

    async def _something_new(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # Called by the transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Some of the answer, or what nobody asked for."""
        self.has_heard = True
        answer = self.answer
        if self._is_idle or answer.is_whole:
            self.close()
            return
        try:
            answer.feed(data)
        except ProtocolViolated as error:
            self._failure = error
            self.close()
        else:
            if answer.untaken_bytes > MOST_UNTAKEN_BYTES and not self._is_paused:
                self._is_paused = True
                self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """The other side says no more."""
        self._over(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        self._over(exc)

    def _over(self, error: Exception | None) -> None:
        if not self.is_open:
            return
        self.is_open = False
        if not self._is_idle and not self.answer.is_whole:
            try:
                if error is not None:
                    raise ConnectionBroke(str(error) or type(error).__name__) from error
                self.answer.end()
            except (ConnectionBroke, ProtocolViolated) as failure:
                self._failure = failure
        self._wake()

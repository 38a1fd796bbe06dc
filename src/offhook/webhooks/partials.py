"""Partial transcripts on their way to the application: in order, one at a time, and never in the call's way.

What is understood so far is soon out of date. So it is kept in memory only, the oldest is dropped when the
application cannot keep up, and an answer means nothing.
"""

import asyncio
from collections import deque
from types import TracebackType
from typing import Self

import structlog

from offhook.call.errors import FetchFailed
from offhook.call.exchange import without_credentials
from offhook.verbs import Request
from offhook.webhooks.sender import Sender

MOST_WAITING = 64
DRAIN_S = 2.0

log = structlog.get_logger()


class PartialQueue:
    """One call's partial results. Fills `interpreter.ports.Partials`; used as a block around the call."""

    def __init__(self, sender: Sender, *, most_waiting: int = MOST_WAITING, drain_s: float = DRAIN_S) -> None:
        """`drain_s`: how long the end of the block waits for what is still to be sent."""
        self._sender = sender
        self._most_waiting = most_waiting
        self._drain_s = drain_s
        self._waiting: deque[Request] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._is_open = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many requests were never sent."""
        return self._dropped

    def send(self, request: Request) -> None:
        """Queue one request. Never blocks; outside of the block it is dropped."""
        if not self._is_open:
            self._dropped += 1
            return
        if len(self._waiting) == self._most_waiting:
            self._waiting.popleft()
            self._dropped += 1
        self._waiting.append(request)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_all(), name="partials")

    async def __aenter__(self) -> Self:
        self._is_open = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._is_open = False
        sending = self._sending
        if sending is None:
            return
        is_cancelled = kind is not None and issubclass(kind, asyncio.CancelledError)
        try:
            await asyncio.wait((sending,), timeout=0.0 if is_cancelled else self._drain_s)
        finally:
            if not sending.done():
                self._dropped += len(self._waiting) + 1
                sending.cancel()
                await asyncio.wait((sending,))
        if self._dropped:
            log.warning("partials.dropped", count=self._dropped)
        if not sending.cancelled():
            sending.result()

    async def _send_all(self) -> None:
        while self._waiting:
            await self._send_one(self._waiting.popleft())

    async def _send_one(self, request: Request) -> None:
        try:
            reply = await self._sender.send(request)
        except FetchFailed as failed:
            log.warning("partial.failed", code=failed.code, why=failed.message)
            return
        if not 200 <= reply.status < 300:
            url = without_credentials(request.target.url)
            log.warning("partial.refused", url=url, status=reply.status)

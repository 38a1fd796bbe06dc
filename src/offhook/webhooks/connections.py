"""Connections to applications: opened when needed, kept for a while when idle, and used again.

Taking one costs the same however many are kept, which a pool that looks at all of its connections for each
request cannot say. Which of two cases it was, a new connection or a kept one, is known here too, and matters when
the other side closes without a word.
"""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpcore2

from offhook.webhooks.guard import Guard
from offhook.webhooks.url import WebhookUrl

KEEP_S = 4.0
"""How long an idle connection is kept; common servers close theirs after 5 seconds."""
MOST_KEPT = 100
MOST_HEAD_BYTES = 131_072
"""What may arrive before an answer's body: its head, and interim answers (1xx), which could be endless."""

Origin = tuple[str, str, int]


class AnswerLate(Exception):
    """The head of an answer did not come in time."""


class _MeteredStream(httpcore2.AsyncNetworkStream):
    """A stream that gives out so many bytes, until told otherwise."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self.left: int | None = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._stream.read(max_bytes, timeout)
        if self.left is not None:
            self.left -= len(data)
            if self.left < 0:
                raise httpcore2.RemoteProtocolError("The head of the answer does not end.")
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


@dataclass(frozen=True, slots=True, eq=False)
class _Connection:
    """One connection, its way to the network, and to whom it leads."""

    origin: Origin
    stream: _MeteredStream
    http: httpcore2.AsyncHTTP11Connection

    async def begin(self, message: httpcore2.Request) -> httpcore2.Response:
        """Send a request; the head of its answer."""
        self.stream.left = MOST_HEAD_BYTES
        response = await self.http.handle_async_request(message)
        self.stream.left = None
        return response


class Connections:
    """All connections of one client."""

    def __init__(self, guard: Guard, tls: ssl.SSLContext, *, connect_s: float) -> None:
        """`connect_s`: how long opening may take; TLS as long again."""
        self._guard = guard
        self._tls = tls
        self._tls.set_alpn_protocols(["http/1.1"])
        self._connect_s = connect_s
        self._kept: OrderedDict[_Connection, None] = OrderedDict()
        """Idle connections, the longest idle first."""
        self._by_origin: dict[Origin, list[_Connection]] = {}

    @asynccontextmanager
    async def ask(
        self, url: WebhookUrl, message: httpcore2.Request, *, within_s: float
    ) -> AsyncIterator[httpcore2.Response]:
        """A block in which the answer's body can be read. Its head must come within `within_s` seconds.

        A connection whose answer was read to its end is kept, any other is closed. Raises AnswerLate, what
        `Guard.connect` does, and httpcore2's errors.
        """
        try:
            async with asyncio.timeout(within_s):
                connection, response = await self._begin(url, message)
        except TimeoutError as error:
            raise AnswerLate(f"no answer within {within_s:g} s") from error
        try:
            yield response
        finally:
            await response.aclose()
            if connection.http.is_idle():
                self._keep(connection)
        await self._let_go()

    async def close(self) -> None:
        """Close what is kept."""
        while self._kept:
            await self._drop_oldest()

    async def _begin(
        self, url: WebhookUrl, message: httpcore2.Request
    ) -> tuple[_Connection, httpcore2.Response]:
        kept = await self._take(url.origin)
        if kept is not None:
            try:
                return kept, await kept.begin(message)
            except (httpcore2.ReadError, httpcore2.RemoteProtocolError):
                # The other side was closing it just now, so the request met nobody: once more, on a new one.
                pass
        connection = await self._open(url)
        return connection, await connection.begin(message)

    async def _open(self, url: WebhookUrl) -> _Connection:
        stream = await self._guard.connect(url.host, url.port, self._connect_s)
        if url.scheme == "https":
            tcp = stream
            try:
                stream = await tcp.start_tls(self._tls, url.host, self._connect_s)
            except BaseException:
                await tcp.aclose()
                raise
        metered = _MeteredStream(stream)
        http = httpcore2.AsyncHTTP11Connection(url.wire(()).origin, metered, keepalive_expiry=KEEP_S)
        return _Connection(url.origin, metered, http)

    async def _take(self, origin: Origin) -> _Connection | None:
        """The connection to `origin` that was in use last, if it is still good."""
        while (idle := self._by_origin.get(origin)) is not None:
            connection = idle.pop()
            del self._kept[connection]
            if not idle:
                del self._by_origin[origin]
            if not connection.http.has_expired():
                return connection
            await connection.http.aclose()
        return None

    def _keep(self, connection: _Connection) -> None:
        self._kept[connection] = None
        self._by_origin.setdefault(connection.origin, []).append(connection)

    async def _let_go(self) -> None:
        """Close what is idle for too long, or too much."""
        while self._kept:
            oldest = next(iter(self._kept))
            if len(self._kept) <= MOST_KEPT and not oldest.http.has_expired():
                return
            await self._drop_oldest()

    async def _drop_oldest(self) -> None:
        connection, _ = self._kept.popitem(last=False)
        idle = self._by_origin[connection.origin]
        idle.remove(connection)
        if not idle:
            del self._by_origin[connection.origin]
        await connection.http.aclose()

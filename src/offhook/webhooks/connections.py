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
from functools import partial

from offhook.webhooks.guard import ConnectFailed, ConnectLate, Guard
from offhook.webhooks.http1 import ProtocolViolated
from offhook.webhooks.url import WebhookUrl
from offhook.webhooks.wire import ConnectionBroke, Origin, Wire

KEEP_S = 4.0
"""How long an idle connection is kept; common servers close theirs after 5 seconds."""
MOST_KEPT = 100


class Connections:
    """All connections of one client."""

    def __init__(self, guard: Guard, tls: ssl.SSLContext) -> None:
        self._guard = guard
        self._tls = tls
        self._tls.set_alpn_protocols(["http/1.1"])
        self._kept: OrderedDict[Wire, float] = OrderedDict()
        """Idle connections and until when they are good, the longest idle first."""
        self._by_origin: dict[Origin, list[Wire]] = {}

    @asynccontextmanager
    async def ask(self, url: WebhookUrl, request: bytes, *, connect_s: float) -> AsyncIterator[Wire]:
        """A block in which the head of the answer to `request` is there, and its body can be read. `connect_s`: how long
        opening a connection may take; TLS as long again.

        A connection whose answer came to its end is kept, any other is closed. Raises what `Guard.connect` and
        `Wire.ask` do.
        """
        wire = await self._asked(url, request, connect_s)
        try:
            yield wire
        finally:
            if wire.can_go_on:
                self._keep(wire)
            else:
                wire.close()
            self._let_go()

    async def close(self) -> None:
        """Close what is kept."""
        while self._kept:
            self._drop_oldest()
        # A transport is closed once the loop has come round.
        await asyncio.sleep(0)

    async def _asked(self, url: WebhookUrl, request: bytes, connect_s: float) -> Wire:
        wire = self._take(url.origin)
        if wire is not None:
            try:
                return await _begun(wire, request)
            except (ConnectionBroke, ProtocolViolated):
                if wire.has_heard:
                    raise
                # The other side was closing it just now, so the request met nobody: once more, on a new one.
        return await _begun(await self._open(url, connect_s), request)

    async def _open(self, url: WebhookUrl, connect_s: float) -> Wire:
        sock = await self._guard.connect(url.host, url.port, connect_s)
        loop, make = asyncio.get_running_loop(), partial(Wire, url.origin)
        try:
            if url.scheme == "http":
                return (await loop.create_connection(make, sock=sock))[1]
            async with asyncio.timeout(connect_s):
                opened = await loop.create_connection(
                    make, sock=sock, ssl=self._tls, server_hostname=url.host
                )
                return opened[1]
        except BaseException as error:
            sock.close()
            if isinstance(error, TimeoutError):
                raise ConnectLate("the TLS handshake took too long") from error
            if isinstance(error, OSError):
                raise ConnectFailed(str(error)) from error
            raise

    def _take(self, origin: Origin) -> Wire | None:
        """The connection to `origin` that was in use last, if it is still good."""
        now = asyncio.get_running_loop().time()
        while (idle := self._by_origin.get(origin)) is not None:
            wire = idle.pop()
            good_until = self._kept.pop(wire)
            if not idle:
                del self._by_origin[origin]
            if wire.is_open and now < good_until:
                return wire
            wire.close()
        return None

    def _keep(self, wire: Wire) -> None:
        wire.rest()
        self._kept[wire] = asyncio.get_running_loop().time() + KEEP_S
        self._by_origin.setdefault(wire.origin, []).append(wire)

    def _let_go(self) -> None:
        """Close what is idle for too long, or too much."""
        now = asyncio.get_running_loop().time()
        while self._kept:
            good_until = next(iter(self._kept.values()))
            if len(self._kept) <= MOST_KEPT and now < good_until:
                return
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        wire, _ = self._kept.popitem(last=False)
        idle = self._by_origin[wire.origin]
        idle.remove(wire)
        if not idle:
            del self._by_origin[wire.origin]
        wire.close()


async def _begun(wire: Wire, request: bytes) -> Wire:
    """`wire` with the head of an answer; closed where none comes."""
    try:
        await wire.ask(request)
    except BaseException:
        wire.close()
        raise
    return wire

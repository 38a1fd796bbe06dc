"""Lines to applications over WebSocket: the way there is guarded as that of every webhook, and what comes is bounded.

The connection goes to an address that was judged (`guard`), redirects are not followed, and the request for it is signed as
the application's other requests are. Who sends more than is taken waits: nothing is read from them meanwhile.
"""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from picows import (
    WSCloseCode,
    WSError,
    WSFrame,
    WSInvalidStatusError,
    WSListener,
    WSMsgType,
    WSParsedURL,
    WSTransport,
    ws_connect,
)

from offhook.call.exchange import without_credentials
from offhook.call.signing import Pairs
from offhook.interpreter.stream_ports import Message, StreamBroke
from offhook.webhooks.guard import AddressRefused, ConnectFailed, ConnectLate, Guard, HostUnknown
from offhook.webhooks.url import UrlInvalid, WebhookUrl, parse_url

OPEN_S = 5.0
"""How long a connection may take: name and TCP; TLS and WebSocket as long again."""
GIVE_UP_S = 1.0
"""How long a connection that came too late may take to be over."""
MOST_MESSAGE_BYTES = 2_000_000
"""A minute and a half of sound at 8 kHz, as text. Longer ones would hold other calls up while they are read."""
MOST_UNREAD = 64
"""Messages that have come and are not taken yet; from then on nothing is read."""
RECEIVED_BYTES = 65_536
"""What the system keeps of what an application sends: all of that is parsed at once, and other calls wait meanwhile. It
bounds what comes in a round trip, too, which is many times what can be heard."""
SENT_BYTES = 65_536
"""What the system keeps of what an application does not read, a second or two: what waits on top of it is counted."""
MOST_AT_ONCE = 16
"""Messages that are taken one after another before others get their turn."""
UNSENT_BYTES = 65_536
"""What may wait for an application that does not read, besides what the system buffers."""
READ_BUFFER_BYTES = 4096
GOOD_CLOSES = (1000, 1001, 1005)
"""Done, going away, and no code at all (RFC 6455)."""
LASTING = range(400, 500)
MAY_PASS = (408, 425, 429)
"""Statuses of those after which another try may go well."""
SCHEMES = {"ws": "http", "wss": "https"}


class Line(WSListener):
    """Fills `stream_ports.StreamLine`."""

    def __init__(self) -> None:
        self._transport: WSTransport | None = None
        self._unread: deque[Message] = deque()
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._pieces: bytearray | None = None
        self._is_text = False
        self._is_over = False
        self._code: int | None = None
        self._fault = ""

    async def send(self, message: Message) -> None:
        """Send, once there is room. Raises StreamBroke."""
        await self._writable.wait()
        if self._transport is None or self._is_over or self._transport.is_disconnected:
            raise self._end()
        is_text = isinstance(message, str)
        self._transport.send(
            WSMsgType.TEXT if is_text else WSMsgType.BINARY,
            message.encode() if isinstance(message, str) else message,
        )

    async def messages(self) -> AsyncIterator[Message]:
        """What the application sends. Raises StreamBroke at its end."""
        taken = 0
        while True:
            while self._unread:
                yield self._unread.popleft()
                taken += 1
                if len(self._unread) == MOST_UNREAD // 2 and self._transport is not None:
                    self._transport.underlying_transport.resume_reading()
                if taken % MOST_AT_ONCE == 0:
                    await asyncio.sleep(0)
            if self._is_over:
                raise self._end()
            self._news.clear()
            await self._news.wait()

    async def close(self) -> None:
        """Close; what is not sent by now goes first, if it goes at once."""
        transport = self._transport
        if transport is None:
            return
        if not transport.is_disconnected:
            if not transport.is_close_frame_sent:
                transport.send_close(WSCloseCode.OK)
            transport.disconnect(graceful=False)
        await asyncio.gather(transport.wait_disconnected(), return_exceptions=True)

    def on_ws_connected(self, transport: WSTransport) -> None:
        """picows: the application is there."""
        self._transport = transport
        transport.underlying_transport.set_write_buffer_limits(high=UNSENT_BYTES)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """picows: the application sent something."""
        kind = frame.msg_type
        if kind == WSMsgType.CLOSE:
            self._code = int(frame.get_close_code())  # type: ignore[call-overload]  # compiled, it is an int
            self._over()
            transport.disconnect(graceful=True)
        elif kind in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
            self._piece(frame)
        elif kind == WSMsgType.PING and self._writable.is_set():
            # Who asks and does not read the answers is not answered: these would pile up without end.
            transport.send_pong(frame.get_payload_as_bytes())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """picows: the connection is gone, by either side."""
        self._over()

    def pause_writing(self) -> None:
        """picows: the application does not read, and the buffer is full."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """picows: it does again."""
        self._writable.set()

    def _piece(self, frame: WSFrame) -> None:
        """A message comes whole, or as a first frame and what continues it."""
        if frame.msg_type != WSMsgType.CONTINUATION:
            self._pieces, self._is_text = bytearray(), frame.msg_type == WSMsgType.TEXT
        if self._pieces is None or self._is_over:
            return
        self._pieces += frame.get_payload_as_bytes()
        if len(self._pieces) > MOST_MESSAGE_BYTES:
            self._fault = f"it sent a message longer than {MOST_MESSAGE_BYTES:,} bytes"
            self._over()
        elif frame.fin:
            whole, self._pieces = bytes(self._pieces), None
            self._unread.append(whole.decode(errors="replace") if self._is_text else whole)
            self._news.set()
            if len(self._unread) == MOST_UNREAD and self._transport is not None:
                self._transport.underlying_transport.pause_reading()

    def _over(self) -> None:
        self._is_over = True
        self._writable.set()
        self._news.set()

    def _end(self) -> StreamBroke:
        if self._fault:
            return StreamBroke(self._fault, is_lasting=True)
        if self._code in GOOD_CLOSES:
            return StreamBroke("the application closed the connection", was_closed=True)
        told = f" (code {self._code})" if self._code is not None else ""
        return StreamBroke(f"the connection broke{told}")


@asynccontextmanager
async def open_line(
    guard: Guard, tls: ssl.SSLContext, url: WebhookUrl, headers: Pairs
) -> AsyncIterator[Line]:
    """A block with an open line to where `url`, as http or https, leads. Raises StreamBroke."""
    line = Line()
    try:
        await _opened(line, guard, tls, url, headers)
    except (AddressRefused, HostUnknown) as error:
        raise StreamBroke(str(error), is_lasting=isinstance(error, AddressRefused)) from error
    except (ConnectLate, TimeoutError) as error:
        raise StreamBroke(f"no connection within {OPEN_S:g} s") from error
    except WSInvalidStatusError as error:
        status = int(error.response.status) if error.response is not None else 0
        is_lasting = status in LASTING and status not in MAY_PASS
        raise StreamBroke(f"the application answered with status {status}", is_lasting=is_lasting) from error
    except WSError as error:
        raise StreamBroke(f"the application does not speak WebSocket: {error}", is_lasting=True) from error
    except ssl.SSLCertVerificationError as error:
        words = f"the application's certificate is not valid ({error.verify_message})"
        raise StreamBroke(words, is_lasting=True) from error
    except (ConnectFailed, OSError) as error:
        raise StreamBroke(f"no connection: {error}") from error
    try:
        yield line
    finally:
        await line.close()


def read_stream_url(url: str) -> WebhookUrl:
    """A ws or wss URL taken apart, as http or https. Raises StreamBroke."""
    scheme, colon, rest = url.partition(":")
    if scheme.lower() not in SCHEMES or not colon:
        raise StreamBroke(f"{without_credentials(url)} is no ws or wss URL", is_lasting=True)
    try:
        return parse_url(f"{SCHEMES[scheme.lower()]}:{rest}")
    except UrlInvalid as error:
        raise StreamBroke(str(error), is_lasting=True) from error


async def _opened(line: Line, guard: Guard, tls: ssl.SSLContext, url: WebhookUrl, headers: Pairs) -> None:
    """TCP, TLS and WebSocket, over a TCP connection that is ours to end: picows cannot be told to give up."""
    dialled = await guard.connect(url.host, url.port, OPEN_S)
    dialled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_BYTES)
    dialled.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENT_BYTES)
    handed_over = asyncio.Event()

    def hand_over(_: WSParsedURL) -> socket.socket:
        handed_over.set()
        return dialled

    is_secret = url.scheme == "https"
    authorization = (("Authorization", url.authorization),) if url.authorization is not None else ()
    opening = asyncio.ensure_future(
        ws_connect(
            lambda: line,
            f"{'wss' if is_secret else 'ws'}://{url.host_header}{url.path_and_query}",
            ssl_context=tls if is_secret else None,
            websocket_handshake_timeout=None,
            extra_headers=(*authorization, *headers),
            max_redirects=0,
            enable_auto_pong=False,
            max_frame_size=MOST_MESSAGE_BYTES,
            read_buffer_init_size=READ_BUFFER_BYTES,
            socket_factory=hand_over,
        )
    )
    try:
        async with asyncio.timeout(OPEN_S):
            _, listening = await asyncio.shield(opening)
    except (asyncio.CancelledError, TimeoutError):
        if handed_over.is_set():
            # To close it under its transport would leave the event loop with a number that soon is another socket's.
            with suppress(OSError):
                dialled.shutdown(socket.SHUT_RDWR)
            await asyncio.wait((opening,), timeout=GIVE_UP_S)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        raise
    finally:
        if not handed_over.is_set():
            dialled.close()
    if listening is None:
        raise ConnectFailed("it closed the connection before it answered")

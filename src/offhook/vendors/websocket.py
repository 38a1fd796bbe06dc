"""A WebSocket connection to a speech vendor, with a deadline for opening it and bounds for what comes back.

The address is a setting, and so trusted: nothing guards it, it leads where it says, and redirects, which would take
credentials elsewhere, are refused.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import cache
from urllib.parse import urlsplit

from picows import (
    WSCloseCode,
    WSFrame,
    WSHandshakeError,
    WSInvalidStatusError,
    WSListener,
    WSMsgType,
    WSTransport,
    ws_connect,
)

from offhook.speech.recogniser import FailureKind, SpeechFailed
from offhook.vendors.custom_protocol import MOST_MESSAGE_BYTES, line, shortened
from offhook.vendors.streamed import VendorFailed

CONNECT_S = 3.0
"""How long a connection may take: name, TCP, TLS and WebSocket together."""
READ_BUFFER_BYTES = 4096
"""A transcription is short, and there is a buffer for each call."""
UNSENT_BYTES = 65_536
"""What may wait for a vendor that does not read, besides what the system buffers; then sending waits."""
MAY_PASS = (408, 425, 429)
"""HTTP statuses below 500 after which another try may go well."""
GOOD_CLOSES = (1000, 1001)


class WebSocket(WSListener):
    """An open connection: `send` waits for room, `messages` yields what comes."""

    def __init__(self) -> None:
        self._transport: WSTransport | None = None
        self._messages: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._writable = asyncio.Event()
        self._writable.set()
        self._fragments: bytearray | None = None
        self._is_text = False
        self._fault: str | None = None
        self._code: int | None = None
        self._reason = ""

    async def send(self, message: str | bytes) -> None:
        """Send, once there is room. Raises ConnectionError when the connection is gone."""
        await self._writable.wait()
        if self._transport is None or self._transport.is_disconnected:
            raise ConnectionError("it closed the connection")
        if isinstance(message, str):
            self._transport.send(WSMsgType.TEXT, message.encode())
        else:
            self._transport.send(WSMsgType.BINARY, message)

    async def messages(self) -> AsyncIterator[str | bytes]:
        """What the vendor sends, until either side closes. Raises VendorFailed where it breaks the protocol."""
        while (message := await self._messages.get()) is not None:
            yield message
        if self._fault is not None:
            raise VendorFailed(f"it breaks the WebSocket protocol: {self._fault}")

    def say_goodbye(self, *, was_told_to_stop: bool) -> None:
        """Raises VendorFailed unless the vendor closed as it should: well, and after it was told to stop."""
        if was_told_to_stop and (self._code is None or self._code in GOOD_CLOSES):
            return
        told = "" if self._code is None else f" ({self._code}{': ' if self._reason else ''}{self._reason})"
        when = "after" if was_told_to_stop else "before"
        raise VendorFailed(f"it closed the connection{told} {when} it was told to stop", retryable=True)

    def hang_up(self) -> None:
        """Close at once: what is not sent by now is of no use any more."""
        if self._transport is not None and not self._transport.is_disconnected:
            if not self._transport.is_close_frame_sent:
                self._transport.send_close(WSCloseCode.OK)
            self._transport.disconnect(graceful=False)

    async def gone(self) -> None:
        """Wait until the connection is closed."""
        if self._transport is not None:
            # It raises what picows found wrong with the vendor, which `messages` tells.
            await asyncio.gather(self._transport.wait_disconnected(), return_exceptions=True)

    def on_ws_connected(self, transport: WSTransport) -> None:
        """picows: the vendor is there."""
        self._transport = transport
        transport.underlying_transport.set_write_buffer_limits(high=UNSENT_BYTES)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """picows: the vendor sent something."""
        kind = frame.msg_type
        if kind == WSMsgType.CLOSE:
            if (code := frame.get_close_code()) != WSCloseCode.NO_INFO:
                self._code = int(code)  # type: ignore[call-overload]  # compiled, it is an int
                self._reason = line(frame.get_close_reason() or "")
            self._closed(transport)
            self.hang_up()
        elif kind in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
            self._piece(frame)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """picows: the connection is gone, by either side."""
        self._closed(transport)

    def pause_writing(self) -> None:
        """picows: the vendor does not read, and the buffer is full."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """picows: it does again."""
        self._writable.set()

    def _piece(self, frame: WSFrame) -> None:
        """A message comes whole, or as a first frame and what continues it."""
        if frame.msg_type != WSMsgType.CONTINUATION:
            self._fragments, self._is_text = bytearray(), frame.msg_type == WSMsgType.TEXT
        if self._fragments is None:
            return
        self._fragments += frame.get_payload_as_bytes()
        if len(self._fragments) > MOST_MESSAGE_BYTES:
            self._fault = f"a message is longer than {MOST_MESSAGE_BYTES:,} bytes"
            self._messages.put_nowait(None)
            self.hang_up()
        elif frame.fin:
            whole, self._fragments = bytes(self._fragments), None
            self._messages.put_nowait(whole.decode(errors="replace") if self._is_text else whole)

    def _closed(self, transport: WSTransport) -> None:
        if (broken := broken_rule(transport)) is not None and self._fault is None:
            self._fault = broken
        self._writable.set()
        self._messages.put_nowait(None)


@asynccontextmanager
async def websocket(
    url: str, headers: Mapping[str, str], tls: ssl.SSLContext | None = None
) -> AsyncIterator[WebSocket]:
    """A block with an open connection. Raises what `explain` understands; no longer than CONNECT_S."""
    connection = WebSocket()
    async with asyncio.timeout(CONNECT_S):
        await open_websocket(connection, url, headers, tls)
    try:
        yield connection
    finally:
        connection.hang_up()
        await connection.gone()


async def open_websocket(
    listener: WSListener, url: str, headers: Mapping[str, str], tls: ssl.SSLContext | None
) -> None:
    """TCP, TLS and WebSocket, over a TCP connection that is ours to end: picows cannot be told to give up."""
    parts = urlsplit(url)
    is_secret = parts.scheme == "wss"
    dialled = await _dial(parts.hostname or "", parts.port or (443 if is_secret else 80))
    opening = asyncio.ensure_future(
        ws_connect(
            lambda: listener,
            url,
            ssl_context=(tls or system_trust()) if is_secret else None,
            websocket_handshake_timeout=None,
            extra_headers=dict(headers),
            max_redirects=0,
            max_frame_size=MOST_MESSAGE_BYTES,
            read_buffer_init_size=READ_BUFFER_BYTES,
            socket_factory=lambda _: dialled,
        )
    )
    try:
        _, listening = await asyncio.shield(opening)
    except asyncio.CancelledError:
        with suppress(OSError):  # it may be closed already
            dialled.shutdown(socket.SHUT_RDWR)
        await asyncio.gather(opening, return_exceptions=True)
        raise
    if listening is None:
        raise ConnectionError("it closed the connection before it answered")


async def _dial(host: str, port: int) -> socket.socket:
    """A TCP connection to the first of the host's addresses that takes it. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    fault: OSError | None = None
    for family, kind, protocol, _, address in found:
        dialled = socket.socket(family, kind, protocol)
        dialled.setblocking(False)
        try:
            # A share for each address, so that one which never answers does not cost the others their turn.
            async with asyncio.timeout(CONNECT_S / len(found)):
                await loop.sock_connect(dialled, address)
        except OSError as error:  # a TimeoutError is one
            dialled.close()
            fault = error
        except BaseException:
            dialled.close()
            raise
        else:
            return dialled
    raise fault or OSError("its name has no address")


@cache
def system_trust() -> ssl.SSLContext:
    """Trusts what the system trusts; loaded once."""
    return ssl.create_default_context()


def explain(error: Exception, who: str, credentials: str) -> SpeechFailed:
    """What it means that a connection to `who` failed. `credentials`: the setting to look at when it refuses them."""
    words, retryable = explain_in_words(error, who, credentials)
    return SpeechFailed(FailureKind.BROKEN, shortened(words), retryable=retryable)


def explain_in_words(error: Exception, who: str, credentials: str) -> tuple[str, bool]:
    """Words for whoever reads of it, and whether another try may go well."""
    match error:
        case TimeoutError():
            return f"{who} was not reached within {CONNECT_S:g} s", True
        case WSInvalidStatusError(response=response) if response is not None:
            status = int(response.status)
            hint = f"; check {credentials}" if status in (401, 403) else ""
            return f"{who} refused the connection with status {status}{hint}", (
                status >= 500 or status in MAY_PASS
            )
        case WSHandshakeError():
            return f"{who} does not speak WebSocket: {error}", False
        case ssl.SSLCertVerificationError(verify_message=message):
            return f"{who}'s certificate is not valid ({message})", False
        case OSError():
            return f"{who} is out of reach: {error.strerror or error}", True
        case _:
            return f"{type(error).__name__}: {error}", False


def broken_rule(transport: WSTransport) -> str | None:
    """What picows closed the connection for; None where it did not."""
    handshake = transport.close_handshake
    if handshake is None or handshake.sent is None or handshake.recv_then_sent:
        return None
    return handshake.sent.reason or None

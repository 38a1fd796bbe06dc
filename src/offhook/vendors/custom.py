"""An operator's own speech engine, reached over WebSocket. docs/recognisers.md tells what it must understand.

One connection an utterance. The address is a setting, and so trusted: nothing guards it, it leads where it says,
and redirects, which would take the token elsewhere, are refused.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import structlog
from picows import WSHandshakeError, WSInvalidStatusError, ws_connect

from offhook.speech.recogniser import RecogniserCapabilities, RecogniserOptions
from offhook.vendors.custom_protocol import MOST_MESSAGE_BYTES
from offhook.vendors.custom_recognition import CustomRecognition

CONNECT_S = 3.0
"""How long a connection may take: name, TCP, TLS and WebSocket together."""
READ_BUFFER_BYTES = 4096
"""A transcription is short, and there is a buffer for each call."""
MAY_PASS = (408, 425, 429)
"""HTTP statuses below 500 after which another try may go well."""

log = structlog.get_logger()


class CustomRecogniser:
    """Understands what the engine behind `url` (ws:// or wss://) does."""

    def __init__(
        self, name: str, url: str, *, token: str | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        """`token` goes with each connection as `Authorization: Bearer`. `tls` replaces the system's trusted
        certificates."""
        parts = urlsplit(url)
        self._name = f"custom:{name}"
        self._url = url
        self._shown_url = f"{parts.scheme}://{parts.netloc}{parts.path}"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "wss" else 80)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "wss" else None

    @property
    def name(self) -> str:
        """`custom:` and the operator's name for it."""
        return self._name

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """What an engine of this protocol can do."""
        return RecogniserCapabilities(partials=True, free_speech=True, finds_end=True)

    @asynccontextmanager
    async def listen(self, options: RecogniserOptions) -> AsyncIterator[CustomRecognition]:
        """A block that hears one utterance; leaving it closes the connection at once."""
        recognition = CustomRecognition(self._name, options)
        # A task of its own rather than a TaskGroup, which would wrap what the block itself raises.
        connecting = asyncio.create_task(self._connect(recognition))
        try:
            yield recognition
        finally:
            connecting.cancel()
            await asyncio.wait((connecting,))
            await recognition.leave()

    async def close(self) -> None:
        """There is nothing to let go of: each utterance has its own connection."""

    async def _connect(self, recognition: CustomRecognition) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._open(recognition, await self._dial())
        except Exception as error:  # noqa: BLE001  # the port promises an event for whatever goes wrong
            words, retryable = _explain(error)
            log.warning("recogniser.unreachable", vendor=self._name, url=self._shown_url, error=words)
            recognition.fail(words, retryable=retryable)

    async def _dial(self) -> socket.socket:
        """A TCP connection to the first of the engine's addresses that takes it. Raises OSError."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
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

    async def _open(self, recognition: CustomRecognition, dialled: socket.socket) -> None:
        """TLS and WebSocket, over a TCP connection that is ours to end: picows cannot be told to give up."""
        opening = asyncio.ensure_future(
            ws_connect(
                lambda: recognition,
                self._url,
                ssl_context=self._tls,
                websocket_handshake_timeout=None,
                extra_headers=self._headers,
                max_redirects=0,
                max_frame_size=MOST_MESSAGE_BYTES,
                read_buffer_init_size=READ_BUFFER_BYTES,
                socket_factory=lambda _: dialled,
            )
        )
        try:
            _, listener = await asyncio.shield(opening)
        except asyncio.CancelledError:
            with suppress(OSError):  # it may be closed already
                dialled.shutdown(socket.SHUT_RDWR)
            await asyncio.gather(opening, return_exceptions=True)
            raise
        if listener is None:
            raise ConnectionError("it closed the connection before it answered")


def _explain(error: Exception) -> tuple[str, bool]:
    """Words for whoever reads of it, and whether another try may go well."""
    match error:
        case TimeoutError():
            return f"the engine was not reached within {CONNECT_S:g} s", True
        case WSInvalidStatusError(response=response) if response is not None:
            status = int(response.status)
            hint = "; check its token in OFFHOOK_ASR_CUSTOM_TOKENS" if status in (401, 403) else ""
            return f"the engine refused the connection with status {status}{hint}", (
                status >= 500 or status in MAY_PASS
            )
        case WSHandshakeError():
            return f"the engine does not speak WebSocket: {error}", False
        case ssl.SSLCertVerificationError(verify_message=message):
            return f"the engine's certificate is not valid ({message})", False
        case OSError():
            return f"the engine is out of reach: {error.strerror or error}", True
        case _:
            return f"{type(error).__name__}: {error}", False

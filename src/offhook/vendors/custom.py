"""An operator's own speech engine, reached over WebSocket. docs/recognisers.md tells what it must understand.

One connection an utterance. The address is a setting, and so trusted: nothing guards it, it leads where it says,
and redirects, which would take the token elsewhere, are refused.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import structlog

from offhook.speech.recogniser import RecogniserCapabilities, RecogniserOptions
from offhook.vendors.custom_recognition import CustomRecognition
from offhook.vendors.websocket import CONNECT_S, explain_in_words, open_websocket
from offhook.verbs.recogniser_options import OPTIONAL

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
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._tls = tls

    @property
    def name(self) -> str:
        """`custom:` and the operator's name for it."""
        return self._name

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """What an engine of this protocol can do: it is told all options."""
        return RecogniserCapabilities(partials=True, free_speech=True, finds_end=True, options=OPTIONAL)

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
                await open_websocket(recognition, self._url, self._headers, self._tls)
        except Exception as error:  # noqa: BLE001  # the port promises an event for whatever goes wrong
            words, retryable = explain_in_words(error, "the engine", "its token in OFFHOOK_ASR_CUSTOM_TOKENS")
            log.warning("recogniser.unreachable", vendor=self._name, url=self._shown_url, error=words)
            recognition.fail(words, retryable=retryable)

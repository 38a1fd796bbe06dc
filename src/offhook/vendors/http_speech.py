"""Speech fetched over HTTP: one POST a text, sound that is read while it arrives, and one set of words for what goes wrong.

Addresses are settings, and so trusted: nothing guards them, and redirects, which would take credentials elsewhere, are
refused. One client a vendor keeps its connections open from text to text.
"""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx2

from offhook.call.errors import PromptUnusable, ProviderError
from offhook.speech.voice import Decoder
from offhook.vendors.custom_protocol import MOST_DETAIL_CHARACTERS
from offhook.vendors.sound_reading import MOST_SOUND_BYTES, Allowance, NotSound, Reading, reading_of

CONNECT_S = 3.0
ANSWER_S = 10.0
"""Until the first byte of sound, and between any two pieces of it."""
MAY_PASS = (408, 409, 425, 429)
"""HTTP statuses below 500 after which another try may go well."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechRequest:
    """What is asked of a vendor."""

    url: str
    text: str
    """What is to be said. How long it is bounds the sound that is taken for it."""
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    sound: Reading | None = None
    """How to read the answer, whatever it calls itself; None goes by its Content-Type."""


class HttpSpeech:
    """Asks one vendor. `credentials` names the setting to look at where the vendor refuses them."""

    def __init__(
        self,
        vendor: str,
        *,
        credentials: str,
        decoder: Decoder | None = None,
        tls: ssl.SSLContext | None = None,
        answer_s: float = ANSWER_S,
    ) -> None:
        """`decoder` reads what is neither PCM nor WAV. `tls` replaces the system's trusted certificates."""
        self._vendor = vendor
        self._credentials = credentials
        self._decoder = decoder
        self._tls = tls
        self._answer_s = answer_s
        self._client: httpx2.AsyncClient | None = None

    async def pieces(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        """16-bit mono PCM at 8 kHz as it arrives. Raises ProviderError."""
        try:
            async with (
                asyncio.timeout(self._answer_s + CONNECT_S) as until_begun,
                self._connected().stream(
                    "POST", request.url, content=request.body, headers=dict(request.headers)
                ) as response,
            ):
                if response.status_code != 200:
                    raise await self._refusal(response)
                async with aclosing(self._sound(request, response)) as sound:
                    async for pcm in sound:
                        until_begun.reschedule(None)
                        yield pcm
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL, TimeoutError) as error:
            raise self._failure(error) from error
        except NotSound as what:
            raise ProviderError(
                self._vendor, f"it answered with {what} where sound was asked for", retryable=False
            ) from what

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _sound(self, request: SpeechRequest, response: httpx2.Response) -> AsyncGenerator[bytes, None]:
        reading = request.sound
        kind = response.headers.get("content-type", "")
        if reading is None or kind.startswith(("text/", "application/json")):
            reading = reading_of(kind)
        whole = bytearray()
        allowance = Allowance(request.text)
        received = heard = 0
        async for piece in response.aiter_bytes():
            received += len(piece)
            if received > MOST_SOUND_BYTES:
                raise NotSound(f"more than {MOST_SOUND_BYTES // 1_048_576} MB")
            if reading is None:
                whole += piece
            elif pcm := reading.feed(piece):
                heard += len(pcm)
                yield allowance.spent_on(pcm)
        pcm = reading.finish() if reading is not None else await self._decoded(bytes(whole), kind)
        if pcm:
            yield allowance.spent_on(pcm)
        if not heard and not pcm:
            raise NotSound("nothing")

    async def _decoded(self, media: bytes, kind: str) -> bytes:
        if self._decoder is None:
            raise NotSound(kind)
        try:
            return await self._decoder.decode(media)
        except PromptUnusable as unusable:
            raise NotSound(f"{kind} that is {unusable.message}") from unusable

    async def _refusal(self, response: httpx2.Response) -> ProviderError:
        status = response.status_code
        hint = f"; check {self._credentials}" if status in (401, 403) else ""
        told = await _head(response)
        return ProviderError(
            self._vendor,
            f"it refused with status {status}{hint}{': ' if told else ''}{told}",
            retryable=status >= 500 or status in MAY_PASS,
        )

    def _failure(self, error: Exception) -> ProviderError:
        match error:
            case httpx2.ConnectTimeout():
                words, retryable = f"it was not reached within {CONNECT_S:g} s", True
            case httpx2.TimeoutException() | TimeoutError():
                words, retryable = f"it sent nothing within {self._answer_s:g} s", True
            case httpx2.ConnectError():
                words, retryable = f"it is out of reach: {_line(str(error))}", True
            case httpx2.NetworkError() | httpx2.RemoteProtocolError():
                words, retryable = f"it broke off: {_line(str(error)) or 'the connection was closed'}", True
            case _:
                words, retryable = f"{type(error).__name__}: {_line(str(error))}", False
        return ProviderError(self._vendor, words, retryable=retryable)

    def _connected(self) -> httpx2.AsyncClient:
        if self._client is None:
            self._client = httpx2.AsyncClient(
                # Packed sound would be bounded only once it is unpacked, and does not shrink.
                headers={"Accept-Encoding": "identity"},
                verify=self._tls or _system_trust(),
                timeout=httpx2.Timeout(self._answer_s, connect=CONNECT_S),
                trust_env=False,
                follow_redirects=False,
            )
        return self._client


def as_json(value: Any) -> bytes:
    """A body of JSON; halves of characters, which UTF-8 cannot carry, become question marks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


@cache
def _system_trust() -> ssl.SSLContext:
    """Trusts what the system trusts; loaded once, as it takes 20 ms."""
    return ssl.create_default_context()


async def _head(response: httpx2.Response) -> str:
    """What the vendor says about it, on one line."""
    told = b""
    try:
        async for piece in response.aiter_bytes():
            told += piece
            if len(told) > 4 * MOST_DETAIL_CHARACTERS:
                break
    except httpx2.HTTPError:
        pass  # the status says enough
    return _line(told.decode(errors="replace"))[:MOST_DETAIL_CHARACTERS]


def _line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())

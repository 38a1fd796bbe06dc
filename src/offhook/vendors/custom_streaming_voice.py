"""An operator's own voice, asked over WebSocket: sound comes while the text is still being spoken. docs/voices.md.

One connection a text. The voice says first how it sends (`connect`), then gets the text and `flush`, and sends 16-bit PCM,
in frames or in JSON. It is over once the voice closes, or says `flushed` or `done`, or has been quiet after it spoke.
"""

import asyncio
import base64
import binascii
import json
import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from picows import WSHandshakeError

from offhook.call.errors import ProviderError
from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.speech.spoken_form import plain_text
from offhook.speech.voice import VoiceOptions
from offhook.vendors.custom_protocol import MOST_DETAIL_CHARACTERS, line
from offhook.vendors.sound_reading import Allowance, NotSound, RawReading
from offhook.vendors.streamed import VendorFailed
from offhook.vendors.websocket import WebSocket, explain_in_words, websocket

ANSWER_S = 10.0
"""Until the first sound."""
QUIET_S = 1.0
"""A voice that has spoken, and says nothing for so long, is done: the protocol has no word for it."""
DONE = ("flushed", "done", "end")
TOKENS = "its token in OFFHOOK_TTS_CUSTOM_TOKENS"


class CustomStreamingVoice:
    """Speaks what the engine behind `url` (ws:// or wss://) can."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        token: str | None = None,
        tls: ssl.SSLContext | None = None,
        answer_s: float = ANSWER_S,
        quiet_s: float = QUIET_S,
    ) -> None:
        """`token` goes with each connection as `Authorization: Bearer`."""
        self._name = f"custom:{name}"
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._tls = tls
        self._answer_s = answer_s
        self._quiet_s = quiet_s

    @property
    def name(self) -> str:
        """`custom:` and the operator's name for it."""
        return self._name

    async def speak(self, text: str, options: VoiceOptions) -> AsyncGenerator[bytes, None]:
        """PCM as it arrives; nothing for a text without words. Raises ProviderError."""
        said = plain_text(text, options.language) if options.is_ssml else text
        if not said.strip():
            return
        try:
            async with websocket(self._asked(options), self._headers, self._tls) as connection:
                await connection.send(json.dumps({"type": "stream", "text": said}))
                await connection.send(json.dumps({"type": "flush"}))
                async with aclosing(self._sound(connection, Allowance(text))) as sound:
                    async for pcm in sound:
                        yield pcm
                with suppress(ConnectionError):  # one that closed once it had spoken needs no telling
                    await connection.send(json.dumps({"type": "stop"}))
        except ProviderError:
            raise
        except NotSound as what:
            raise ProviderError(self._name, f"it sends {what}", retryable=False) from what
        except VendorFailed as failed:
            raise ProviderError(self._name, str(failed), retryable=failed.event.retryable) from failed
        except (OSError, ValueError, WSHandshakeError) as error:
            words, retryable = explain_in_words(error, "the voice", TOKENS)
            raise ProviderError(self._name, words, retryable=retryable) from error

    async def close(self) -> None:
        """There is nothing to let go of: each text has its own connection."""

    def _asked(self, options: VoiceOptions) -> str:
        parts = urlsplit(self._url)
        asked = {"voice": options.voice, "language": options.language, "sampleRate": str(SAMPLE_RATE_HZ)}
        asked |= {name: str(value) for name, value in options.extra}
        query = "&".join(filter(None, (parts.query, urlencode(asked))))
        return urlunsplit(parts._replace(query=query))

    async def _sound(self, connection: WebSocket, allowance: Allowance) -> AsyncGenerator[bytes, None]:
        reading = RawReading(SAMPLE_RATE_HZ)
        has_spoken = False
        async with aclosing(connection.messages()) as messages:  # type: ignore[type-var]  # a generator
            while True:
                try:
                    async with asyncio.timeout(self._quiet_s if has_spoken else self._answer_s):
                        message = await anext(messages, None)
                except TimeoutError:
                    if has_spoken:
                        break
                    raise ProviderError(
                        self._name, f"it sent nothing within {self._answer_s:g} s", retryable=True
                    ) from None
                if message is None:
                    connection.say_goodbye(was_told_to_stop=True)
                    break
                told = message if isinstance(message, bytes) else self._read(message)
                match told:
                    case None:
                        break
                    case int(rate_hz):
                        reading = RawReading(rate_hz)
                    case bytes() if told and (pcm := reading.feed(told)):
                        has_spoken = True
                        yield allowance.spent_on(pcm)
        if pcm := reading.finish():
            yield allowance.spent_on(pcm)
        if not has_spoken:
            raise ProviderError(self._name, "it closed the connection before it spoke", retryable=True)

    def _read(self, text: str) -> bytes | int | None:
        """Sound, the rate at which it comes, or the end. What means nothing is no sound."""
        try:
            message: Any = json.loads(text)
        except (ValueError, RecursionError):
            raise NotSound("text that is not JSON") from None
        match message:
            case {"type": "connect", "data": {"sample_rate": int(rate_hz)}}:
                return rate_hz
            case {"type": "data", "data": {"audio": str(audio)}}:
                try:
                    return base64.b64decode(audio, validate=True)
                except (binascii.Error, ValueError):
                    raise NotSound("sound that is not base64") from None
            case {"error": error}:
                told = line(error if isinstance(error, str) else json.dumps(error))[:MOST_DETAIL_CHARACTERS]
                raise ProviderError(self._name, f"the voice says: {told}", retryable=False)
            case {"type": kind} if kind in DONE:
                return None
            case {"type": str()}:
                return b""
        raise NotSound("a message that has no type")

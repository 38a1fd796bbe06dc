"""An operator's own voice, asked over HTTP. docs/voices.md tells what it must understand.

One POST a text, with the JSON object {language, voice, type, text}; the answer is sound, and any of its formats will do:
16-bit PCM (`audio/l16;rate=…`, little-endian) and WAV are heard while they arrive.
"""

import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing

from offhook.speech.voice import Decoder, VoiceOptions
from offhook.vendors.http_speech import HttpSpeech, SpeechRequest, as_json

ACCEPTED = "audio/l16;rate=8000, audio/wav, audio/mpeg;q=0.5"
TOKENS = "its token in OFFHOOK_TTS_CUSTOM_TOKENS"


class CustomVoice:
    """Speaks what the engine behind `url` (http:// or https://) can."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        token: str | None = None,
        decoder: Decoder | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`token` goes with each request as `Authorization: Bearer`. `decoder` reads MP3 and the like."""
        self._name = f"custom:{name}"
        self._url = url
        self._headers = {"Content-Type": "application/json", "Accept": ACCEPTED}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._speech = HttpSpeech(self._name, credentials=TOKENS, decoder=decoder, tls=tls)

    @property
    def name(self) -> str:
        """`custom:` and the operator's name for it."""
        return self._name

    async def speak(self, text: str, options: VoiceOptions) -> AsyncGenerator[bytes, None]:
        """PCM as it arrives; nothing for a text without words. Raises ProviderError."""
        if not text.strip():
            return
        asked: dict[str, object] = {
            "language": options.language,
            "voice": options.voice,
            "type": "ssml" if options.is_ssml else "text",
            "text": text,
        }
        if options.model:
            asked["model"] = options.model
        if options.extra:
            asked["options"] = dict(options.extra)
        request = SpeechRequest(url=self._url, text=text, headers=self._headers, body=as_json(asked))
        async with aclosing(self._speech.pieces(request)) as pieces:
            async for pcm in pieces:
                yield pcm

    async def close(self) -> None:
        """Close all connections."""
        await self._speech.close()

"""ElevenLabs' text to speech, over HTTP. https://elevenlabs.io/docs/api-reference/text-to-speech/stream

Sound comes as PCM at 8 kHz while it is made. Its models take no SSML.
"""

import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import quote, urlencode

from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.speech.spoken_form import plain_text
from offhook.speech.voice import VoiceOptions
from offhook.vendors.http_speech import HttpSpeech, SpeechRequest, as_json
from offhook.vendors.sound_reading import RawReading

VENDOR = "elevenlabs"
ADDRESS = "https://api.elevenlabs.io"
MODEL = "eleven_flash_v2_5"
"""The quickest one that knows many languages."""
SPEAKERS = {"": "EXAVITQu4vr4xnSDxMaL", "woman": "EXAVITQu4vr4xnSDxMaL", "man": "JBFqnCBsd6RMkjVDRZzb"}
"""Ids of voices that every account has."""
VOICE_SETTINGS = ("stability", "similarity_boost", "style", "use_speaker_boost", "speed")
OF_REQUEST = ("seed", "previous_text", "next_text", "apply_text_normalization")
KNOW_LANGUAGE = ("eleven_flash_v2_5", "eleven_turbo_v2_5", "eleven_v3")
"""Models that are told the language; the others find it in the text, and refuse to be told."""


class ElevenLabsVoice:
    """Speaks. `key`: of the account; `address`: another place of the service."""

    def __init__(
        self, key: str, *, model: str = MODEL, address: str = ADDRESS, tls: ssl.SSLContext | None = None
    ) -> None:
        self._model = model
        self._address = address.rstrip("/")
        self._headers = {"xi-api-key": key, "Content-Type": "application/json"}
        self._speech = HttpSpeech(VENDOR, credentials="OFFHOOK_ELEVENLABS_KEY", tls=tls)

    @property
    def name(self) -> str:
        """The vendor's name."""
        return VENDOR

    async def speak(self, text: str, options: VoiceOptions) -> AsyncGenerator[bytes, None]:
        """PCM as it arrives; nothing for a text without words. Raises ProviderError."""
        said = plain_text(text, options.language) if options.is_ssml else text
        if not said.strip():
            return
        model = options.model or self._model
        extra = dict(options.extra)
        asked: dict[str, object] = {"text": said, "model_id": model}
        if model in KNOW_LANGUAGE:
            asked["language_code"] = options.language.split("-")[0].lower()
        if settings := {name: extra[name] for name in VOICE_SETTINGS if name in extra}:
            asked["voice_settings"] = settings
        asked |= {name: extra[name] for name in OF_REQUEST if name in extra}
        voice = SPEAKERS.get(options.voice, options.voice)
        query = urlencode({"output_format": f"pcm_{SAMPLE_RATE_HZ}"})
        request = SpeechRequest(
            url=f"{self._address}/v1/text-to-speech/{quote(voice, safe='')}/stream?{query}",
            text=text,
            headers=self._headers,
            body=as_json(asked),
            sound=RawReading(SAMPLE_RATE_HZ),
        )
        async with aclosing(self._speech.pieces(request)) as pieces:
            async for pcm in pieces:
                yield pcm

    async def close(self) -> None:
        """Close all connections."""
        await self._speech.close()

"""Deepgram's text to speech, over HTTP. https://developers.deepgram.com/reference/text-to-speech-api

Its voices are models, each of one language; sound comes as PCM at 8 kHz while it is made. It takes no SSML.
"""

import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import urlencode

from offhook.call.errors import ProviderError
from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.speech.spoken_form import plain_text
from offhook.speech.voice import VoiceOptions
from offhook.vendors.http_speech import HttpSpeech, SpeechRequest, as_json
from offhook.vendors.sound_reading import RawReading

VENDOR = "deepgram"
ADDRESS = "https://api.deepgram.com"
SPEAKERS = {
    "en": ("aura-2-thalia-en", "aura-2-apollo-en"),
    "de": ("aura-2-viktoria-de", "aura-2-julius-de"),
    "es": ("aura-2-celeste-es", "aura-2-nestor-es"),
}
"""A woman and a man of some languages; others are to be had by their names."""
LONGEST = 1_800
"""Characters of a request; the service refuses more than 2,000."""
OWN_OPTIONS = ("mip_opt_out", "tag", "speed")


class DeepgramVoice:
    """Speaks. `key`: of the project; `address`: another place of the service, such as one's own."""

    def __init__(self, key: str, *, address: str = ADDRESS, tls: ssl.SSLContext | None = None) -> None:
        self._address = address.rstrip("/")
        self._headers = {"Authorization": f"Token {key}", "Content-Type": "application/json"}
        self._speech = HttpSpeech(VENDOR, credentials="OFFHOOK_DEEPGRAM_KEY", tls=tls)

    @property
    def name(self) -> str:
        """The vendor's name."""
        return VENDOR

    async def speak(self, text: str, options: VoiceOptions) -> AsyncGenerator[bytes, None]:
        """PCM as it arrives; nothing for a text without words. Raises ProviderError."""
        said = plain_text(text, options.language) if options.is_ssml else text
        if not said.strip():
            return
        model = options.model or _model(options)
        query: dict[str, object] = {
            "model": model,
            "encoding": "linear16",
            "sample_rate": SAMPLE_RATE_HZ,
            "container": "none",
        }
        query |= {name: value for name, value in options.extra if name in OWN_OPTIONS}
        request = SpeechRequest(
            url=f"{self._address}/v1/speak?{urlencode(query)}",
            text=text,
            headers=self._headers,
            body=as_json({"text": said}),
            sound=RawReading(SAMPLE_RATE_HZ),
        )
        async with aclosing(self._speech.pieces(request)) as pieces:
            async for pcm in pieces:
                yield pcm

    async def close(self) -> None:
        """Close all connections."""
        await self._speech.close()


def _model(options: VoiceOptions) -> str:
    if options.voice not in ("", "man", "woman"):
        return options.voice
    speakers = SPEAKERS.get(options.language.split("-")[0].lower())
    if speakers is None:
        raise ProviderError(
            VENDOR, f"its usual voices do not speak {options.language}; name one that does", retryable=False
        )
    return speakers[options.voice == "man"]

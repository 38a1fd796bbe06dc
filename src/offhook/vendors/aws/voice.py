"""Amazon Polly, over HTTP. https://docs.aws.amazon.com/polly/latest/dg/API_SynthesizeSpeech.html

Sound comes as PCM at 8 kHz while it is made. Each speaker has one language and some engines; `neural` is taken unless told.
"""

import asyncio
import os
import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing

from offhook.call.errors import ProviderError
from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.speech.spoken_form import with_say_as_in_words
from offhook.speech.voice import VoiceOptions
from offhook.vendors.aws.signed_post import signed_headers
from offhook.vendors.aws.signing import Credentials, NoCredentials, find_credentials
from offhook.vendors.http_speech import HttpSpeech, SpeechRequest, as_json
from offhook.vendors.sound_reading import RawReading

VENDOR = "aws"
ENGINE = "neural"
LONGEST = 2_500
"""Characters of a request; the service refuses more than 3,000, of which some may be marks."""
SPEAKERS = {
    "ar": ("Hala", "Zayd"),
    "da": ("Sofie", ""),
    "de": ("Vicki", "Daniel"),
    "en": ("Joanna", "Matthew"),
    "en-au": ("Olivia", ""),
    "en-gb": ("Amy", "Brian"),
    "en-in": ("Kajal", ""),
    "es": ("Lucia", "Sergio"),
    "es-mx": ("Mia", "Andres"),
    "es-us": ("Lupe", "Pedro"),
    "fr": ("Lea", "Remi"),
    "fr-ca": ("Gabrielle", "Liam"),
    "hi": ("Kajal", ""),
    "it": ("Bianca", "Adriano"),
    "ja": ("Kazuha", "Takumi"),
    "ko": ("Seoyeon", ""),
    "nl": ("Laura", ""),
    "pl": ("Ola", ""),
    "pt": ("Ines", ""),
    "pt-br": ("Camila", "Thiago"),
    "sv": ("Elin", ""),
    "tr": ("Burcu", ""),
    "zh": ("Zhiyu", ""),
    "cmn": ("Zhiyu", ""),
}
"""A woman and a man of each language, of the engine `neural`."""
READ_WELL = frozenset(
    [
        "characters",
        "spell-out",
        "cardinal",
        "number",
        "ordinal",
        "digits",
        "fraction",
        "date",
        "time",
        "telephone",
        "address",
    ]
)
"""Kinds of say-as that the service reads by itself, in each language."""


class PollyVoice:
    """Speaks. `region`: such as `eu-central-1`; `credentials`: those of AWS's own variables and file unless given;
    `address`: another place of the service."""

    def __init__(
        self,
        *,
        region: str,
        credentials: Credentials | None = None,
        engine: str = ENGINE,
        address: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._credentials = credentials
        self._region = region
        self._engine = engine
        self._url = f"{(address or f'https://polly.{region}.amazonaws.com').rstrip('/')}/v1/speech"
        self._speech = HttpSpeech(VENDOR, credentials="the credentials of AWS", tls=tls)

    @property
    def name(self) -> str:
        """The vendor's name."""
        return VENDOR

    async def speak(self, text: str, options: VoiceOptions) -> AsyncGenerator[bytes, None]:
        """PCM as it arrives; nothing for a text without words. Raises ProviderError."""
        if not text.strip():
            return
        extra = dict(options.extra)
        asked: dict[str, object] = {
            "OutputFormat": "pcm",
            "SampleRate": str(SAMPLE_RATE_HZ),
            "Engine": options.model or self._engine,
            "VoiceId": _speaker(options),
            "TextType": "ssml" if options.is_ssml else "text",
            "Text": with_say_as_in_words(text, options.language, keep=READ_WELL) if options.is_ssml else text,
        }
        if lexicons := extra.get("LexiconNames"):
            asked["LexiconNames"] = str(lexicons).split(",")
        body = as_json(asked)
        credentials = await self._known_credentials()
        headers = signed_headers(
            self._url, body, credentials=credentials, region=self._region, service="polly"
        )
        request = SpeechRequest(
            url=self._url,
            text=text,
            body=body,
            headers={**headers, "content-type": "application/json"},
            sound=RawReading(SAMPLE_RATE_HZ),
        )
        async with aclosing(self._speech.pieces(request)) as pieces:
            async for pcm in pieces:
                yield pcm

    async def close(self) -> None:
        """Close all connections."""
        await self._speech.close()

    async def _known_credentials(self) -> Credentials:
        """Looked up for each text: those that last for a while are written anew."""
        if self._credentials is not None:
            return self._credentials
        try:
            return await asyncio.to_thread(find_credentials, os.environ)
        except NoCredentials as none:
            raise ProviderError(VENDOR, str(none), retryable=False) from none


def _speaker(options: VoiceOptions) -> str:
    if options.voice not in ("", "man", "woman"):
        return options.voice
    language = options.language.lower()
    known = SPEAKERS.get(language) or SPEAKERS.get(language.split("-")[0])
    if known is None:
        raise ProviderError(
            VENDOR, f"it has no usual voice for {options.language}; name one that speaks it", retryable=False
        )
    woman, man = known
    return man if options.voice == "man" and man else woman

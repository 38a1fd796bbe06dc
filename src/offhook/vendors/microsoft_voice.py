"""Microsoft's text to speech, over HTTP. https://learn.microsoft.com/azure/ai-services/speech-service/rest-text-to-speech

It takes nothing but SSML, in which each voice is named; sound comes as PCM at 8 kHz while it is made.
"""

import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from offhook import __version__
from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.speech.spoken_form import with_say_as_in_words
from offhook.speech.voice import VoiceOptions
from offhook.vendors.http_speech import HttpSpeech, SpeechRequest
from offhook.vendors.sound_reading import RawReading

VENDOR = "microsoft"
SPEAKERS = {
    "de-de": ("de-DE-KatjaNeural", "de-DE-ConradNeural"),
    "en-us": ("en-US-JennyNeural", "en-US-GuyNeural"),
    "en-gb": ("en-GB-SoniaNeural", "en-GB-RyanNeural"),
    "en-in": ("en-IN-NeerjaNeural", "en-IN-PrabhatNeural"),
    "es-es": ("es-ES-ElviraNeural", "es-ES-AlvaroNeural"),
    "es-mx": ("es-MX-DaliaNeural", "es-MX-JorgeNeural"),
    "fr-fr": ("fr-FR-DeniseNeural", "fr-FR-HenriNeural"),
    "hi-in": ("hi-IN-SwaraNeural", "hi-IN-MadhurNeural"),
    "it-it": ("it-IT-ElsaNeural", "it-IT-DiegoNeural"),
    "ja-jp": ("ja-JP-NanamiNeural", "ja-JP-KeitaNeural"),
    "nl-nl": ("nl-NL-ColetteNeural", "nl-NL-MaartenNeural"),
    "pt-br": ("pt-BR-FranciscaNeural", "pt-BR-AntonioNeural"),
    "zh-cn": ("zh-CN-XiaoxiaoNeural", "zh-CN-YunxiNeural"),
}
"""A woman and a man of each language."""
OTHERWISE = ("en-US-AvaMultilingualNeural", "en-US-AndrewMultilingualNeural")
"""Who speaks what is not in the table: they know many languages, and find them in the text."""
READ_WELL = frozenset(
    [
        "characters",
        "spell-out",
        "cardinal",
        "number",
        "ordinal",
        "number_digit",
        "fraction",
        "date",
        "time",
        "duration",
        "telephone",
        "currency",
        "address",
        "name",
    ]
)
"""Kinds of say-as that the service reads by itself."""
LONGEST = 4_000


class MicrosoftVoice:
    """Speaks. `region`: such as `westeurope`; `address`: another place of the service."""

    def __init__(
        self,
        key: str,
        *,
        region: str = "westeurope",
        address: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        host = (address or f"https://{region}.tts.speech.microsoft.com").rstrip("/")
        self._url = f"{host}/cognitiveservices/v1"
        self._headers = {
            "Ocp-Apim-Subscription-Key": key,
            "Content-Type": "application/ssml+xml",
            "X-Microsoft-OutputFormat": "raw-8khz-16bit-mono-pcm",
            "User-Agent": f"Offhook/{__version__}",
        }
        self._speech = HttpSpeech(VENDOR, credentials="OFFHOOK_MICROSOFT_KEY", tls=tls)

    @property
    def name(self) -> str:
        """The vendor's name."""
        return VENDOR

    async def speak(self, text: str, options: VoiceOptions) -> AsyncGenerator[bytes, None]:
        """PCM as it arrives; nothing for a text without words. Raises ProviderError."""
        if not text.strip():
            return
        request = SpeechRequest(
            url=self._url,
            text=text,
            headers=self._headers,
            body=document(text, options).encode(errors="replace"),
            sound=RawReading(SAMPLE_RATE_HZ),
        )
        async with aclosing(self._speech.pieces(request)) as pieces:
            async for pcm in pieces:
                yield pcm

    async def close(self) -> None:
        """Close all connections."""
        await self._speech.close()


def document(text: str, options: VoiceOptions) -> str:
    """What the service takes: SSML with a voice around all that is said."""
    said = (
        _within(with_say_as_in_words(text, options.language, keep=READ_WELL))
        if options.is_ssml
        else _plain(text)
    )
    extra = dict(options.extra)
    if style := extra.get("style"):
        said = f"<mstts:express-as style={quoteattr(str(style))}>{said}</mstts:express-as>"
    return (
        '<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" '
        f'xmlns:mstts="https://www.w3.org/2001/mstts" xml:lang={quoteattr(options.language)}>'
        f"<voice name={quoteattr(_speaker(options))}>{said}</voice></speak>"
    )


def _within(markup: str) -> str:
    """What stands inside the root."""
    root = etree.fromstring(markup.encode())
    inner = "".join(etree.tostring(child, encoding="unicode") for child in root)
    return f"{escape(root.text or '')}{inner}"


def _plain(text: str) -> str:
    """A text as XML can carry it."""
    return escape("".join(letter if letter.isprintable() else " " for letter in text))


def _speaker(options: VoiceOptions) -> str:
    if options.voice not in ("", "man", "woman"):
        return options.voice
    language = options.language.lower()
    alike = [who for tag, who in SPEAKERS.items() if tag.split("-")[0] == language]
    return (SPEAKERS.get(language) or (alike or [OTHERWISE])[0])[options.voice == "man"]

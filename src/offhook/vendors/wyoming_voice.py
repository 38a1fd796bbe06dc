"""A voice behind the Wyoming protocol: a local speech server. One connection a text."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from urllib.parse import urlsplit

from offhook.call.errors import ProviderError
from offhook.speech.spoken_form import plain_text
from offhook.speech.voice import VoiceOptions
from offhook.vendors.custom_protocol import MOST_DETAIL_CHARACTERS, line
from offhook.vendors.sound_reading import Allowance, NotSound, RawReading
from offhook.vendors.wyoming_protocol import MOST_LINE_BYTES, Event, Malformed, read_event, write_event

VENDOR = "wyoming"
CONNECT_S = 3.0
ANSWER_S = 10.0
"""Until the first sound, and between any two pieces of it."""


class WyomingVoice:
    """Speaks what the server at `url` (tcp://host:port) can."""

    def __init__(self, url: str, *, answer_s: float = ANSWER_S) -> None:
        parts = urlsplit(url)
        if parts.scheme != "tcp" or not parts.hostname or not parts.port:
            raise ValueError("write the address of a Wyoming server like tcp://host:10200")
        self._host, self._port = parts.hostname, parts.port
        self._answer_s = answer_s

    @property
    def name(self) -> str:
        """The vendor's name."""
        return VENDOR

    async def speak(self, text: str, options: VoiceOptions) -> AsyncGenerator[bytes, None]:
        """PCM as it arrives; nothing for a text without words. Raises ProviderError."""
        said = plain_text(text, options.language) if options.is_ssml else text
        if not said.strip():
            return
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await asyncio.open_connection(self._host, self._port, limit=MOST_LINE_BYTES)
        except TimeoutError as error:
            raise self._failed(f"it was not reached within {CONNECT_S:g} s") from error
        except OSError as error:
            raise self._failed(f"it is out of reach: {error.strerror or error}") from error
        try:
            writer.write(write_event(Event("synthesize", _asked(said, options))))
            sound: RawReading | None = None
            allowance = Allowance(text)
            has_spoken = False
            while (event := await self._next(reader)).type != "audio-stop":
                sound, pcm = _heard(event, sound)
                has_spoken |= bool(pcm)
                if pcm:
                    yield allowance.spent_on(pcm)
            if not has_spoken:
                raise ProviderError(VENDOR, "it sent no sound", retryable=False)
            if sound is not None and (pcm := sound.finish()):
                yield allowance.spent_on(pcm)
        except (Malformed, NotSound) as fault:
            raise ProviderError(VENDOR, f"what it sends makes no sense: {fault}", retryable=False) from fault
        except OSError as error:
            raise self._failed(f"it broke off: {error.strerror or error}") from error
        finally:
            writer.close()
            with suppress(OSError):  # it may be closed already
                await writer.wait_closed()

    async def close(self) -> None:
        """There is nothing to let go of: each text has its own connection."""

    async def _next(self, reader: asyncio.StreamReader) -> Event:
        try:
            async with asyncio.timeout(self._answer_s):
                event = await read_event(reader)
        except TimeoutError as error:
            raise self._failed(f"it sent nothing within {self._answer_s:g} s") from error
        if event is None:
            raise self._failed("it closed the connection before it was done")
        return event

    def _failed(self, words: str) -> ProviderError:
        return ProviderError(VENDOR, words, retryable=True)


def _asked(text: str, options: VoiceOptions) -> dict[str, object]:
    asked: dict[str, object] = {"text": text}
    if options.voice and options.voice not in ("man", "woman"):
        asked["voice"] = {"name": options.voice}
    elif options.language:
        asked["voice"] = {"language": options.language.replace("-", "_")}
    return asked


def _heard(event: Event, sound: RawReading | None) -> tuple[RawReading | None, bytes]:
    """The sound in an event, and how to read what follows. Raises NotSound, ProviderError."""
    if event.type == "error":
        told = line(str(event.data.get("text") or event.data))[:MOST_DETAIL_CHARACTERS]
        raise ProviderError(VENDOR, f"it says: {told}", retryable=False)
    if event.type not in ("audio-start", "audio-chunk"):
        return sound, b""
    if sound is None or event.type == "audio-start":
        rate_hz, width, channels = (event.data.get(name) for name in ("rate", "width", "channels"))
        if not isinstance(rate_hz, int) or not isinstance(channels, int) or width != 2:
            raise NotSound(f"sound of {width} bytes a sample")
        sound = RawReading(rate_hz, channels=channels)
    return sound, sound.feed(event.payload)

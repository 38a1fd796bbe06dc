"""The embedded voice, as a worker sees it: texts go to the voice process, PCM comes back."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import structlog

from offhook.call.errors import ProviderError
from offhook.speech.voice import VoiceOptions
from offhook.vendors.embedded.connection import RETURN_S, VENDOR, NotThere, request
from offhook.vendors.embedded.protocol import (
    Malformed,
    SoundEnded,
    SoundRefused,
    Speaking,
    SpeakRequest,
    Spoken,
)
from offhook.vendors.embedded.ssml_pieces import ssml_pieces

WORDS_PER_MINUTE = 160
TRIES = 2
"""A process that dies of a text dies of it each time."""

log = structlog.get_logger()


class EmbeddedVoice:
    """Speaks some 100 languages. `socket` is that of the voice process.

    What a process did not speak before it died is asked of the next one, which may take `return_s` to be there.
    """

    def __init__(
        self, socket: Path, *, words_per_minute: int = WORDS_PER_MINUTE, return_s: float = RETURN_S
    ) -> None:
        self._socket = socket
        self._words_per_minute = words_per_minute
        self._return_s = return_s

    @property
    def name(self) -> str:
        """The vendor's name."""
        return VENDOR

    async def speak(self, text: str, options: VoiceOptions) -> AsyncGenerator[bytes, None]:
        """16-bit mono PCM at 8 kHz, piece by piece; nothing for a text without words.

        Languages and speakers that are not known are spoken in English and by the usual speaker, and logged.
        Raises ProviderError.
        """
        parts = ssml_pieces(text, options.language) if options.is_ssml else [(options.language, text)]
        for language, part in parts:
            async with aclosing(self._spoken(part, replace(options, language=language))) as pieces:
                async for pcm in pieces:
                    yield pcm

    async def _spoken(self, text: str, options: VoiceOptions) -> AsyncGenerator[bytes, None]:
        """PCM of a text, whose rest is asked for once more where the process dies of it."""
        rest = text
        for tries_left in reversed(range(TRIES)):
            pending = rest
            try:
                async with aclosing(self._pieces(pending, options)) as pieces:
                    async for spoken, pcm in pieces:
                        rest = pending[spoken:]
                        if pcm:
                            yield pcm
                return
            except ProviderError as error:
                if not error.retryable or not tries_left or isinstance(error, NotThere):
                    raise
                log.warning("voice.asked_again", why=str(error), characters=len(rest))

    async def _pieces(self, text: str, options: VoiceOptions) -> AsyncGenerator[tuple[int, bytes], None]:
        """What one process speaks: PCM, and how many characters of the text are spoken with it."""
        held = bytearray()
        async with (
            request(self._socket, self._request(text, options), return_s=self._return_s) as connection,
            aclosing(connection.messages()) as messages,
        ):
            async for message in messages:
                match message:
                    case bytes():
                        held += message
                    case Spoken(characters):
                        yield characters, bytes(held)
                        held.clear()
                    case Speaking():
                        _tell_unknown(message, options)
                    case SoundEnded():
                        return
                    case SoundRefused(_, detail):
                        raise ProviderError(VENDOR, detail, retryable=False)
                    case _:
                        raise ProviderError(VENDOR, f"said {message}", retryable=True)

    def _request(self, text: str, options: VoiceOptions) -> SpeakRequest:
        try:
            return SpeakRequest(
                text=text,
                language=options.language,
                voice=options.voice,
                words_per_minute=self._words_per_minute,
                is_ssml=options.is_ssml,
            )
        except Malformed as fault:
            raise ProviderError(VENDOR, str(fault), retryable=False) from fault

    async def close(self) -> None:
        """There is nothing to let go of: each text has its own connection."""


def _tell_unknown(speaking: Speaking, options: VoiceOptions) -> None:
    if not speaking.is_language_known:
        log.warning("voice.language_unknown", asked=options.language, spoken=speaking.language)
    if not speaking.is_voice_known:
        log.warning("voice.speaker_unknown", asked=options.voice, spoken=speaking.voice)

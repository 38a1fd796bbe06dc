"""Makes sounds out of Say and Play: fetched or spoken, and laid down as files that a call can play."""

import asyncio
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from offhook.call.errors import PromptUnusable
from offhook.call.info import new_id
from offhook.call.port import Audio
from offhook.interpreter.ports import Fetch
from offhook.speech.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ, duration_s
from offhook.speech.voice import Decoder, Voice, VoiceOptions
from offhook.verbs import Play, Say

WRITTEN_AT_ONCE_BYTES = 1_000_000
"""A minute of sound is written without leaving the event loop; the folder lies in memory."""


class PromptStore:
    """Fills `ports.Prompts`. `folder` holds the files while they are in use; best on a memory file system."""

    def __init__(self, *, fetch: Fetch, voice: Voice, decoder: Decoder, folder: Path) -> None:
        self._fetch = fetch
        self._voice = voice
        self._decoder = decoder
        self._folder = folder

    @asynccontextmanager
    async def ready(self, prompt: Say | Play) -> AsyncIterator[Audio]:
        """A block in which the sound is there to be played.

        Raises FetchFailed, PromptUnusable, ProviderError.
        """
        pcm = await (self._spoken(prompt) if isinstance(prompt, Say) else self._fetched(prompt))
        path = self._folder / f"{new_id()}.wav"
        try:
            if len(pcm) > WRITTEN_AT_ONCE_BYTES:
                await asyncio.to_thread(write_wav, path, pcm)
            else:
                write_wav(path, pcm)
            label = prompt.text if isinstance(prompt, Say) else prompt.url
            yield Audio(path=path, duration_s=duration_s(pcm), label=label)
        finally:
            path.unlink(missing_ok=True)

    async def _spoken(self, say: Say) -> bytes:
        options = VoiceOptions(language=say.language, voice=say.voice)
        return b"".join([piece async for piece in self._voice.speak(say.text, options)])

    async def _fetched(self, play: Play) -> bytes:
        reply = await self._fetch.media(play.url)
        try:
            return await self._decoder.decode(reply.body)
        except PromptUnusable as unusable:
            raise PromptUnusable(unusable.code, f"{play.url}: {unusable.message}") from unusable


def write_wav(path: Path, pcm: bytes) -> None:
    """Write 16-bit mono PCM at 8 kHz as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(pcm)

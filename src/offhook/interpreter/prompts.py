"""Makes sounds out of Say and Play: fetched or spoken, and laid down as files that calls can play.

What may be used again is kept (`sound_cache`): a fetched sound on the terms of its answer (`freshness`), a spoken one for
ever, as a voice speaks the same text in the same way.
"""

import asyncio
import copy
import errno
import hashlib
import time
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import fields
from pathlib import Path

from offhook.call.errors import PromptUnusable
from offhook.call.info import new_id
from offhook.call.port import Audio
from offhook.interpreter.freshness import ALWAYS, NOT_MODIFIED, ONCE, Terms, renewed, terms_of
from offhook.interpreter.ports import Fetch
from offhook.interpreter.sound_cache import Sound, SoundCache
from offhook.speech.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ, duration_s
from offhook.speech.voice import Decoder, Voice, VoiceOptions
from offhook.verbs import Play, Say

WRITTEN_AT_ONCE_BYTES = 1_000_000
"""A minute of sound is written without leaving the event loop; the folder lies in memory."""
LONGEST_KEPT_TEXT = 500
"""Characters. What is longer is rarely said twice."""
_NOT_SOUND = frozenset(("loop", "line"))
"""Fields of a Say that do not change its sound; all others are part of what tells it from others."""


class PromptStore:
    """Fills `ports.Prompts`. `folder` holds the files while they are in use or kept; best on a memory file system."""

    def __init__(
        self,
        *,
        fetch: Fetch,
        voice: Voice,
        decoder: Decoder,
        folder: Path,
        cache_bytes: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`cache_bytes`: how much sound is kept; with 0 each is fetched or spoken anew. `clock`: in seconds."""
        self._fetch = fetch
        self._voice = voice
        self._decoder = decoder
        self._folder = folder
        self._clock = clock
        self._cache = SoundCache(most_bytes=cache_bytes, clock=clock)
        self._realm = ""

    def of(self, fetch: Fetch, realm: str) -> "PromptStore":
        """The same store for those whose sounds are fetched in another way. What was fetched for one realm is never
        another's, as it may come from where the other may not go; what is spoken is the same for all."""
        other = copy.copy(self)
        other._fetch, other._realm = fetch, realm
        return other

    @asynccontextmanager
    async def ready(self, prompt: Say | Play) -> AsyncIterator[Audio]:
        """A block in which the sound is there to be played.

        Raises FetchFailed, PromptUnusable, ProviderError.
        """
        label = prompt.text if isinstance(prompt, Say) else prompt.url

        async def make(known: Sound | None) -> Sound:
            return await (self._spoken(prompt) if isinstance(prompt, Say) else self._fetched(prompt, known))

        async with self._cache.use(_key(prompt, self._realm), make) as sound:
            yield Audio(path=sound.path, duration_s=sound.duration_s, label=label)

    async def _spoken(self, say: Say) -> Sound:
        options = VoiceOptions(
            language=say.language,
            voice=say.voice,
            is_ssml=bool(say.markup),
            vendors=say.vendors,
            model=say.model,
            extra=say.extra,
        )
        pcm = b"".join([piece async for piece in self._voice.speak(say.markup or say.text, options)])
        return await self._laid_down(pcm, ALWAYS if len(say.text) <= LONGEST_KEPT_TEXT else ONCE)

    async def _fetched(self, play: Play, known: Sound | None) -> Sound:
        asked_at = self._clock()
        reply = await self._fetch.media(play.url, known.terms.answer if known is not None else None)
        if known is not None and reply.status == NOT_MODIFIED:
            known.terms = renewed(known.terms, reply, asked_at)
            return known
        try:
            pcm = await self._decoder.decode(reply.body)
        except PromptUnusable as unusable:
            raise PromptUnusable(unusable.code, f"{play.url}: {unusable.message}") from unusable
        return await self._laid_down(pcm, terms_of(reply, asked_at))

    async def _laid_down(self, pcm: bytes, terms: Terms) -> Sound:
        path = self._folder / f"{new_id()}.wav"
        try:
            try:
                await _write(path, pcm)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                # The folder is smaller than what may be kept; what is played now comes first.
                self._cache.make_room()
                await _write(path, pcm)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Sound(path=path, duration_s=duration_s(pcm), size_bytes=len(pcm), terms=terms)


async def _write(path: Path, pcm: bytes) -> None:
    if len(pcm) > WRITTEN_AT_ONCE_BYTES:
        await asyncio.to_thread(write_wav, path, pcm)
    else:
        write_wav(path, pcm)


def _key(prompt: Say | Play, realm: str) -> bytes:
    """What tells a sound from others; short, however long the text, and without the credentials of a URL."""
    parts = (
        ("say", *(getattr(prompt, field.name) for field in fields(prompt) if field.name not in _NOT_SOUND))
        if isinstance(prompt, Say)
        else ("play", realm, prompt.url)
    )
    return hashlib.sha256(repr(parts).encode()).digest()


def write_wav(path: Path, pcm: bytes) -> None:
    """Write 16-bit mono PCM at 8 kHz as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(pcm)

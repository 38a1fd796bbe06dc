"""Makes sounds out of Say and Play: fetched or spoken, and laid down as files that calls can play.

A text that takes time to be spoken is heard while the rest of it is being made.

What may be used again is kept (`sound_cache`): a fetched sound on the terms of its answer (`freshness`), a spoken one for
ever, as a voice speaks the same text in the same way.
"""

import asyncio
import copy
import errno
import hashlib
import time
import wave
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import fields
from pathlib import Path

from offhook.call.errors import PromptUnusable, ProviderError
from offhook.call.growing import GrowingSound
from offhook.call.info import new_id
from offhook.call.port import Audio
from offhook.call.spoken import Spoken
from offhook.interpreter.freshness import ALWAYS, NOT_MODIFIED, ONCE, renewed, terms_of
from offhook.interpreter.ports import Fetch
from offhook.interpreter.sound_cache import Sound, SoundCache
from offhook.interpreter.stall import STANDS_STILL_S
from offhook.interpreter.voices import Voices
from offhook.speech.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ, duration_s
from offhook.speech.voice import Decoder, Voice, VoiceOptions
from offhook.verbs import Play, Say

WRITTEN_AT_ONCE_BYTES = 1_000_000
"""A minute of sound is written without leaving the event loop; the folder lies in memory."""
BEGINNING_S = 0.1
"""How much of a text must have been made before it is heard."""
WHOLE_S = 0.02
"""How much longer a text that can be heard may take to be whole, and so be played from a file."""
LONGEST_FILE_S = 60.0
"""What is longer, and not kept, stays where it grew."""
AHEAD_S, LOOK_S = 120.0, 1.0
"""How far the making of a long text may be ahead of what is heard, and how often that is looked at."""
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
        self._voices = (
            voice
            if isinstance(voice, Voices)
            else Voices({voice.name: voice}, (voice.name,), whole=frozenset((voice.name,)))
        )
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
            growing = sound.growing
            yield Audio(
                path=sound.path,
                duration_s=sound.duration_s if growing is None else growing.length_s,
                label=label,
                growing=growing,
                spoken=sound.spoken,
            )

    async def _spoken(self, say: Say) -> Sound:
        """The sound of a text, as soon as there is something to hear of it; where it is made fast, as a whole."""
        sound = Sound(
            path=self._folder / f"{new_id()}.wav",
            duration_s=0.0,
            size_bytes=0,
            terms=ALWAYS if len(say.text) <= LONGEST_KEPT_TEXT else ONCE,
            growing=GrowingSound(),
            spoken=Spoken(),
        )
        growing = sound.growing
        assert growing is not None
        making = sound.making = asyncio.create_task(self._speak(say, sound, growing), name="speech")
        try:
            await growing.until(BEGINNING_S)
            if len(say.text) <= LONGEST_KEPT_TEXT:
                await asyncio.wait((making,), timeout=WHOLE_S)
        except BaseException:
            making.cancel()
            await asyncio.wait((making,))
            raise
        if growing.fault is not None and not growing.length_s:
            raise growing.fault
        return sound

    async def _speak(self, say: Say, sound: Sound, growing: GrowingSound) -> None:
        """Make the sound of a text, and lay it down once it is whole. What goes wrong ends the sound that grows."""
        options = VoiceOptions(
            language=say.language,
            voice=say.voice,
            is_ssml=bool(say.markup),
            vendors=say.vendors,
            model=say.model,
            extra=say.extra,
        )
        assert sound.spoken is not None
        fault: Exception | None = None
        try:
            async with aclosing(self._voices.speak(say.markup or say.text, options, sound.spoken)) as pieces:
                await _taken(pieces, growing, self._voices.name)
            if sound.terms.may_be_kept or growing.length_s <= LONGEST_FILE_S:
                await self._lay_down(sound, growing.pcm)
                growing.is_laid_down = True
                sound.growing = None
            if sound.spoken.was_left:
                sound.terms = ONCE  # the next time, the voice that was wanted may speak again
        except Exception as error:  # noqa: BLE001  # those who play it get it, once they have heard what there is
            fault = error
        finally:
            if sound.growing is not None:
                sound.path.unlink(missing_ok=True)
            growing.end(fault)

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
        sound = Sound(
            path=self._folder / f"{new_id()}.wav",
            duration_s=0.0,
            size_bytes=0,
            terms=terms_of(reply, asked_at),
        )
        try:
            await self._lay_down(sound, pcm)
        except BaseException:
            sound.path.unlink(missing_ok=True)
            raise
        return sound

    async def _lay_down(self, sound: Sound, pcm: bytes) -> None:
        try:
            await _write(sound.path, pcm)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            # The folder is smaller than what may be kept; what is played now comes first.
            self._cache.make_room()
            await _write(sound.path, pcm)
        sound.duration_s, sound.size_bytes = duration_s(pcm), len(pcm)


async def _taken(pieces: AsyncGenerator[bytes, None], growing: GrowingSound, vendor: str) -> None:
    """Let a sound grow by what a voice makes, and not far beyond what is heard. Raises ProviderError where a voice stops
    in the middle, neither going on nor giving up."""
    loop = asyncio.get_running_loop()
    runs_out_at = loop.time()
    while True:
        try:
            async with asyncio.timeout_at(max(runs_out_at, loop.time()) + STANDS_STILL_S):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise ProviderError(vendor, f"no sound came for {STANDS_STILL_S:g} s", retryable=True) from None
        growing.add(piece)
        runs_out_at = max(runs_out_at, loop.time()) + duration_s(piece)
        while growing.length_s - growing.played_s > AHEAD_S:  # noqa: ASYNC110  # players only tell where they are
            await asyncio.sleep(LOOK_S)


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

"""Speech kept on disk: what a voice once said is not made again, by any process, before or after a restart.

A file a text, named after all that makes its sound: the voice, how it is set, the text, and every option. Those who want
the same text at once hear the same making of it, as it goes. What is kept is bounded in bytes; what was heard longest ago
goes first. A file that is cut short, changed or unreadable is as good as none.
"""

import asyncio
import hashlib
import os
import time
import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import fields
from pathlib import Path
from uuid import uuid4

import structlog

from offhook.speech.voice import Voice, VoiceOptions

MARK = b"OHSPEECH1\n"
"""What a kept file begins with; then the CRC-32 of its sound, in 4 bytes."""
SUFFIX, UNFINISHED = ".speech", ".part"
LEFT_S = 3600.0
"""A file that has been unfinished for so long is one whose process died."""
PIECE_BYTES = 65_536
LONGEST_TEXT = 2_000
"""Characters. What is longer is rarely said twice."""
SWEPT_TO = 0.9
"""How full the folder is after it was swept: not each file that is kept needs to look at all."""

log = structlog.get_logger()


class KeptSpeech:
    """Fills `speech.voice.Voice`: another voice, of which what was said is kept in `folder`.

    `settings` tells how the voice is set beyond its options (its model, its rate): what it says then is another sound.
    """

    def __init__(self, voice: Voice, folder: Path, *, most_bytes: int, settings: str = "") -> None:
        self._voice = voice
        self._folder = folder
        self._most_bytes = most_bytes
        self._settings = settings
        self._makings: dict[str, _Making] = {}
        self._kept_bytes: int | None = None

    @property
    def name(self) -> str:
        """The name of the voice."""
        return self._voice.name

    async def speak(self, text: str, options: VoiceOptions) -> AsyncGenerator[bytes, None]:
        """PCM, as it is kept or as it is made. Raises ProviderError."""
        path = self._folder / (self.key(text, options) + SUFFIX)
        if len(text) > LONGEST_TEXT:
            async with aclosing(self._voice.speak(text, options)) as made:  # type: ignore[type-var]  # a generator
                async for pcm in made:
                    yield pcm
            return
        making = self._makings.get(path.name)
        if making is None:
            making = self._makings[path.name] = _Making()
            making.task = asyncio.create_task(self._make(making, path, text, options))
        async with aclosing(self._heard(making, path.name)) as pieces:
            async for pcm in pieces:
                yield pcm

    async def close(self) -> None:
        """Close the voice; nobody waits for what is being made."""
        tasks = [making.task for making in self._makings.values() if making.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._voice.close()

    def key(self, text: str, options: VoiceOptions) -> str:
        """What tells a sound from all others; every option is in it, those to come as well."""
        told = [(field.name, getattr(options, field.name)) for field in fields(options)]
        parts = (self._voice.name, self._settings, told, text)
        return hashlib.sha256(repr(parts).encode(errors="surrogatepass")).hexdigest()

    async def _heard(self, making: "_Making", name: str) -> AsyncGenerator[bytes, None]:
        """What is made, from its beginning; the last one who goes ends the making."""
        making.listeners += 1
        heard = 0
        try:
            while True:
                while heard < len(making.pieces):
                    heard += 1
                    yield making.pieces[heard - 1]
                if making.fault is not None:
                    raise making.fault
                if making.is_over:
                    return
                await making.changed.wait()
        finally:
            making.listeners -= 1
            if not making.listeners and making.task is not None and not making.task.done():
                self._forget(name, making)  # who wants it while it is being ended has it made anew
                making.task.cancel()
                await asyncio.wait((making.task,))

    async def _make(self, making: "_Making", path: Path, text: str, options: VoiceOptions) -> None:
        try:
            if (kept := await asyncio.to_thread(_read, path)) is not None:
                making.pieces.extend(kept[at : at + PIECE_BYTES] for at in range(0, len(kept), PIECE_BYTES))
                return
            async for pcm in self._voice.speak(text, options):
                making.pieces.append(pcm)
                making.tell()
            if making.pieces:
                await asyncio.to_thread(self._keep, path, b"".join(making.pieces))
        except Exception as error:  # noqa: BLE001  # all who listen get it
            making.fault = error
        finally:
            self._forget(path.name, making)
            making.is_over = True
            making.tell()

    def _forget(self, name: str, making: "_Making") -> None:
        if self._makings.get(name) is making:
            del self._makings[name]

    def _keep(self, path: Path, pcm: bytes) -> None:
        """Lay a sound down, whole or not at all. A disk that takes nothing costs the keeping, never the call."""
        size = len(MARK) + 4 + len(pcm)
        if size > self._most_bytes:
            return
        unfinished = path.with_name(uuid4().hex + UNFINISHED)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished.write_bytes(MARK + zlib.crc32(pcm).to_bytes(4, "big") + pcm)
            unfinished.replace(path)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            log.warning("voice.not_kept", why=error.strerror or str(error))
            return
        if self._kept_bytes is not None:
            self._kept_bytes += size
        if self._kept_bytes is None or self._kept_bytes > self._most_bytes:
            self._kept_bytes = _swept(self._folder, self._most_bytes)


class _Making:
    """A text that is being spoken, and those who listen."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.fault: Exception | None = None
        self.is_over = False
        self.listeners = 0
        self.changed = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def tell(self) -> None:
        """Wake all who wait; who waits from now on waits for the next news."""
        self.changed.set()
        self.changed = asyncio.Event()


def _read(path: Path) -> bytes | None:
    """The sound in a file, which is thereby the one heard last; None where there is none, or it is damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    pcm = data[len(MARK) + 4 :]
    if data[: len(MARK)] != MARK or zlib.crc32(pcm).to_bytes(4, "big") != data[len(MARK) : len(MARK) + 4]:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return None
    with suppress(OSError):
        os.utime(path)
    return pcm


def _swept(folder: Path, most_bytes: int) -> int:
    """How many bytes are kept, once those heard longest ago are gone, as far as there are too many.

    Other processes may sweep, too, and what is gone is gone.
    """
    found: list[tuple[float, int, Path]] = []
    for path in folder.glob(f"*{UNFINISHED}"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - LEFT_S:
                path.unlink(missing_ok=True)
    for path in folder.glob(f"*{SUFFIX}"):
        with suppress(OSError):
            told = path.stat()
            found.append((told.st_mtime, told.st_size, path))
    total = sum(size for _, size, _ in found)
    if total <= most_bytes:
        return total
    for _, size, path in sorted(found):
        if total <= most_bytes * SWEPT_TO:
            break
        with suppress(OSError):
            path.unlink(missing_ok=True)
        total -= size
    return total

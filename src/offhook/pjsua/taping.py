"""Recordings, as the event loop sees them: begun and ended on the owner thread, watched while they grow,
made whole at the end."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import structlog

from offhook.call.errors import OffhookError
from offhook.call.info import Sides
from offhook.pjsua.tapes import Tape
from offhook.speech.wav import WavUnusable, is_whole, join_sides, repair_wav, sides_of

log = structlog.get_logger()

T = TypeVar("T")

LOOK_EVERY_S = 1.0
STALLED_LOOKS = 2
"""After so many looks at a file that has not grown, nothing more is written; a whole one grows four times a
second."""
CLOSING_S, CLOSING_BROKEN_S = 2.0, 0.2
"""How long the clock thread may take to close a file; one that could not be written to will not get its
header."""
CLOSING_LOOK_S = 0.01
OWNER_S = 2.0
"""How long the owner thread may take for a command."""
FULL_BYTES = 65_536
"""A disk with less than that is called full."""


class Owner(Protocol):
    """The part of the engine that is needed here."""

    def submit(self, command: Callable[[], T]) -> asyncio.Future[T]:
        """Have the owner thread do something."""

    def post(self, command: Callable[[], object]) -> None:
        """The same; nobody waits for it."""


class NativeTaping:
    """Fills `call.port.Taping`."""

    def __init__(self, owner: Owner, path: Path, tapes: Sequence[Tape], end: Callable[[Tape], None]) -> None:
        """Two tapes are the two sides of one recording; `end` ends one, on the owner thread."""
        self._owner = owner
        self._path = path
        self._tapes = tapes
        self._end = end
        self._began_at = time.monotonic()
        self._ended_at: float | None = None
        self._loop = asyncio.get_running_loop()
        self._why: asyncio.Future[str] = self._loop.create_future()
        self._finishing: asyncio.Task[None] | None = None

    @property
    def seconds(self) -> float:
        """How long it is so far."""
        return (self._ended_at or time.monotonic()) - self._began_at

    async def broke(self) -> str:
        """Returns, with why, when nothing more can be written."""
        return await asyncio.shield(self._why)

    async def watch(self) -> None:
        """Look at the files while they grow; end the recording, what there is of it made whole, once they
        do not."""
        sizes, stalled = 0, 0
        while stalled < STALLED_LOOKS:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                now = sum(tape.path.stat().st_size for tape in self._tapes)
            except OSError as error:
                self._broke(f"the file cannot be looked at: {error.strerror}")
                return
            stalled = 0 if now > sizes else stalled + 1
            sizes = max(now, sizes)
        self._broke(_why_it_stalled(self._path.parent, LOOK_EVERY_S * STALLED_LOOKS))

    async def finish(self) -> None:
        """Write nothing more; returns when the file is whole. Where it is cancelled meanwhile, that waits until then: what
        is known of the recording is read from its file."""
        if self._finishing is None:
            self._ended_at = time.monotonic()
            self._finishing = self._loop.create_task(self._finish())
        cancelled: asyncio.CancelledError | None = None
        while not self._finishing.done():
            try:
                await asyncio.wait((self._finishing,))
            except asyncio.CancelledError as cancel:
                cancelled = cancel
        if cancelled is not None:
            raise cancelled

    def _broke(self, why: str) -> None:
        log.warning("recording.broke", path=self._path.name, reason=why)
        if self._finishing is None:
            self._ended_at = time.monotonic()
            self._why.set_result(why)
            self._finishing = self._loop.create_task(self._finish())

    async def _finish(self) -> None:
        try:
            await asyncio.wait_for(self._owner.submit(self._end_all), OWNER_S)
        except (OffhookError, TimeoutError) as error:  # the engine is gone, and closed its files
            log.warning("recording.not_ended", path=self._path.name, error=str(error) or "the engine is gone")
        latest = self._loop.time() + (CLOSING_BROKEN_S if self._why.done() else CLOSING_S)
        while not all(is_whole(tape.path) for tape in self._tapes) and self._loop.time() < latest:  # noqa: ASYNC110
            await asyncio.sleep(CLOSING_LOOK_S)
        try:
            if len(self._tapes) > 1:
                await asyncio.to_thread(join_sides, self._path)
            elif not is_whole(self._path):
                await asyncio.to_thread(repair_wav, self._path)
        except (OSError, WavUnusable) as error:
            # What was written lies there still; `repair_wav` makes it whole once there is room.
            log.warning("recording.not_whole", path=self._path.name, error=str(error))

    def _end_all(self) -> None:
        for tape in self._tapes:
            self._end(tape)


@asynccontextmanager
async def taping(
    owner: Owner,
    path: Path,
    sides: Sides,
    *,
    begin: Callable[[Tape, bool, bool], None],
    end: Callable[[Tape], None],
) -> AsyncIterator[NativeTaping]:
    """A block in which a file is written. `begin` and `end` run on the owner thread; `begin` is told
    whether the tape is to hold what the far end says, and whether what it hears. Raises OffhookError where
    it cannot begin."""
    if sides is Sides.STEREO:
        says, hears = map(Tape, sides_of(path))
        tracks = [(says, True, False), (hears, False, True)]
    else:
        tracks = [(Tape(path), True, sides is Sides.MIXED)]
    recording = NativeTaping(owner, path, [track[0] for track in tracks], end)

    def begin_all() -> None:
        for number, track in enumerate(tracks):
            try:
                begin(*track)
            except OffhookError:
                for begun, _, _ in tracks[:number]:
                    end(begun)
                    begun.path.unlink(missing_ok=True)
                raise

    try:
        await owner.submit(begin_all)
    except asyncio.CancelledError:
        await recording.finish()
        raise
    watching = asyncio.create_task(recording.watch())
    try:
        yield recording
    finally:
        watching.cancel()
        await recording.finish()


def _why_it_stalled(folder: Path, seconds: float) -> str:
    disk = os.statvfs(folder)
    free = disk.f_frsize * (disk.f_bfree if os.geteuid() == 0 else disk.f_bavail)
    return (
        "the disk is full"
        if free < FULL_BYTES
        else f"nothing could be written to the file for {seconds:.0f} s"
    )

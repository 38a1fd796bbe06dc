"""Recording, for every verb that does: one block that writes the file, tells the facts, and never ends the call.

    async with taping(scene, source=RecordingSource.DIAL, sides=Sides.MIXED) as tape:
        ...                                     # talk; what is said meanwhile is recorded
    return Dialled(..., recording=tape.recorded())

A recording that cannot begin, or breaks because the disk is full, is a notification to the customer; the block goes on
as if nothing were. What was written until then is kept.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

import structlog

from offhook.call.errors import OffhookError
from offhook.call.info import Sides, new_id
from offhook.call.port import Room, Taping
from offhook.call.recording_facts import RecordingFinished, RecordingStarted
from offhook.call.voice_rows import RecordingSource
from offhook.interpreter.scene import Scene
from offhook.speech.wav import WavUnusable, repair_wav, sides_of
from offhook.verbs import Recorded

log = structlog.get_logger()

NOT_ENABLED = "recordings have no place here"


class Tape:
    """What is being recorded, and after its block what was."""

    def __init__(self, recording_id: str, account_sid: str) -> None:
        self.recording_id = recording_id
        """32 hex digits."""
        self.failure = ""
        """Why it ended early or never began, for people; empty where all is well."""
        self._account_sid = account_sid
        self._taping: Taping | None = None
        self._began_at: datetime | None = None
        self._length_s: float | None = None
        self._broke = asyncio.Event()
        self._is_kept = True

    @property
    def seconds(self) -> float:
        """How long it is: so far, or all together once the block is left. 0 for one that is not kept."""
        if self._taping is None or not self._is_kept:
            return 0.0
        return self._taping.seconds if self._length_s is None else self._length_s

    async def broke(self) -> str:
        """Returns, with why, when nothing more is recorded. Never returns while all is well."""
        await self._broke.wait()
        return self.failure

    def discard(self) -> None:
        """Keep nothing of it: there is nothing in it that anybody would want to hear."""
        self._is_kept = False

    def recorded(self, *, keys: str = "", call_is_over: bool = False) -> Recorded:
        """The outcome to report, once the block is left; without a `recording_id` where nothing was recorded."""
        is_there = self.seconds > 0
        return Recorded(
            account_sid=self._account_sid,
            recording_id=self.recording_id if is_there else None,
            duration_s=self.seconds,
            keys=keys,
            call_is_over=call_is_over,
            failure=self.failure,
            began_at=self._began_at if is_there else None,
        )

    def began(self, taping: Taping, at: datetime) -> None:
        """It is being written, since `at` by the wall clock."""
        self._taping, self._began_at = taping, at

    def ended(self, length_s: float) -> None:
        """It is whole, and so long."""
        self._length_s = length_s

    def fail(self, why: str) -> None:
        """Nothing more is written."""
        self.failure = why
        self._broke.set()


@asynccontextmanager
async def taping(
    scene: Scene,
    *,
    source: RecordingSource,
    sides: Sides = Sides.FAR_END,
    room: Room | None = None,
    conference_id: str | None = None,
    recording_id: str | None = None,
) -> AsyncIterator[Tape]:
    """A block in which `sides` of the scene's call are recorded, or all who are in `room`, mixed.

    `conference_id`: the conference whose recording it is; the scene's call is the one that began it. `recording_id`: its
    identity, where somebody was told it before; None makes a new one. Raises nothing of its own: what goes wrong is a notification, and stands in the tape's `failure`.
    """
    tools, info = scene.tools, scene.call.info
    tape = Tape(recording_id or new_id(), info.account_sid)
    if tools.tapes is None:
        _tell(scene, tape, NOT_ENABLED)
        yield tape
        return
    try:
        path, file = tools.tapes.place(info.account_sid, tape.recording_id)
    except OSError as error:
        _tell(scene, tape, f"its folder cannot be made: {error.strerror or error}")
        yield tape
        return
    tools.recorder.emit(
        RecordingStarted(
            recording_id=tape.recording_id,
            account_sid=info.account_sid,
            at=tools.wall_clock(),
            source=source,
            file=file,
            call_id=info.call_id,
            conference_id=conference_id,
            channels=2 if sides is Sides.STEREO and room is None else 1,
        )
    )
    writing = scene.call.taped(path, sides) if room is None else room.taped(path)
    try:
        async with _written(scene, tape, writing):
            yield tape
    finally:
        _finish(scene, tape, path)


@asynccontextmanager
async def _written(
    scene: Scene, tape: Tape, writing: AbstractAsyncContextManager[Taping]
) -> AsyncIterator[None]:
    """A block in which the file is written, if it can be."""
    stack = AsyncExitStack()
    watching: asyncio.Task[None] | None = None
    try:
        taping = await stack.enter_async_context(writing)
        tape.began(taping, scene.tools.wall_clock())
        watching = asyncio.create_task(_watch(scene, tape, taping), name="recording")
    except OffhookError as error:
        _tell(scene, tape, str(error))
    try:
        yield
    finally:
        # Nothing is awaited before: whoever is cancelled here once more would leave the file being written for ever.
        if watching is not None:
            watching.cancel()
        try:
            await stack.aclose()
        except (OffhookError, OSError) as error:
            _tell(scene, tape, f"it could not be made whole: {error}")
        if watching is not None:
            await asyncio.wait((watching,))


async def _watch(scene: Scene, tape: Tape, taping: Taping) -> None:
    _tell(scene, tape, await taping.broke())


def _tell(scene: Scene, tape: Tape, why: str) -> None:
    if tape.failure:
        return
    tape.fail(why)
    log.warning("recording.broke", recording_id=tape.recording_id, why=why)
    scene.notices.own_fault(f"The recording RE{tape.recording_id} ended early: {why}. The call went on.")


def _measure(tape: Tape, path: Path) -> int:
    """Take its length from the file, which knows best; returns the file's size. Sides that could not be joined stay as
    they are, and the length is what the clock said."""
    try:
        if not any(side.exists() for side in sides_of(path)):
            tape.ended(repair_wav(path))
        return path.stat().st_size if path.exists() else 0
    except (OSError, WavUnusable) as error:
        tape.failure = tape.failure or f"its file cannot be read: {error}"
        return 0


def _finish(scene: Scene, tape: Tape, path: Path) -> None:
    """The last fact; the files of a recording without a length go at once, and its row with the fact."""
    size_bytes = 0
    if tape.seconds > 0:
        size_bytes = _measure(tape, path)
    if not tape.seconds:
        _remove(path, *sides_of(path))
    scene.tools.recorder.emit(
        RecordingFinished(
            recording_id=tape.recording_id,
            account_sid=scene.call.info.account_sid,
            at=scene.tools.wall_clock(),
            duration_s=tape.seconds,
            size_bytes=size_bytes,
            failure=tape.failure,
        )
    )


def _remove(*files: Path) -> None:
    """What cannot be removed is told to the operator: nothing of a recording ends a call."""
    for file in files:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            log.warning("recording.left_over", path=file.name, error=error.strerror)

"""The recording of a whole call, from its answer to its end, where the number, the account or the API wants one."""

import asyncio

from offhook.call.voice_rows import RecordingSource
from offhook.interpreter.scene import Scene
from offhook.interpreter.taping import taping
from offhook.verbs import Recorded


class WholeCallTape:
    """One call's; does nothing for a call that is not to be recorded."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._is_over = asyncio.Event()
        self._recording: asyncio.Task[Recorded] | None = None

    def begin(self, tasks: asyncio.TaskGroup) -> None:
        """The call was answered: record it, in a task of its own."""
        if self._scene.call.info.record_all is not None and self._recording is None:
            self._recording = tasks.create_task(self._record(), name="recording of the whole call")

    async def finish(self) -> Recorded | None:
        """The call is over; returns what was recorded, whose last fact is told by now. None for nothing."""
        self._is_over.set()
        if self._recording is None:
            return None
        # Whatever became of it, the call has its last fact to tell.
        await asyncio.wait((self._recording,))
        if self._recording.cancelled() or self._recording.exception() is not None:
            return None
        recorded = self._recording.result()
        return recorded if recorded.recording_id is not None else None

    async def _record(self) -> Recorded:
        sides = self._scene.call.info.record_all
        assert sides is not None
        async with taping(self._scene, source=RecordingSource.WHOLE_CALL, sides=sides) as tape:
            await self._is_over.wait()
        return tape.recorded()

"""The recording of a Dial's connection: told with the outcome alone, or as a Record of its own wants it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from offhook.call.info import Sides
from offhook.call.port import Room
from offhook.call.voice_rows import RecordingSource
from offhook.interpreter.news import RecordingBegun
from offhook.interpreter.record import ask_for_words, tell_ready
from offhook.interpreter.scene import Scene
from offhook.interpreter.taping import Tape, taping
from offhook.verbs import Dial, Record, Recorded


@asynccontextmanager
async def connection_taped(
    verb: Dial, scene: Scene, room: Room, on_tape: Callable[[Tape], None]
) -> AsyncIterator[None]:
    """A block in which both sides are recorded, where the verb wants it; `on_tape` is given the tape."""
    if not verb.is_recorded:
        yield
        return
    if verb.recording is None:
        async with taping(scene, source=RecordingSource.DIAL, room=room) as tape:
            on_tape(tape)
            yield
        return
    begun = asyncio.Event()
    recording = asyncio.create_task(_record(verb.recording, scene, room, on_tape, begun), name="dial tape")
    waiting = asyncio.create_task(begun.wait())
    try:
        await asyncio.wait((recording, waiting), return_when=asyncio.FIRST_COMPLETED)
        yield
    finally:
        waiting.cancel()
        recording.cancel()
        await asyncio.wait((recording, waiting))


async def _record(
    verb: Record, scene: Scene, room: Room, on_tape: Callable[[Tape], None], begun: asyncio.Event
) -> None:
    tape: Tape | None = None
    mixed = taping(scene, source=RecordingSource.DIAL, room=room)
    try:
        # Of the caller's leg one channel is what they say, and the other what they hear, which is whoever was called.
        wanted = taping(scene, source=RecordingSource.DIAL, sides=Sides.STEREO) if verb.is_stereo else mixed
        async with wanted as tape:
            on_tape(tape)
            begun.set()
            if verb.action is not None:
                identity = Recorded(account_sid=scene.call.info.account_sid, recording_id=tape.recording_id)
                scene.tell_news(verb.action, verb, RecordingBegun(recorded=identity), False)
            with suppress(TimeoutError):
                async with asyncio.timeout(verb.max_length_s):
                    await asyncio.Event().wait()
    finally:
        if tape is not None:
            ask_for_words(verb, scene, tape, call_is_over=False)
            tell_ready(verb, scene, tape.recorded())

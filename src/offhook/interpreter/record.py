"""Runs Record: a beep, then the caller's words until silence, a key, the longest time or the hang-up.

What a recording holds begins after the beep. A caller who leaves ends it like any other rule, and the application is
told. A recording in which nobody made a sound until silence ended it is none, and is not kept.

A recording of the session holds both sides while the following verbs run.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, fields

from offhook.call.errors import CallEnded
from offhook.call.info import Sides, new_id
from offhook.call.recording_facts import TranscriptionAsked
from offhook.call.voice_rows import RecordingSource
from offhook.interpreter.beside import begin_beside
from offhook.interpreter.news import RecordingReady
from offhook.interpreter.repeat import play_once
from offhook.interpreter.scene import Scene
from offhook.interpreter.stall import MARGIN_S
from offhook.interpreter.taping import Tape, taping
from offhook.speech.sound_gate import SoundGate
from offhook.verbs import Record, Recorded

HANG_UP = "hangup"
"""Stands for the key that ended a recording where the caller left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecording(Record):
    """A Record in the background that was begun."""

    recording_id: str


async def record(verb: Record, scene: Scene) -> Recorded:
    """Record the caller; returns at the first rule that is met, with the hang-up among them. One in the background is
    begun, and its outcome says only which recording it is."""
    if verb.is_background:
        given = {field.name: getattr(verb, field.name) for field in fields(Record)}
        begun = SessionRecording(**given, recording_id=new_id())
        begin_beside(begun, scene)
        return Recorded(account_sid=scene.call.info.account_sid, recording_id=begun.recording_id)
    recording = Recording(verb, scene)
    try:
        async with scene.call.alive():
            await recording.run()
    except CallEnded:
        recording.call_is_over = True
        return recording.outcome(keys=HANG_UP)
    finally:
        recording.tell()
    return recording.outcome()


async def record_session(verb: SessionRecording, scene: Scene) -> Recorded:
    """Record both sides until the call ends, the longest time is over, or nothing more can be written."""
    sides = Sides.STEREO if verb.is_stereo else Sides.MIXED
    recording_id = verb.recording_id
    tape: Tape | None = None
    call_is_over = True
    try:
        async with taping(
            scene, source=RecordingSource.RECORD, sides=sides, recording_id=recording_id
        ) as tape:
            with suppress(TimeoutError):
                async with scene.call.alive(), asyncio.timeout(verb.max_length_s):
                    await tape.broke()
            call_is_over = False
    finally:
        if tape is not None:
            ask_for_words(verb, scene, tape, call_is_over=call_is_over)
            tell_ready(verb, scene, tape.recorded(call_is_over=call_is_over))
    return tape.recorded(call_is_over=call_is_over)


class Recording:
    """One Record while it runs."""

    def __init__(self, verb: Record, scene: Scene) -> None:
        self._verb = verb
        self._scene = scene
        self._loop = asyncio.get_running_loop()
        self._gate = SoundGate()
        self._tape: Tape | None = None
        self._keys = ""
        self.call_is_over = False
        """Whether the caller left."""

    async def run(self) -> None:
        """Beep, record, and decide when it is over."""
        call, beep = self._scene.call, self._scene.tools.beep
        if self._verb.has_beep and beep is not None:
            await play_once(beep, call, self._scene.watch)
        async with taping(self._scene, source=RecordingSource.RECORD, sides=Sides.FAR_END) as tape:
            self._tape = tape
            key: asyncio.Future[str] = self._loop.create_future()

            def pressed(name: str) -> None:
                if name in self._verb.finish_keys and not key.done():
                    key.set_result(name)

            with call.keys(pressed), call.listen(lambda frame: self._gate.hear(frame, self._loop.time())):
                broken = asyncio.create_task(tape.broke(), name="recording broke")
                try:
                    await self._until_over(self._loop.time(), key, broken)
                finally:
                    broken.cancel()
            if key.done():
                self._keys = key.result()
            elif self._gate.last_sound_at is None:
                tape.discard()

    async def _until_over(
        self, began_at: float, key: "asyncio.Future[str]", broken: "asyncio.Task[str]"
    ) -> None:
        """Return when a key was pressed, the tape broke, or there was silence or sound for long enough."""
        longest_until = began_at + self._verb.max_length_s
        while not key.done() and not broken.done():
            last_at = self._gate.last_sound_at
            until = min(longest_until, (began_at if last_at is None else last_at) + self._verb.silence_s)
            wait_s = until - self._loop.time()
            if wait_s <= 0:
                return
            with self._scene.watch.until(
                until + MARGIN_S, "the recording did not end when its time was over"
            ):
                await asyncio.wait((key, broken), timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)

    def outcome(self, *, keys: str | None = None) -> Recorded:
        """What is told of it."""
        call_is_over, keys = self.call_is_over, self._keys if keys is None else keys
        if self._tape is None:
            return Recorded(keys=keys, call_is_over=call_is_over)
        return self._tape.recorded(keys=keys, call_is_over=call_is_over)

    def tell(self) -> None:
        """Tell that the file is there, and have it put into words, where that is wanted."""
        if self._tape is not None:
            ask_for_words(self._verb, self._scene, self._tape, call_is_over=self.call_is_over)
            tell_ready(self._verb, self._scene, self.outcome(keys=HANG_UP if self.call_is_over else None))


def tell_ready(verb: Record, scene: Scene, recorded: Recorded) -> None:
    """Tell that the file of a recording is whole, where `verb` wants that and there is one."""
    if verb.callback is not None and recorded.recording_id is not None:
        scene.tell_news(verb.callback, verb, RecordingReady(recorded=recorded), recorded.call_is_over)


def ask_for_words(verb: Record, scene: Scene, tape: Tape, *, call_is_over: bool) -> None:
    """Have what was recorded put into words, where `verb` wants that and there is something."""
    if not verb.is_transcribed or not tape.seconds:
        return
    tools, info = scene.tools, scene.call.info
    told = scene.about(call_is_over) if verb.transcription_target is not None else ()
    tools.recorder.emit(
        TranscriptionAsked(
            transcription_id=new_id(),
            recording_id=tape.recording_id,
            account_sid=info.account_sid,
            call_id=info.call_id,
            at=tools.wall_clock(),
            provider=tools.recognisers.first_for_free_speech,
            language=verb.language,
            duration_s=tape.seconds,
            callback=verb.transcription_target,
            callback_parameters=told,
            application_language=info.language,
        )
    )

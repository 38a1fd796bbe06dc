"""One connection of a stream: frames and keys go out as messages, and what comes in is done."""

import asyncio
from collections import deque
from collections.abc import Coroutine
from contextlib import ExitStack, suppress
from typing import Any, Protocol

from offhook.call.errors import OffhookError
from offhook.call.exchange import without_credentials
from offhook.interpreter.scene import Scene
from offhook.interpreter.stream_outbox import MOST_WAITING, StreamOutbox
from offhook.interpreter.stream_player import MOST_WAITING_S, StreamPlayer
from offhook.interpreter.stream_ports import (
    ClearSounds,
    Command,
    EndStream,
    Mark,
    Nonsense,
    PlaySound,
    PressKeys,
    StreamBroke,
    StreamEvent,
    StreamLine,
    StreamTalk,
)
from offhook.speech.pcm import FRAME_BYTES
from offhook.speech.sound_formats import SoundReader, SoundWriter
from offhook.verbs import SendKeys, SoundFormat, Stream, Track

NOT_UNDERSTOOD = 13701
"""The notification's code for a message that means nothing, or could not be carried out."""
GOODBYE_S = 0.5
"""How long the last message may take."""
MOST_PLAYED_FRAMES = 5
"""How many frames of what the far end hears may wait for one of what it says."""
MOST_WAITING_KEYS = 20
"""Lists of keys that are not sent yet."""
MOST_COMPLAINTS = 100
"""How many messages may be complained of; the same complaint is told once."""
SILENCE = bytes(FRAME_BYTES)


class Tell(Protocol):
    """Is told what becomes of the stream."""

    def __call__(self, event: StreamEvent, *, mark: str = "") -> None:
        """Once for each."""


class StreamConnection:
    """While it stands."""

    def __init__(self, verb: Stream, scene: Scene, line: StreamLine, talk: StreamTalk, tell: Tell) -> None:
        self._verb = verb
        self._scene = scene
        self._line = line
        self._talk = talk
        self._tell = tell
        self._clock = scene.tools.wall_clock
        tracks = verb.track.has_inbound + verb.track.has_outbound
        self._outbox = StreamOutbox(
            line, filling=lambda: tell(StreamEvent.DEGRADED), most_waiting=tracks * MOST_WAITING
        )
        self._player = StreamPlayer(scene.call, played=self._was_played, rest=self._rest)
        self._inbound = SoundWriter(verb.sound_format)
        self._outbound = SoundWriter(verb.sound_format)
        self._reader: SoundReader | None = None
        self._played_track = _PlayedTrack()
        self._complaints = 0
        self._keys: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING_KEYS)

    async def run(self) -> None:
        """Returns when the application ends the stream; whatever else ends it, it is told so where it still listens.
        Raises StreamBroke."""
        call = self._scene.call
        self._outbox.put(self._talk.begun())
        with ExitStack() as stack:
            stack.enter_context(call.keys(self._pressed))
            if self._verb.track.has_outbound:
                stack.enter_context(call.listen_played(self._played_track.add))
            stack.enter_context(call.listen(self._frame))
            try:
                await _first_of(self._outbox.run(), self._player.run(), self._press(), self._listen())
            except StreamBroke:
                raise
            except BaseException:
                await self._say_goodbye()
                raise
        await self._say_goodbye()

    async def _press(self) -> None:
        """Send keys, one list after another."""
        while True:
            keys = await self._keys.get()
            with suppress(OffhookError):  # of the call's end among others, which ends the stream as well
                await self._scene.control.act(SendKeys(keys=keys, line=self._verb.line))

    async def _listen(self) -> None:
        """Do what the application says, until it ends the stream."""
        async for message in self._line.messages():
            try:
                for command in self._talk.read(message):
                    if isinstance(command, EndStream):
                        return
                    self._do(command)
            except Nonsense as nonsense:
                self._complain(str(nonsense))

    def _do(self, command: Command) -> None:
        if not self._verb.is_two_way:
            self._complain("it plays or presses something, which only a stream in both directions can")
            return
        match command:
            case PlaySound(sound, sound_format):
                self._play(sound, sound_format)
            case Mark(name):
                self._finish_sound()
                if not self._player.mark(name):
                    self._complain("it sets more marks than can wait")
            case ClearSounds():
                self._reader = None
                self._player.clear()
                self._outbox.put(self._talk.cleared())
                self._tell(StreamEvent.CLEARED)
            case PressKeys(keys):
                try:
                    self._keys.put_nowait(keys)
                except asyncio.QueueFull:
                    self._complain("it sends keys faster than they can be pressed")

    def _play(self, sound: bytes, sound_format: SoundFormat) -> None:
        if self._reader is None or self._reader.sound_format != sound_format:
            self._finish_sound()
            self._reader = SoundReader(sound_format)
        if not self._player.add(self._reader.read(sound)):
            self._complain(
                f"it sends faster than it can be played: what waits for more than {MOST_WAITING_S:g} s is left out"
            )

    def _finish_sound(self) -> None:
        """What a reader kept back belongs to the sound before."""
        self._player.add(self._rest())

    def _rest(self) -> bytes:
        return self._reader.finish() if self._reader is not None else b""

    def _frame(self, frame: bytes) -> None:
        """The far end's frames are the clock of both tracks: they come without a gap."""
        at, track = self._clock(), self._verb.track
        if track.has_inbound:
            for written in self._inbound.write(frame):
                self._outbox.put(self._talk.sound(Track.INBOUND, written, at))
        if track.has_outbound:
            for written in self._outbound.write(self._played_track.take()):
                self._outbox.put(self._talk.sound(Track.OUTBOUND, written, at))

    def _pressed(self, key: str) -> None:
        self._outbox.put(self._talk.key(key, self._clock()))

    def _was_played(self, name: str) -> None:
        self._outbox.put(self._talk.played(name))
        self._tell(StreamEvent.PLAYED, mark=name)

    def _complain(self, words: str) -> None:
        self._complaints += 1
        if self._complaints > MOST_COMPLAINTS:
            return
        where = without_credentials(self._verb.url)
        message = f"What the application at {where} sends on its stream was passed over: {words}."
        self._scene.notices.warning_once(NOT_UNDERSTOOD, f"{self._verb.stream_id} {words}", message)

    async def _say_goodbye(self) -> None:
        message = self._talk.over()
        if message is None:
            return
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._line.send(message)
        except (StreamBroke, TimeoutError):
            return


class _PlayedTrack:
    """What the far end hears, a frame for each of its own. Frames of the two come in no fixed order, so one is held back from
    the beginning of each sound on; without that, a frame of silence would get into the middle of it."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque(maxlen=MOST_PLAYED_FRAMES)
        self._is_flowing = False

    def add(self, frame: bytes) -> None:
        """It hears this."""
        self._frames.append(frame)
        self._is_flowing = self._is_flowing or len(self._frames) > 1

    def take(self) -> bytes:
        """What goes with its next frame."""
        if self._is_flowing and self._frames:
            return self._frames.popleft()
        self._is_flowing = False
        return SILENCE


async def _first_of(*courses: Coroutine[Any, Any, None]) -> None:
    """Returns or raises as the first of them does; the others are cancelled."""
    tasks = [asyncio.create_task(course, name="stream") for course in courses]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in ended:
        task.result()

"""Runs Stream: the call's audio goes to an application over a WebSocket, and what the application sends is played.

A stream may be connected several times, one connection after another, where it breaks. What its document is done with goes on
beside it, unless the stream is awaited.
"""

import asyncio
from dataclasses import replace
from datetime import datetime

import structlog

from offhook.call.errors import CallEnded
from offhook.call.exchange import without_credentials
from offhook.call.info import new_id
from offhook.interpreter.beside import begin_beside
from offhook.interpreter.scene import Scene
from offhook.interpreter.stream_connection import StreamConnection
from offhook.interpreter.stream_ports import StreamBroke, StreamEvent, StreamNews
from offhook.interpreter.stream_record import stream_ran
from offhook.interpreter.streams import TooManyStreams
from offhook.verbs import Stream, Streamed, StreamEnd

STREAM_FAILED = 13700
"""The notification's code for a stream that could not begin, or broke."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 8.0
"""Between one try to connect and the next, twice as long each time."""

FREQUENT = (StreamEvent.PLAYED, StreamEvent.CLEARED, StreamEvent.DEGRADED)
"""What an application can make happen as often as it likes."""
TOLD_AT_ONCE, TOLD_A_SECOND = 50, 5
"""How many of these its status callback hears of: each is a row until it has arrived."""

log = structlog.get_logger()


async def stream(verb: Stream, scene: Scene) -> Streamed:
    """Stream until it is over; one in the background is begun, and its outcome says only which stream it is."""
    verb = verb if verb.stream_id else replace(verb, stream_id=new_id())
    if not verb.is_awaited:
        begin_beside(replace(verb, is_awaited=True), scene)
        return Streamed(stream_id=verb.stream_id)
    return await Streaming(verb, scene).run()


class Streaming:
    """One stream while it runs. Fills `streams.RunningStream`."""

    def __init__(self, verb: Stream, scene: Scene) -> None:
        self._verb = verb
        self._scene = scene
        self._language = scene.tools.stream_languages[verb.language]
        self._loop = asyncio.get_running_loop()
        self._began_at, self._begins_at = scene.tools.wall_clock(), self._loop.time()
        self._limit: asyncio.Timeout | None = None
        self._is_stopped = False
        self._failure = ""
        self._connections = 0
        self._allowance, self._told_at = float(TOLD_AT_ONCE), self._loop.time()
        self.is_connected = False

    @property
    def verb(self) -> Stream:
        """What was asked for."""
        return self._verb

    @property
    def began_at(self) -> datetime:
        """Since when it runs."""
        return self._began_at

    def stop(self) -> None:
        """End it soon."""
        self._is_stopped = True
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(self._loop.time())

    async def run(self) -> Streamed:
        """Stream to the end. Raises CallEnded."""
        end = StreamEnd.ORDERED
        try:
            with self._scene.control.streams.running(self):
                try:
                    async with self._scene.call.alive():
                        end = await self._within_its_time()
                except CallEnded:
                    end = StreamEnd.HANG_UP
                    raise
                finally:
                    self._over(end)
        except TooManyStreams as refused:
            end, self._failure = StreamEnd.BROKEN, str(refused)
            self._over(end)
        return self._streamed(end)

    def _streamed(self, end: StreamEnd) -> Streamed:
        duration_s = self._loop.time() - self._begins_at
        return Streamed(stream_id=self._verb.stream_id, end=end, duration_s=duration_s, failure=self._failure)

    async def _within_its_time(self) -> StreamEnd:
        try:
            async with asyncio.timeout(self._verb.most_s) as limit:
                self._limit = limit
                if self._is_stopped:
                    limit.reschedule(self._loop.time())
                return await self._connect_again_and_again()
        except TimeoutError:
            if not limit.expired():
                raise
            return StreamEnd.ORDERED if self._is_stopped else StreamEnd.TIME_LIMIT

    async def _connect_again_and_again(self) -> StreamEnd:
        pause_s, left = FIRST_PAUSE_S, self._verb.retries
        while True:
            try:
                return await self._connect()
            except StreamBroke as broke:
                self._failure = str(broke)
                self._scene.call.timeline.note("stream", change=f"not connected: {broke}")
                if broke.was_closed:
                    return StreamEnd.CLOSED
                if broke.is_lasting or not left:
                    return StreamEnd.BROKEN
            left -= 1
            log.info("stream.connects_again", stream_id=self._verb.stream_id, after=self._failure)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _connect(self) -> StreamEnd:
        """Returns when the application ends the stream. Raises StreamBroke."""
        verb, scene = self._verb, self._scene
        async with scene.tools.stream_lines.line(verb.url, self._language.signature) as line:
            self._failure, self.is_connected = "", True
            self._connections += 1
            self._scene.call.timeline.note("stream", change="connected")
            self._tell(StreamEvent.STARTED)
            talk = self._language.talk(verb, scene.call.info)
            try:
                await StreamConnection(verb, scene, line, talk, self._tell).run()
            finally:
                self.is_connected = False
        return StreamEnd.APPLICATION

    def _over(self, end: StreamEnd) -> None:
        """Keep its record, and tell whoever wants to know."""
        if end is StreamEnd.ORDERED and not self._is_stopped and self._scene.control.is_over:
            end = StreamEnd.HANG_UP  # it ran beside a document that is over
        tools, info = self._scene.tools, self._scene.call.info
        tools.recorder.emit(stream_ran(self._verb, self._streamed(end), info, tools.wall_clock()))
        verb, call_is_over = self._verb, end is StreamEnd.HANG_UP or self._scene.control.is_over
        if end is StreamEnd.BROKEN:
            words = f"The stream to {without_credentials(verb.url)} ended: {self._failure}."
            self._scene.notices.warning(STREAM_FAILED, words)
        if end in (StreamEnd.BROKEN, StreamEnd.CLOSED):
            self._tell(StreamEvent.DROPPED, error=self._failure)
        elif self._connections:
            self._tell(StreamEvent.STOPPED, call_is_over=call_is_over)

    def _tell(
        self, event: StreamEvent, *, mark: str = "", error: str = "", call_is_over: bool = False
    ) -> None:
        if self._verb.status_target is not None and (event not in FREQUENT or self._may_tell()):
            news = StreamNews(event=event, at=self._scene.tools.wall_clock(), mark=mark, error=error)
            self._scene.tell_news(self._verb.status_target, self._verb, news, call_is_over)

    def _may_tell(self) -> bool:
        now = self._loop.time()
        self._allowance = min(TOLD_AT_ONCE, self._allowance + (now - self._told_at) * TOLD_A_SECOND)
        self._told_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

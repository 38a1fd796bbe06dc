"""What an answered caller hears while nothing else is ready: a soft tone or a sound of the operator's, never silence.

An application may think for seconds, and a sound may take as long to be fetched or spoken. Silence sounds like a call
that broke. So the time in which the caller hears nothing is measured from one wait to the next, as they follow each
other without a pause: the answer of an application, then the sound that it asks for. A caller whose turn it is, in a
gather or a pause, is not filled in for.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from offhook.call.port import Audio, Call
from offhook.interpreter.ports import Tools
from offhook.interpreter.repeat import repeat
from offhook.verbs import Play, Say

log = structlog.get_logger()


class Filler:
    """Fills the waits of one call. `turn_over` says when the caller last heard something, or was last listened to."""

    def __init__(self, call: Call, tools: Tools) -> None:
        self._call = call
        self._prompts = tools.prompts
        self._sound = tools.filler
        self._after_s = tools.filler_after_s
        self._loop = asyncio.get_running_loop()
        self._quiet_since = self._loop.time()
        self._playing: asyncio.Task[None] | None = None

    def turn_over(self) -> None:
        """From now on nobody speaks and nobody is listened to, until the next sound."""
        self._quiet_since = self._loop.time()

    async def audible(self) -> None:
        """Returns once the far end hears us, which it may hold from the first; the time until then is no silence to it."""
        began_at = self._loop.time()
        await self._call.audible()
        self._quiet_since += self._loop.time() - began_at

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """A block in which a caller who has been answered hears the filler once they heard nothing for too long."""
        if self._sound is None or not self._call.is_answered:
            yield
            return
        timer = self._loop.call_at(self._quiet_since + self._after_s, self._begin, self._sound)
        try:
            yield
        finally:
            timer.cancel()
            await self._end()

    @asynccontextmanager
    async def ready(self, prompt: Say | Play) -> AsyncIterator[Audio]:
        """A block in which the sound is there to be played; what `Prompts.ready` raises."""
        async with AsyncExitStack() as stack:
            async with self.waiting():
                audio = await stack.enter_async_context(self._prompts.ready(prompt))
            yield audio

    def _begin(self, sound: Audio) -> None:
        self._playing = asyncio.create_task(repeat(sound, 0, self._call), name="filler")

    async def _end(self) -> None:
        playing, self._playing = self._playing, None
        if playing is None:
            return
        playing.cancel()
        await asyncio.wait((playing,))
        if not playing.cancelled() and (error := playing.exception()) is not None:
            # The caller hears nothing, and the call goes on all the same.
            log.error("filler.broke", exc_info=error)
        self._quiet_since = self._loop.time()

"""What a caller hears while somebody is called: our tone, or what the network of the called side says before the answer.

A network plays its own ringing tone there, or says that a number is not in use (a 183 with SDP). It is heard where one
place alone is called; who is called by several hears the tone. The called side hears nobody before it answers.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from offhook.interpreter.outbound_leg import OutboundLeg
from offhook.interpreter.ringing_tone import ringing_tone
from offhook.interpreter.scene import Scene

log = structlog.get_logger()


class Ringing:
    """The sound of one Dial's waiting."""

    def __init__(self, scene: Scene, *, is_asked: bool) -> None:
        """`is_asked` is whether whoever answers has to accept the call before they are connected."""
        self._scene = scene
        self._is_asked = is_asked
        self._legs: list[OutboundLeg] = []
        self._is_one_called = asyncio.Event()

    def begun(self, leg: OutboundLeg) -> None:
        """A leg rings, the only one or one of several."""
        self._legs.append(leg)
        self._is_one_called.set()

    @asynccontextmanager
    async def heard(self, *, can_be_early: bool) -> AsyncIterator[None]:
        """A block in which the caller hears it; `can_be_early` is whether what a called side says may replace it."""
        if not can_be_early:
            async with ringing_tone(self._scene.call, self._scene.tools.ringing):
                yield
            return
        sounding = asyncio.create_task(self._sound(), name="ringing, or early media")
        try:
            yield
        finally:
            sounding.cancel()
            await asyncio.wait((sounding,))
            if not sounding.cancelled() and (error := sounding.exception()) is not None:
                # The caller hears nothing, and the call goes on all the same.
                log.error("early_media.broke", exc_info=error)

    async def _sound(self) -> None:
        caller, tone = self._scene.call, self._scene.tools.ringing
        async with ringing_tone(caller, tone):
            await self._is_one_called.wait()
            leg = self._legs[0]
            await leg.call.heard_early()
            if len(self._legs) > 1:
                await asyncio.Event().wait()
        room = self._scene.tools.room()
        async with room.joined(caller, is_heard=False), room.joined(leg.call, hears=False):
            await leg.answered.wait()
            if not self._is_asked:  # and so about to be connected
                await asyncio.Event().wait()
        async with ringing_tone(caller, tone):
            await asyncio.Event().wait()

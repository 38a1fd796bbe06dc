"""What is said while nobody listens is over when somebody does, over real SIP and RTP."""

import asyncio
import audioop

import pytest
from bench.load.media import speech_like

from tests.contract.phone import Phone
from tests.contract.worlds import RealWorld

pytestmark = pytest.mark.sip

PATIENCE_S = 30
LOUD = 200


class Listener:
    """Keeps the frames that it hears."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self._more = asyncio.Event()

    def __call__(self, frame: bytes) -> None:
        self.frames.append(frame)
        self._more.set()

    async def hears(self, count: int) -> None:
        """Return once it has heard so many frames."""
        while len(self.frames) < count:
            self._more.clear()
            await self._more.wait()


async def said(phone: Phone, pcm: bytes) -> None:
    """Return once the phone has said it, and half a second more has come back from the other side: a busy machine sends in bursts,
    and what comes in bursts is heard late."""
    phone.say(pcm)
    await phone.until(lambda: not phone.is_speaking)
    known = len(phone.heard)
    await phone.until(lambda: len(phone.heard) >= known + 25)


async def test_a_listener_does_not_hear_what_was_said_before() -> None:
    world = RealWorld()
    await world.start()
    first, second = Listener(), Listener()
    try:
        port = world.switchboard.engine.sip_port
        world.deeds.append(asyncio.create_task(world.peer.invite("1000", port)))
        async with asyncio.timeout(PATIENCE_S):
            leg = await world.arrived.get()
            await leg.answer()
            with leg.listen(first):
                await first.hears(10)
            await said(world.peer, speech_like(1.0, 1.0))
            with leg.listen(second):
                await second.hears(40)
    finally:
        await world.close()
    assert not any(audioop.rms(frame, 2) >= LOUD for frame in second.frames)

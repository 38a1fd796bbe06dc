"""Audio that comes before the answer: none of it lies at the socket when the library begins to read.

Where it did, PJMEDIA at times stopped to read for good: up to two calls of a hundred were deaf, encrypted or not.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from offhook.testing.scripted_call import SOME_CALL
from tests.contract.phone import Phone
from tests.contract.tones import amplitude_of, sine
from tests.contract.worlds import RealWorld
from tests.sip.stranger import Stranger

pytestmark = pytest.mark.sip

PATIENCE_S = 30
FAR_END_HZ, EARLY_HZ, EARLY_PACKETS = 500, 1300, 50
LOUD = 300


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld()
    await real.start()
    try:
        yield real
    finally:
        await real.close()


def lying_at(port: int) -> int:
    """How many bytes wait to be read from a UDP socket of this machine."""
    lines = (line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:])
    queues = next(fields[4] for fields in lines if fields[1] == f"0100007F:{port:04X}")
    return int(queues.partition(":")[2], 16)


async def test_none_of_it_waits_and_the_far_end_is_heard(world: RealWorld) -> None:
    phone = await Phone.open()
    world.party.append(phone)
    leg = await world.switchboard.dial(SOME_CALL, f"sip:peer@127.0.0.1:{phone.port}", {})
    phone._media_from((await phone.expect()).body)
    assert phone.remote_rtp is not None
    host, port = phone.remote_rtp
    early = await Stranger.open("127.0.0.1")
    for target in (port, port + 1):
        await early.speak((host, target), EARLY_HZ, EARLY_PACKETS)
    early.close()
    assert (lying_at(port), lying_at(port + 1)) == (0, 0)
    phone.say(sine(FAR_END_HZ, 10.0))
    phone.respond(200)
    await asyncio.wait_for(leg.connected(), PATIENCE_S)
    frames: list[bytes] = []
    async with asyncio.timeout(PATIENCE_S):
        with leg.listen(frames.append):
            await phone.until(lambda: any(amplitude_of(FAR_END_HZ, frame) > LOUD for frame in frames))
    await leg.hang_up()
    async with asyncio.timeout(PATIENCE_S):
        await phone.over.wait()

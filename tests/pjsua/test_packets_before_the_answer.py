"""Audio that comes before the answer, or while it is negotiated anew: none of it lies at the socket when the library begins to read.

Where it did, PJMEDIA at times stopped to read for good: up to two calls of a hundred were deaf, encrypted or not.
"""

import asyncio
import os
import socket
import struct
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from offhook.pjsua.leg import Leg
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.phone import Phone
from tests.contract.tones import amplitude_of, sine
from tests.contract.worlds import RealWorld
from tests.pjsua.renegotiation import renegotiate
from tests.sip.stranger import Stranger

pytestmark = pytest.mark.sip

PATIENCE_S = 30
FAR_END_HZ, EARLY_HZ, EARLY_PACKETS = 500, 1300, 50
LOUD = 300
MOST_CHANGES = 100
NO_CODECS = struct.pack("!BBHII", 0x80, 77, 0, 0, 0) + bytes(160)


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
    return int(what_is_known_of(port)[4].partition(":")[2], 16)


def dropped_at(port: int) -> int:
    """How many packets the kernel did not let in."""
    return int(what_is_known_of(port)[-1])


def what_is_known_of(port: int) -> list[str]:
    lines = (line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:])
    return next(fields for fields in lines if fields[1] == f"0100007F:{port:04X}")


async def is_heard(leg: Leg, phone: Phone) -> None:
    """What the phone says comes to the leg."""
    frames: list[bytes] = []
    async with asyncio.timeout(PATIENCE_S):
        with leg.listen(frames.append):
            await phone.until(lambda: any(amplitude_of(FAR_END_HZ, frame) > LOUD for frame in frames))


async def dialled(world: RealWorld) -> tuple[Phone, Leg]:
    phone = await Phone.open()
    world.party.append(phone)
    return phone, await world.switchboard.dial(SOME_CALL, f"sip:peer@127.0.0.1:{phone.port}", {})


@pytest.mark.parametrize("given_up_before", [0, 3])
async def test_none_of_it_waits_and_the_far_end_is_heard(given_up_before: int, world: RealWorld) -> None:
    for _ in range(given_up_before):
        phone, leg = await dialled(world)
        await phone.expect()
        await leg.hang_up()
    phone, leg = await dialled(world)
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
    await is_heard(leg, phone)
    await leg.hang_up()
    async with asyncio.timeout(PATIENCE_S):
        await phone.over.wait()


async def test_none_comes_in_between_two_streams(world: RealWorld) -> None:
    """A far end that is held and comes back has a stream made anew each time, and speaks meanwhile."""
    phone = world.peer
    calling = asyncio.create_task(phone.invite("1000", world.switchboard.engine.sip_port))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.answer()
    await calling
    phone.say(sine(FAR_END_HZ, 60.0))
    await is_heard(leg, phone)
    assert phone.remote_rtp is not None
    port, changes = phone.remote_rtp[1], 0
    with Flood(phone.rtp.get_extra_info("socket"), phone.remote_rtp):
        while not dropped_at(port) and changes < MOST_CHANGES:
            changes += 1
            direction = "sendonly" if changes % 2 else "sendrecv"
            assert (await renegotiate(phone, direction)).status == 200
    assert dropped_at(port) > 0
    assert (await renegotiate(phone)).status == 200
    await is_heard(leg, phone)
    assert (await phone.bye()).status == 200


class Flood:
    """Sends packets of audio that is no codec's from a socket, as fast as it can, in a thread of its own."""

    def __init__(self, source: socket.socket, to: tuple[str, int]) -> None:
        self._descriptor, self._to = os.dup(source.fileno()), to
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._send)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _send(self) -> None:
        with socket.socket(fileno=self._descriptor) as source:
            while not self._is_over.wait(0.0001):
                source.sendto(NO_CODECS, self._to)

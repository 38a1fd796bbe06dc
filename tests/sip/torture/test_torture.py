"""Each message over UDP and over TCP: the answer is of the right class, nothing reaches an application that is no call, and the
engine goes on answering and taking calls."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from offhook.call.trunks import SipTransport
from tests.contract.worlds import RealWorld
from tests.sip.torture.beyond import BEYOND
from tests.sip.torture.invalid import INVALID
from tests.sip.torture.message import SILENCE, Torture
from tests.sip.torture.sender import Sender
from tests.sip.torture.valid import VALID

pytestmark = pytest.mark.sip

ALL = (*VALID, *INVALID, *BEYOND)


def test_all_messages_of_the_rfc_are_there() -> None:
    assert len({message.name for message in ALL}) == len({message.section for message in ALL}) == 49


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld(transports=(SipTransport.UDP, SipTransport.TCP))
    await real.start()
    try:
        yield real
    finally:
        await real.close()


@pytest_asyncio.fixture
async def sender(world: RealWorld) -> AsyncIterator[Sender]:
    one = Sender(world)
    await one.open()
    try:
        yield one
    finally:
        await one.close()


async def test_every_message_over_udp(sender: Sender) -> None:
    for message in ALL:
        await sender.by_udp(message)


async def test_every_message_over_tcp(sender: Sender) -> None:
    for message in ALL:
        if message.only_over != "udp":
            await sender.by_tcp(message)


async def test_bytes_that_are_no_sip(sender: Sender) -> None:
    """Garbage, nothing, and a message that comes byte by byte."""
    nothing_said = Torture("junk", "", "", frozenset({SILENCE}), "")
    for data in (
        b"",
        bytes(1400),
        b"\r\n\r\n",
        b"INVITE",
        bytes(range(256)) * 5,
        b"SIP/2.0 200 OK\r\n\r\n",
        b"\x80" * 16_000,
    ):
        sender._udp.sendto(data)
        await sender.judged(nothing_said)
    for data in (bytes(3000), b"\xff" * 20_000):
        garbler = await sender.connect()
        garbler.write(data)
        await sender.judged(nothing_said)
    slow = next(message for message in VALID if message.name == "lwsdisp")
    writer = await sender.connect()
    host, here = writer.get_extra_info("sockname")
    for byte in slow.sent_from(f"{host}:{here}", "tcp"):
        writer.write(bytes([byte]))
        await writer.drain()
    await sender.judged(slow)

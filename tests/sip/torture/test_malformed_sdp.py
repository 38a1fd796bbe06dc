"""Offers that make no sense: they are refused with 4xx or understood, and never answered 5xx; nothing is left behind."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from offhook.call.trunks import SipTransport
from offhook.pjsua.received import WHEEL_PACKET_BYTES
from tests.contract.worlds import RealWorld
from tests.sip.torture.message import SILENCE, Torture
from tests.sip.torture.offers import AUDIO, EITHER, HEAD, MULTIPART, REFUSED, SDPS, offer
from tests.sip.torture.sender import Sender

pytestmark = pytest.mark.sip

ROOM_FOR_HEADERS = 1000


@pytest_asyncio.fixture
async def sender() -> AsyncIterator[Sender]:
    world = RealWorld(transports=(SipTransport.UDP, SipTransport.TCP))
    await world.start()
    one = Sender(world)
    await one.open()
    try:
        yield one
    finally:
        await one.close()
        await world.close()


async def test_offers_that_make_no_sense(sender: Sender) -> None:
    for name, (body, answers) in SDPS.items():
        # A build that takes 4,000 bytes says nothing to what is longer.
        is_long = len(body) >= WHEEL_PACKET_BYTES - ROOM_FOR_HEADERS
        await sender.by_tcp(offer(f"tcp-{name}", body, answers | {SILENCE} if is_long else answers))
        if not is_long:
            await sender.by_udp(offer(f"udp-{name}", body, answers))
    await sender.by_udp(offer("not-sdp", HEAD + AUDIO, REFUSED, "text/plain"))
    await sender.by_udp(offer("multipart", MULTIPART, EITHER, "multipart/related;boundary=x"))
    await sender.by_udp(offer("no-boundary", MULTIPART, EITHER, "multipart/related"))


@pytest.mark.parametrize(
    ("end", "status"), [("\r\n\r\n", 488), ("\n\r\n", 488), ("\r\r", 400), ("\r\n\n", 488)]
)
async def test_streams_are_counted_whatever_the_headers_end_with(
    sender: Sender, end: str, status: int
) -> None:
    many = offer("many", HEAD + AUDIO * 15, frozenset({status}))
    await sender.by_udp(replace(many, text=many.text.replace("\r\n\r\n", end)))


async def test_a_body_that_is_too_long_ends_its_connection_alone(sender: Sender) -> None:
    body = HEAD + AUDIO + "a=x:1\r\n" * 9000
    writer = await sender.connect()
    host, port = writer.get_extra_info("sockname")
    writer.write(offer("huge", body, EITHER).sent_from(f"{host}:{port}", "tcp"))
    await sender.judged(Torture("huge", "", "", EITHER | {SILENCE}, "", is_call=True))

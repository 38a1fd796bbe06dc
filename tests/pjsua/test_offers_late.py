"""Calls whose offer comes late, with our answer, and calls whose session has to be longer than was proposed."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from offhook.pjsua.leg import Leg
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.phone import Phone
from tests.contract.tones import amplitude_of, sine
from tests.contract.worlds import RealWorld
from tests.sip.in_dialog import answered, offer, told
from tests.sip.peer import Dialog, Message

pytestmark = pytest.mark.sip

PATIENCE_S = 30
FAR_END_HZ, LOUD = 700, 1000
SDP = ("Content-Type: application/sdp",)


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld()
    await real.start()
    try:
        yield real
    finally:
        await real.close()


async def both_hear(leg: Leg, phone: Phone) -> None:
    """What the phone says comes to the leg, and packets go on coming to the phone."""
    frames, known = list[bytes](), len(phone.heard)
    phone._speech.clear()
    phone.say(sine(FAR_END_HZ, 20.0))
    async with asyncio.timeout(PATIENCE_S):
        with leg.listen(frames.append):
            await phone.until(lambda: any(amplitude_of(FAR_END_HZ, frame) > LOUD for frame in frames))
        await phone.until(lambda: len(phone.heard) > known + 10)


def agreed(phone: Phone, offered: Message, sdp: str, cseq: int) -> None:
    """Acknowledge an answer that has an offer, with what the phone makes of it."""
    assert phone.dialog is not None
    phone.dialog.remote = offered.get("To")
    phone.dialog.target = offered.get("Contact").partition("<")[2].partition(">")[0]
    assert "m=audio" in offered.body
    phone._media_from(offered.body)
    phone._send_request("ACK", SDP, sdp, cseq=cseq)


async def test_an_invite_without_an_offer_gets_ours(world: RealWorld) -> None:
    phone, port = world.peer, world.switchboard.engine.sip_port
    uri = f"sip:1000@127.0.0.1:{port}"
    whose = f"<sip:+15550100@127.0.0.1:{phone.port}>;tag=p{phone.port}"
    phone._server = ("127.0.0.1", port)
    phone.dialog = Dialog(uri, whose, f"<{uri}>", f"{random.random()}@peer")
    phone._send_request("INVITE", is_new=True)
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    answering = asyncio.create_task(leg.answer())
    agreed(phone, await answered(phone, "1 INVITE"), phone.sdp(), 1)
    phone._start_sending()
    await asyncio.wait_for(answering, PATIENCE_S)
    await both_hear(leg, phone)
    assert (await phone.bye()).status == 200


async def test_a_re_invite_without_an_offer_gets_ours_and_audio_goes_on(world: RealWorld) -> None:
    phone = world.peer
    calling = asyncio.create_task(phone.invite("1000", world.switchboard.engine.sip_port))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.answer()
    await calling
    await both_hear(leg, phone)
    phone._send_request("INVITE")
    agreed(phone, await answered(phone, "2 INVITE"), offer(phone, 2), 2)
    await both_hear(leg, phone)
    assert (await phone.bye()).status == 200


async def test_a_longer_session_is_proposed_to_who_asks_for_it(world: RealWorld) -> None:
    phone = await Phone.open()
    world.party.append(phone)
    leg = await world.switchboard.dial(SOME_CALL, f"sip:peer@127.0.0.1:{phone.port}", {})
    await phone.expect()
    phone.answer_with = ("Min-SE: 3600",)
    phone.respond(422, "Session Interval Too Small")
    phone.answer_with = ()
    invites: list[Message] = []

    def is_there() -> bool:
        invites[:] = [message for message in phone.messages if message.method == "INVITE"]
        return len(invites) == 2

    await told(phone, is_there)
    assert (invites[1].get("Session-Expires"), invites[1].get("Min-SE")) == ("3600", "3600")
    phone._invite = invites[1]
    phone.respond(200)
    await asyncio.wait_for(leg.connected(), PATIENCE_S)
    await both_hear(leg, phone)
    await leg.hang_up()
    await asyncio.wait_for(phone.over.wait(), PATIENCE_S)

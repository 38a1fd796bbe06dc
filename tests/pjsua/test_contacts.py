"""Where our requests in a call go: to a Contact that can be asked, and where it cannot, to where the far end sent from."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest
import pytest_asyncio

from offhook.pjsua.leg import Leg
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.phone import Phone
from tests.contract.worlds import RealWorld
from tests.sip.in_dialog import ask, asked, offer
from tests.sip.nat import Nat, NattedPeer
from tests.sip.peer import Message, Peer

pytestmark = pytest.mark.sip

PATIENCE_S = 30
NOWHERE = (
    "10.0.0.7:5060",
    "[2001:db8::7]:5999;transport=tcp",
    "phone.invalid",
    "100.64.0.9:5060;maddr=10.0.0.8",
)


class Elsewhere(Phone):
    """Names another place in its Contact than it sends from."""

    place = ""

    def _transmit(self, start: str, headers: list[str], body: str) -> None:
        ours, other = f"Contact: <sip:peer@127.0.0.1:{self.port}>", f"Contact: <sip:peer@{self.place}>"
        super()._transmit(start, [other if header == ours else header for header in headers], body)


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld()
    await real.start()
    try:
        yield real
    finally:
        await real.close()


async def elsewhere(world: RealWorld, place: str) -> Elsewhere:
    phone = cast("Elsewhere", await Elsewhere.open())
    world.party.append(phone)
    phone.place = place
    return phone


async def called_by(world: RealWorld, peer: Peer, *headers: str) -> Leg:
    calling = asyncio.create_task(peer.invite("1000", world.switchboard.engine.sip_port, headers=headers))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.answer()
    await calling
    return leg


async def hung_up(leg: Leg, peer: Peer) -> Message:
    """The BYE of ours that comes to a peer."""
    await leg.hang_up()
    await asyncio.wait_for(peer.over.wait(), PATIENCE_S)
    return await asked(peer, "BYE")


async def test_a_caller_behind_nat_hears_that_we_hang_up(world: RealWorld) -> None:
    nat = Nat(is_symmetric=True)
    caller = await NattedPeer.behind(nat)
    try:
        await hung_up(await called_by(world, caller), caller)
    finally:
        await caller.close()


@pytest.mark.parametrize("place", NOWHERE)
async def test_who_calls_and_names_no_place_is_asked_where_he_called_from(
    place: str, world: RealWorld
) -> None:
    caller = await elsewhere(world, place)
    leg = await called_by(world, caller)
    assert (await ask(caller, "INVITE", body=offer(caller, 2))).status == 200
    assert (await hung_up(leg, caller)).start == f"BYE sip:peer@127.0.0.1:{caller.port} SIP/2.0"


@pytest.mark.parametrize("place", NOWHERE)
async def test_who_answers_and_names_no_place_is_asked_where_the_answer_came_from(
    place: str, world: RealWorld
) -> None:
    called = await elsewhere(world, place)
    leg = await world.switchboard.dial(SOME_CALL, f"sip:peer@127.0.0.1:{called.port}", {})
    await called.expect()
    called.respond(180)
    called.respond(200)
    async with asyncio.timeout(PATIENCE_S):
        await leg.connected()
        acknowledged = await asked(called, "ACK")
        assert acknowledged.start == f"ACK sip:peer@127.0.0.1:{called.port} SIP/2.0"
        assert await leg.hold() == 200
    await hung_up(leg, called)


@pytest.mark.parametrize("place", ["127.0.0.1:{}", "10.0.0.7:{};maddr=127.0.0.1"])
async def test_a_contact_that_can_be_asked_is_asked(place: str, world: RealWorld) -> None:
    asked_there = await Phone.open()
    world.party.append(asked_there)
    leg = await called_by(world, await elsewhere(world, place.format(asked_there.port)))
    await hung_up(leg, asked_there)


async def test_proxies_that_want_to_see_all_of_a_call_are_asked_for_its_contact(world: RealWorld) -> None:
    caller = await elsewhere(world, "10.0.0.7:5060")
    leg = await called_by(world, caller, f"Record-Route: <sip:127.0.0.1:{caller.port};lr>")
    # As a phone's answers and requests in a call come by a proxy: without another Record-Route.
    assert (await ask(caller, "INVITE", body=offer(caller, 2))).status == 200
    assert await asyncio.wait_for(leg.hold(), PATIENCE_S) == 200
    assert (await hung_up(leg, caller)).start == "BYE sip:peer@10.0.0.7:5060 SIP/2.0"


async def test_what_a_proxy_passed_on_does_not_tell_where_its_sender_is(world: RealWorld) -> None:
    behind = await Phone.open()
    world.party.append(behind)
    caller = await elsewhere(world, f"0.0.0.0:{behind.port}")  # this machine, to its kernel
    leg = await called_by(world, caller, "Via: SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bK-behind")
    await hung_up(leg, behind)

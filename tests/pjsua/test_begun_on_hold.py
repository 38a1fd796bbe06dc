"""Calls whose first INVITE, or whose answer, puts us on hold: they are heard once they are taken off it, and not kept for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from offhook.call.ending import EndCause, Ending
from offhook.call.errors import CallEnded
from offhook.pjsua.leg import Leg
from offhook.pjsua.silence import NO_LIMITS, SilenceLimits
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.holding import HOLDS, SILENT, Holding
from tests.contract.phone import Phone
from tests.contract.tones import amplitude_of, sine, tone_spans
from tests.contract.worlds import RealWorld
from tests.sip.in_dialog import ask, offer

pytestmark = pytest.mark.sip

PATIENCE_S = 60
FAR_END_HZ, LOUD = 700, 1000


@asynccontextmanager
async def world_without_errors(silence: SilenceLimits = NO_LIMITS) -> AsyncIterator[RealWorld]:
    """A block in which calls can live; what goes wrong in the engine is told at its end."""
    world = RealWorld(silence=silence)
    await world.start()
    try:
        with capture_logs() as logged:
            yield world
    finally:
        await world.close()
    assert [line for line in logged if line["log_level"] == "error"] == []


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    async with world_without_errors() as world:
        yield world


@pytest.mark.parametrize("how", HOLDS)
async def test_a_caller_who_begins_on_hold_is_heard_once_he_takes_us_off_it(
    how: str, world: RealWorld
) -> None:
    peer = world.peer
    port = world.switchboard.engine.sip_port
    calling = asyncio.create_task(peer.invite("1000", port, sdp=HOLDS[how](peer.sdp())))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    answering = asyncio.create_task(leg.answer())
    assert (await calling).status == 200
    answer = await ask(peer, "INVITE", body=offer(peer, 2))
    assert (answer.status, "a=sendrecv" in answer.body) == (200, True)
    peer._media_from(answer.body)
    async with asyncio.timeout(PATIENCE_S):
        await answering
        peer.say(sine(FAR_END_HZ, 20.0))
        await far_end_heard(leg)
    known = len(peer.heard)
    await asyncio.wait_for(peer.until(lambda: len(peer.heard) > known), PATIENCE_S)
    await leg.hang_up()


@pytest.mark.parametrize("how", ["0.0.0.0", "inactive"])
async def test_who_holds_from_the_first_is_answered_all_the_same(how: str, world: RealWorld) -> None:
    peer = world.peer
    sdp = HOLDS[how](peer.sdp())
    calling = asyncio.create_task(peer.invite("1000", world.switchboard.engine.sip_port, sdp=sdp))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    async with asyncio.timeout(PATIENCE_S):
        await leg.answer()
        await calling
        hearing = asyncio.create_task(leg.audible())
        assert (await ask(peer, "OPTIONS")).status == 200
        assert not hearing.done()
        assert (await ask(peer, "INVITE", body=offer(peer, 2))).status == 200
        await hearing
    await leg.hang_up()


@pytest.mark.parametrize("how", SILENT)
async def test_an_answer_on_hold_is_an_answer_and_its_audio_begins_when_it_ends(
    how: str, world: RealWorld
) -> None:
    called, leg = await dialled(world, how)
    async with asyncio.timeout(PATIENCE_S):
        await leg.connected()
        assert leg.is_answered
        hearing = asyncio.create_task(leg.audible())
        assert (await ask(called, "OPTIONS")).status == 200
        assert not hearing.done()
        await called.hold_no_more()
        await hearing
        called.say(sine(FAR_END_HZ, 20.0))
        await far_end_heard(leg)
        await leg.hang_up()


async def test_who_is_connected_with_a_far_end_that_answered_on_hold_hears_it_once_it_holds_no_more(
    world: RealWorld,
) -> None:
    calling = asyncio.create_task(world.peer.invite("1000", world.switchboard.engine.sip_port))
    caller = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    called, leg = await dialled(world, "inactive")
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(calling, caller.answer(), leg.connected())
        room = world.room()
        async with room.joined(caller), room.joined(leg):
            world.peer.say(sine(FAR_END_HZ, 20.0))
            await called.hold_no_more()
            called.say(sine(FAR_END_HZ, 20.0))
            await asyncio.gather(*(hears_tone(peer) for peer in (called, world.peer)))
        await asyncio.gather(leg.hang_up(), caller.hang_up())


async def test_a_called_side_that_only_speaks_is_heard_at_once(world: RealWorld) -> None:
    calling = asyncio.create_task(world.peer.invite("1000", world.switchboard.engine.sip_port))
    caller = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    called, leg = await dialled(world, "sendonly")
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(calling, caller.answer(), leg.connected(), leg.audible())
        room = world.room()
        async with room.joined(caller), room.joined(leg):
            called.say(sine(FAR_END_HZ, 20.0))
            await hears_tone(world.peer)
        await asyncio.gather(leg.hang_up(), caller.hang_up())
    assert called.heard == []


async def test_a_caller_who_only_speaks_is_heard_at_once(world: RealWorld) -> None:
    peer = world.peer
    port = world.switchboard.engine.sip_port
    calling = asyncio.create_task(peer.invite("1000", port, sdp=HOLDS["sendonly"](peer.sdp())))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(leg.answer(), leg.audible())
        assert "a=recvonly" in (await calling).body
        peer.say(sine(FAR_END_HZ, 20.0))
        await far_end_heard(leg)
    await leg.hang_up()
    assert peer.heard == []


async def test_who_stays_on_hold_from_the_first_is_not_kept_for_ever() -> None:
    async with world_without_errors(SilenceLimits(talking_s=PATIENCE_S, on_hold_s=0.5)) as world:
        endings = await asyncio.gather(*(held(world, how) for how in SILENT))
    assert {ending.cause for ending in endings} == {EndCause.BROKEN}
    assert all(ending.reason.endswith(" on hold") for ending in endings)


async def held(world: RealWorld, how: str) -> Ending:
    """How a call of ours ends that is answered on hold."""
    called, leg = await dialled(world, how)
    with pytest.raises(CallEnded) as ended:
        async with asyncio.timeout(PATIENCE_S), leg.alive():
            await leg.connected()
            await leg.audible()
    await asyncio.wait_for(called.over.wait(), PATIENCE_S)
    return ended.value.ending


async def dialled(world: RealWorld, how: str) -> tuple[Holding, Leg]:
    """A call of ours that is answered on hold."""
    called = await Holding.open()
    world.party.append(called)
    called.how = how
    leg = await world.switchboard.dial(SOME_CALL, f"sip:peer@127.0.0.1:{called.port}", {})
    await called.expect()
    called.respond(200)
    return called, leg


async def far_end_heard(leg: Leg) -> None:
    """Returns once the tone of the far end is heard here."""
    frames = asyncio.Queue[bytes]()
    with leg.listen(frames.put_nowait):
        while amplitude_of(FAR_END_HZ, await frames.get()) <= LOUD:
            pass


async def hears_tone(peer: Phone) -> None:
    """Returns once the far end of a call hears that of another."""
    await peer.until(lambda: bool(tone_spans(peer.heard, FAR_END_HZ)))

"""Rooms on real SIP and RTP, where the contract cannot look: renegotiation, churn, and what reaches Python."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from offhook.call.port import DialledCall
from tests.contract.tones import AUDIBLE, VOICES_HZ, amplitude_of, sine, tone_spans
from tests.contract.worlds import RealWorld
from tests.pjsua.renegotiation import renegotiate
from tests.sip.peer import Peer, _Rtp

pytestmark = pytest.mark.sip

PATIENCE_S = 30


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld()
    await real.start()
    try:
        yield real
    finally:
        await real.close()


async def two(world: RealWorld) -> tuple[DialledCall, DialledCall]:
    calls = [await world.comes(), await world.comes()]
    for call in calls:
        await call.answer()
    for peer in world.party:
        await asyncio.wait_for(peer.answered.wait(), PATIENCE_S)
    return calls[0], calls[1]


async def says_and_is_heard(world: RealWorld, voice: int, by: int) -> None:
    """One far end speaks until another hears it."""
    speaker, listener = world.party[voice], world.party[by]
    listener.heard.clear()
    async with asyncio.timeout(PATIENCE_S):
        while not tone_spans(listener.heard, VOICES_HZ[voice]):
            speaker.say(sine(VOICES_HZ[voice], 0.2))
            await asyncio.sleep(0.2)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_frames_reach_python_only_while_somebody_listens(world: RealWorld) -> None:
    first, second = await two(world)
    engine, room = world.switchboard.engine, world.room()
    frames: list[bytes] = []
    async with room.joined(first), room.joined(second):
        await says_and_is_heard(world, 0, by=1)
        await says_and_is_heard(world, 1, by=0)
        assert engine.legs_listened_to == 0
        with first.listen(frames.append):
            await until(lambda: len(frames) >= 10)
            assert engine.legs_listened_to == 1
            await says_and_is_heard(world, 0, by=1)
            await until(lambda: any(amplitude_of(VOICES_HZ[0], frame) > AUDIBLE for frame in frames))
        await until(lambda: engine.legs_listened_to == 0)
        frames.clear()
        await says_and_is_heard(world, 0, by=1)
        assert frames == []


async def _same_again(peer: Peer) -> None:
    assert (await renegotiate(peer)).status == 200


async def _another_port(peer: Peer) -> None:
    peer.rtp.close()
    peer.rtp, _ = await peer.loop.create_datagram_endpoint(lambda: _Rtp(peer), local_addr=("127.0.0.1", 0))
    assert (await renegotiate(peer)).status == 200


async def _hold_and_resume(peer: Peer) -> None:
    for direction in ("sendonly", "sendrecv"):
        assert (await renegotiate(peer, direction)).status == 200


async def _silence_and_resume(peer: Peer) -> None:
    for direction in ("inactive", "sendrecv"):
        assert (await renegotiate(peer, direction)).status == 200


CHANGES = (_same_again, _another_port, _hold_and_resume, _silence_and_resume)


@pytest.mark.parametrize("change", CHANGES)
async def test_a_leg_whose_audio_is_negotiated_anew_stays_in_the_room(
    world: RealWorld, change: Callable[[Peer], object]
) -> None:
    first, second = await two(world)
    room = world.room()
    async with room.joined(first), room.joined(second):
        await says_and_is_heard(world, 0, by=1)
        for _ in range(2):
            await change(world.party[0])  # type: ignore[misc]
            await says_and_is_heard(world, 0, by=1)
            await says_and_is_heard(world, 1, by=0)


@pytest.mark.parametrize("change", CHANGES)
async def test_a_mute_leg_stays_mute_when_its_audio_is_negotiated_anew(
    world: RealWorld, change: Callable[[Peer], object]
) -> None:
    first, second = await two(world)
    room = world.room()
    async with room.joined(first, is_heard=False), room.joined(second):
        await change(world.party[0])  # type: ignore[misc]
        world.party[0].say(sine(VOICES_HZ[0], 20.0))
        await says_and_is_heard(world, 1, by=0)
        assert tone_spans(world.party[1].heard, VOICES_HZ[0]) == []


async def test_a_room_can_be_left_while_the_far_end_has_its_audio_off(world: RealWorld) -> None:
    first, second = await two(world)
    room = world.room()
    async with room.joined(second):
        async with room.joined(first):
            assert (await renegotiate(world.party[0], "inactive")).status == 200
        assert (await renegotiate(world.party[0])).status == 200
        async with room.joined(first):
            await says_and_is_heard(world, 0, by=1)


async def test_legs_that_come_and_go_in_any_order_leave_the_engine_whole(world: RealWorld) -> None:
    for round_ in range(6):
        world.party.clear()
        calls = [await world.comes() for _ in range(4)]
        peers = list(world.party)
        for call in calls:
            await call.answer()
        room = world.room()
        async with AsyncExitStack() as stack:
            places = [await stack.enter_async_context(room.joined(call)) for call in calls]
            for place in places:
                place.change(hears=False)
                place.change(hears=True, is_heard=False)
                place.change(is_heard=True)
            first, second, third, fourth = (round_ + index & 3 for index in range(4))
            await asyncio.gather(peers[first].bye(), calls[second].hang_up())
            places[third].change(is_heard=False)
            await asyncio.gather(calls[third].hang_up(), peers[fourth].bye())
        await until(lambda: world.switchboard.engine.calls_held == 0)
        for peer in peers:
            await peer.close()
    world.party.clear()
    calls = list(await two(world))
    async with (room := world.room()).joined(calls[0]), room.joined(calls[1]):
        await says_and_is_heard(world, 0, by=1)


async def test_a_leg_of_another_engine_is_turned_away(world: RealWorld) -> None:
    leg = await world.comes()
    room = RealWorld().switchboard.room()
    with pytest.raises(ValueError, match="its own worker"):
        async with room.joined(leg):
            pytest.fail("it is elsewhere")


@pytest.mark.parametrize("content_type", ["application/dtmf", "application/dtmf-relay"])
async def test_keys_by_sip_info_are_heard_in_both_forms(world: RealWorld, content_type: str) -> None:
    leg = await world.comes()
    await leg.answer()
    await asyncio.wait_for(world.party[0].answered.wait(), PATIENCE_S)
    keys: list[str] = []
    with leg.keys(keys.append):
        for key in "5*":
            assert (await world.party[0].info(key, content_type)).status == 200
        await until(lambda: len(keys) == 2)
    assert keys == ["5", "*"]


async def test_a_key_by_sip_info_that_is_sent_again_is_one_key(world: RealWorld) -> None:
    leg, peer = await world.comes(), world.party[0]
    await leg.answer()
    await asyncio.wait_for(peer.answered.wait(), PATIENCE_S)
    keys: list[str] = []
    with leg.keys(keys.append):
        assert peer.dialog is not None
        peer.dialog.cseq += 1
        for _ in range(3):
            peer._send_request(
                "INFO", ("Content-Type: application/dtmf",), "5", cseq=peer.dialog.cseq, branch=77
            )
        await peer.info("*", "application/dtmf")
        await until(lambda: "*" in keys)
    assert keys == ["5", "*"]

"""The contract of `call.port` for what is heard before the answer, and for listening along to what a caller hears."""

import asyncio
import audioop
from collections.abc import Callable

import pytest

from offhook.call.errors import CallEnded
from offhook.call.port import Audio
from tests.contract.worlds import World

pytestmark = pytest.mark.sip

Tone = Callable[[float], Audio]
PACKET_S = 0.06


async def test_a_caller_who_rings_hears_us_before_the_answer_and_after_it(world: World, tone: Tone) -> None:
    call = await world.incoming()
    async with call.alive():
        assert await call.progress()
        assert await call.progress()
        assert not call.is_answered
        await call.play(tone(0.4))
        await asyncio.sleep(0.3)
        await call.answer()
        assert call.is_answered
        assert not await call.progress()
        await call.play(tone(0.3))
        await asyncio.sleep(0.2)
    early, late = await world.sounds()
    assert early[1] - early[0] == pytest.approx(0.4, abs=PACKET_S)
    assert late[1] - late[0] == pytest.approx(0.3, abs=PACKET_S)


async def test_a_call_that_was_heard_early_can_be_refused(world: World, tone: Tone) -> None:
    call = await world.incoming()
    assert await call.progress()
    await call.play(tone(0.2))
    await call.reject(486)
    assert await world.refusal() == 486


async def test_a_caller_who_hears_us_early_may_give_up(world: World, tone: Tone) -> None:
    call = await world.incoming("0.6 hangs up")
    sound = tone(5.0)
    with pytest.raises(CallEnded):
        async with call.alive():
            await call.progress()
            await call.play(sound)


async def test_who_listens_along_hears_what_the_caller_hears_while_there_is_something(
    world: World, tone: Tone
) -> None:
    call = await world.incoming()
    await call.answer()
    along: list[bytes] = []
    sound = tone(0.5)
    with call.listen_played(along.append):
        await asyncio.sleep(0.2)
        assert [frame for frame in along if audioop.rms(frame, 2) > 300] == []
        await call.play(sound)
        await asyncio.sleep(0.2)
    loud = [frame for frame in along if audioop.rms(frame, 2) > 300]
    assert {len(frame) for frame in along} == {320}
    assert len(loud) == pytest.approx(25, abs=4)
    known = len(along)
    await call.play(sound)
    assert len(along) <= known + 2


async def test_what_plays_already_is_heard_along(world: World, tone: Tone) -> None:
    call = await world.incoming()
    await call.answer()
    along: list[bytes] = []
    playing = asyncio.create_task(call.play(tone(1.0)))
    await asyncio.sleep(0.5)
    with call.listen_played(along.append):
        await playing
    assert 15 <= len([frame for frame in along if audioop.rms(frame, 2) > 300]) <= 32


async def test_keys_are_sent_before_the_answer_to_who_hears_us_then(world: World) -> None:
    call = await world.dialled("0.1 is heard early", "3.0 answers")
    async with call.alive():
        await call.send_keys("1w2#")
        assert not call.is_answered
        await call.connected()
        await asyncio.sleep(0.1)
    assert await world.keys_received() == "12#"


async def test_what_a_caller_says_before_the_answer_is_heard(world: World) -> None:
    call = await world.incoming("0.3 says 5.0")
    heard = asyncio.Event()

    def take(frame: bytes) -> None:
        if audioop.rms(frame, 2) > 300:
            heard.set()

    with call.listen(take):
        assert await call.progress()
        async with asyncio.timeout(20):
            await heard.wait()
    assert not call.is_answered

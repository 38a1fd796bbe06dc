"""The contract of `call.port`, for every kind of call. Times are told to a packet and a tick (60 ms)."""

import asyncio
import audioop
from collections.abc import Callable

import pytest

from offhook.call.ending import EndCause
from offhook.call.errors import CallEnded
from offhook.call.port import Audio
from tests.contract.worlds import World

pytestmark = pytest.mark.sip

Tone = Callable[[float], Audio]
PACKET_S = 0.06


async def test_an_answered_call_hears_a_sound_for_as_long_as_it_lasts(world: World, tone: Tone) -> None:
    call = await world.incoming()
    assert not call.is_answered
    async with call.alive():
        await call.answer()
        assert call.is_answered
        await call.play(tone(0.5))
    [(begin, end)] = await world.sounds()
    assert end - begin == pytest.approx(0.5, abs=PACKET_S)


async def test_cancelling_a_sound_silences_the_caller_within_40_ms(world: World, tone: Tone) -> None:
    call = await world.incoming()
    await call.answer()
    playing = asyncio.create_task(call.play(tone(5.0)))
    await asyncio.sleep(0.8)
    cancelled_at = asyncio.get_running_loop().time()
    playing.cancel()
    await asyncio.sleep(0.3)
    [(_, end)] = await world.sounds()
    assert end - cancelled_at <= 3 * 0.04


async def test_sounds_follow_each_other(world: World, tone: Tone) -> None:
    call = await world.incoming()
    await call.answer()
    await call.play(tone(0.3))
    await asyncio.sleep(0.3)
    await call.play(tone(0.4))
    first, second = await world.sounds()
    assert first[1] - first[0] == pytest.approx(0.3, abs=PACKET_S)
    assert second[1] - second[0] == pytest.approx(0.4, abs=PACKET_S)
    assert second[0] >= first[1]


async def test_a_sound_is_played_from_where_it_is_wanted(world: World, tone: Tone) -> None:
    call = await world.incoming()
    await call.answer()
    sound = tone(1.0)
    await call.play(sound, from_s=0.6)
    await asyncio.sleep(0.3)
    await call.play(sound, from_s=1.0)
    await asyncio.sleep(0.3)
    [(begin, end)] = await world.sounds()
    assert end - begin == pytest.approx(0.4, abs=PACKET_S)


async def test_keys_are_told_once_each_and_only_inside_the_block(world: World) -> None:
    call = await world.incoming("0.1 key 9", "0.6 key 1", "0.9 key *", "1.2 key #", "2.2 key 8")
    await call.answer()
    await asyncio.sleep(0.4)
    pressed: list[str] = []
    with call.keys(pressed.append):
        await asyncio.sleep(1.4)
    await asyncio.sleep(0.6)
    assert pressed == ["1", "*", "#"]


async def test_the_callers_voice_arrives_in_frames_of_20_ms(world: World) -> None:
    call = await world.incoming("0.6 says 0.6")
    await call.answer()
    frames: list[bytes] = []
    with call.listen(frames.append):
        await asyncio.sleep(2.0)
    count = len(frames)
    assert {len(frame) for frame in frames} == {320}
    assert 90 <= count <= 102
    loud = [frame for frame in frames if audioop.rms(frame, 2) > 300]
    assert len(loud) == pytest.approx(30, abs=6)
    await asyncio.sleep(0.2)
    assert len(frames) - count <= 2


async def test_a_block_ends_with_call_ended_when_the_caller_hangs_up(world: World) -> None:
    call = await world.incoming("0.5 hangs up")
    await call.answer()
    with pytest.raises(CallEnded) as ended:
        async with call.alive():
            await asyncio.sleep(30)
    assert ended.value.ending.cause is EndCause.FAR_END
    with pytest.raises(CallEnded):
        async with call.alive():
            pytest.fail("the call is over")


async def test_children_of_the_block_end_first_and_the_exception_comes_plain(
    world: World, tone: Tone
) -> None:
    call = await world.incoming("0.5 hangs up")
    await call.answer()
    ended: list[str] = []
    sound = tone(20.0)

    async def child() -> None:
        try:
            await call.play(sound)
        finally:
            ended.append("child")

    with pytest.raises(CallEnded):
        async with call.alive(), asyncio.TaskGroup() as tasks:
            tasks.create_task(child())
            tasks.create_task(child())
    assert ended == ["child", "child"]


async def test_a_caller_who_gives_up_before_the_answer_has_abandoned_the_call(world: World) -> None:
    call = await world.incoming("0.3 hangs up")
    with pytest.raises(CallEnded) as ended:
        async with call.alive():
            await asyncio.sleep(30)
    assert ended.value.ending.cause is EndCause.ABANDONED


@pytest.mark.parametrize("status", [486, 603, 404])
async def test_a_rejected_call_ends_with_its_status(world: World, status: int) -> None:
    call = await world.incoming()
    await call.reject(status)
    assert await world.refusal() == status
    with pytest.raises(CallEnded) as ended:
        async with call.alive():
            pytest.fail("the call is over")
    assert ended.value.ending.cause is EndCause.HERE
    assert ended.value.ending.sip_status == status


async def test_hanging_up_ends_the_far_end_and_may_be_done_twice(world: World) -> None:
    call = await world.incoming()
    await call.answer()
    await asyncio.sleep(0.2)
    await call.hang_up()
    await call.hang_up()
    await world.far_end_over()
    with pytest.raises(CallEnded) as ended:
        async with call.alive():
            pytest.fail("the call is over")
    assert ended.value.ending.cause is EndCause.HERE


async def test_a_dialled_call_rings_and_is_answered(world: World, tone: Tone) -> None:
    call = await world.dialled("0.3 rings", "0.6 answers")
    async with call.alive():
        await call.rung()
        assert not call.is_answered
        await call.connected()
        assert call.is_answered
        await call.play(tone(0.3))
    [(begin, end)] = await world.sounds()
    assert end - begin == pytest.approx(0.3, abs=PACKET_S)


async def test_a_refused_call_ends_with_the_far_ends_status(world: World) -> None:
    call = await world.dialled("0.2 rings", "0.4 refuses 486")
    with pytest.raises(CallEnded) as ended:
        async with call.alive():
            await call.connected()
    assert ended.value.ending.cause is EndCause.REFUSED
    assert ended.value.ending.sip_status == 486


async def test_a_dialled_call_that_is_given_up_ends_the_ringing(world: World) -> None:
    call = await world.dialled("0.2 rings")
    await call.rung()
    await call.hang_up()
    with pytest.raises(CallEnded):
        async with call.alive():
            pytest.fail("the call is over")
    await world.far_end_over()


async def test_keys_can_be_sent(world: World) -> None:
    call = await world.incoming()
    await call.answer()
    async with call.alive():
        await call.send_keys("1w2#")
        await asyncio.sleep(0.3)
    assert await world.keys_received() == "12#"


async def test_an_inner_timeout_stays_a_timeout(world: World) -> None:
    call = await world.incoming()
    await call.answer()
    async with call.alive():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await asyncio.sleep(10)


async def test_a_foreign_cancellation_is_left_alone(world: World) -> None:
    call = await world.incoming()
    await call.answer()

    async def live() -> None:
        async with call.alive():
            await asyncio.sleep(30)

    living = asyncio.create_task(live())
    await asyncio.sleep(0.1)
    living.cancel()
    with pytest.raises(asyncio.CancelledError):
        await living


async def test_an_echo_lets_the_caller_hear_themselves(world: World) -> None:
    call = await world.incoming("0.4 says 0.6", "1.8 hangs up")
    await call.answer()
    with pytest.raises(CallEnded):
        async with call.alive():
            await call.echo()
    [(begin, end)] = await world.sounds()
    assert end - begin > 0.5


async def test_the_timeline_tells_sounds_and_keys(world: World, tone: Tone) -> None:
    call = await world.incoming("0.3 key 5", "0.9 key 6")
    await call.answer()
    with call.keys(lambda key: None):
        await call.play(tone(0.6))
    playing = asyncio.create_task(call.play(tone(5.0)))
    await asyncio.sleep(0.6)
    playing.cancel()
    await asyncio.wait((playing,))
    told = [(kind, facts) for _, kind, facts in call.timeline.take() if kind not in ("sip", "media")]
    assert told == [
        ("sound", {"label": "tone", "length_s": 0.6}),
        ("key", {"key": "5", "is_heard": True}),
        ("sound", {"label": "tone", "length_s": 5.0}),
        ("key", {"key": "6", "is_heard": False}),
        ("silenced", {"label": "tone"}),
    ]

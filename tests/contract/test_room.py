"""The contract of `call.port.Room`, for every kind of call. Far ends speak in the times of their script.

How long something is heard is not measured: on a busy machine the far ends themselves come late.
"""

import asyncio
import audioop
from contextlib import AsyncExitStack

import pytest

from offhook.call.errors import CallEnded
from offhook.call.port import Audio, DialledCall, Room
from tests.contract.worlds import World

pytestmark = pytest.mark.sip

SPEAKS_ON = ("0.1 says 120",)


async def answered(world: World, *scripts: tuple[str, ...]) -> list[DialledCall]:
    calls = [await world.comes(*script) for script in scripts]
    for call in calls:
        await call.answer()
    return calls


async def stay(room: Room, calls: list[DialledCall], seconds: float) -> None:
    async with AsyncExitStack() as stack:
        for call in calls:
            await stack.enter_async_context(room.joined(call))
        await asyncio.sleep(seconds)


async def test_each_hears_all_others_and_never_itself(world: World) -> None:
    calls = await answered(world, ("0.5 says 0.6",), ("1.5 says 0.6",), ("2.5 says 0.6",))
    await stay(world.room(), calls, 4.0)
    for voice in range(3):
        for ear in range(3):
            assert bool(await world.voice_heard(voice, by=ear)) == (voice != ear), (voice, ear)


async def test_voices_mix(world: World) -> None:
    calls = await answered(world, SPEAKS_ON, SPEAKS_ON, ())
    room = world.room()
    async with room.joined(calls[0]), room.joined(calls[1]), room.joined(calls[2]):
        for _ in range(2):
            await world.comes_to_hear(0, by=2)
            await world.comes_to_hear(1, by=2)


async def test_who_leaves_is_neither_heard_nor_hears_and_may_come_again(world: World) -> None:
    comer, stayer = await answered(world, SPEAKS_ON, SPEAKS_ON)
    room = world.room()
    async with room.joined(stayer):
        for _ in range(2):
            async with room.joined(comer):
                assert list(room.legs) == [stayer, comer]
                await world.comes_to_hear(0, by=1)
                await world.comes_to_hear(1, by=0)
            assert list(room.legs) == [stayer]
            await world.stops_hearing(0, by=1)
            await world.stops_hearing(1, by=0)
    assert list(room.legs) == []


async def test_who_is_muted_hears_and_can_be_given_the_word(world: World) -> None:
    first, second = await answered(world, SPEAKS_ON, SPEAKS_ON)
    room = world.room()
    async with room.joined(second), room.joined(first, is_heard=False) as place:
        await world.comes_to_hear(1, by=0)
        assert await world.voice_heard(0, by=1) == []
        place.change(is_heard=True)
        await world.comes_to_hear(0, by=1)
        place.change(is_heard=False)
        await world.stops_hearing(0, by=1)
        await world.comes_to_hear(1, by=0)


async def test_who_is_deaf_is_heard_and_can_be_let_in(world: World) -> None:
    first, second = await answered(world, SPEAKS_ON, SPEAKS_ON)
    room = world.room()
    async with room.joined(first), room.joined(second, hears=False) as place:
        await world.comes_to_hear(1, by=0)
        assert await world.voice_heard(0, by=1) == []
        place.change(hears=True, is_heard=False)
        await world.comes_to_hear(0, by=1)
        await world.stops_hearing(1, by=0)
        place.change(hears=False)
        await world.stops_hearing(0, by=1)


async def test_a_leg_that_ends_is_out_and_the_others_go_on(world: World) -> None:
    calls = await answered(world, ("1.0 hangs up",), SPEAKS_ON, SPEAKS_ON)
    leaver, *rest = calls
    room = world.room()

    async def visit() -> None:
        async with leaver.alive(), room.joined(leaver):
            await asyncio.sleep(60)

    async with AsyncExitStack() as stack:
        for call in rest:
            await stack.enter_async_context(room.joined(call))
        with pytest.raises(CallEnded):
            await visit()
        assert list(room.legs) == rest
        await world.comes_to_hear(1, by=2)
        await world.comes_to_hear(2, by=1)


async def test_hanging_up_a_leg_inside_of_its_block_takes_it_out(world: World) -> None:
    leaver, stayer = await answered(world, (), ())
    room = world.room()
    async with room.joined(stayer), room.joined(leaver) as place:
        await leaver.hang_up()
        assert list(room.legs) == [stayer]
        place.change(is_heard=False)
        async with room.joined(newcomer := await world.comes()):
            assert list(room.legs) == [stayer, newcomer]


async def test_a_leg_that_has_ended_does_not_come_in(world: World) -> None:
    gone, stayer = await answered(world, (), ())
    room = world.room()
    await gone.hang_up()
    async with room.joined(stayer), room.joined(gone):
        assert list(room.legs) == [stayer]


async def test_what_is_played_to_a_leg_is_heard_by_it_alone_on_top_of_the_room(
    world: World, announcement: Audio
) -> None:
    calls = await answered(world, SPEAKS_ON, ())
    room = world.room()
    async with room.joined(calls[0]), room.joined(calls[1]):
        playing = asyncio.create_task(calls[1].play(announcement))
        await world.comes_to_hear(0, by=1)
        await playing
        await world.comes_to_hear(0, by=1)
    assert await world.announcement_heard(by=1)
    assert await world.announcement_heard(by=0) == []


async def test_a_leg_in_a_room_can_be_listened_to_and_its_own_voice_alone_is_told(world: World) -> None:
    calls = await answered(world, ("0.5 says 0.6",), ("1.7 says 0.8",))
    room = world.room()
    frames: list[bytes] = []
    async with room.joined(calls[0]), room.joined(calls[1]):
        with calls[0].listen(frames.append):
            await asyncio.sleep(3.0)
    loud = [frame for frame in frames if audioop.rms(frame, 2) > 300]
    assert 5 <= len(loud) <= 45
    assert await world.voice_heard(0, by=1)


async def test_a_ringing_leg_is_connected_once_it_is_answered(world: World) -> None:
    calls = [await world.comes(*SPEAKS_ON), await world.comes(*SPEAKS_ON)]
    await calls[0].answer()
    room = world.room()
    async with room.joined(calls[0]), room.joined(calls[1]):
        await asyncio.sleep(0.3)
        await calls[1].answer()
        await world.comes_to_hear(0, by=1)
        await world.comes_to_hear(1, by=0)


async def test_a_leg_is_in_one_room_at_a_time(world: World) -> None:
    [call] = await answered(world, ())
    room, other = world.room(), world.room()
    async with room.joined(call):
        with pytest.raises(ValueError, match="in a room already"):
            async with other.joined(call):
                pytest.fail("it is elsewhere")
        assert (list(room.legs), list(other.legs)) == ([call], [])
    async with other.joined(call):
        assert list(other.legs) == [call]

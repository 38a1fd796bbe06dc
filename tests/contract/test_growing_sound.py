"""The contract of `call.port` for sounds that grow while they are played, for every kind of call."""

import asyncio
from pathlib import Path

import pytest

from offhook.call.growing import GrowingSound
from offhook.call.port import Audio, Call
from tests.contract.tones import ANNOUNCEMENT_HZ, sine
from tests.contract.worlds import World

pytestmark = pytest.mark.sip

PACKET_S = 0.06


class Broke(Exception):
    """What ended a sound."""


def growing_audio(first_s: float) -> tuple[GrowingSound, Audio]:
    growing = GrowingSound()
    growing.add(sine(ANNOUNCEMENT_HZ, first_s))
    return growing, Audio(path=Path("nowhere.wav"), duration_s=first_s, label="speech", growing=growing)


async def answered(world: World) -> Call:
    call = await world.incoming()
    await call.answer()
    return call


async def test_it_is_heard_as_one_sound_while_it_grows(world: World) -> None:
    call = await answered(world)
    growing, audio = growing_audio(1.0)
    playing = asyncio.create_task(call.play(audio))
    for _ in range(4):
        await asyncio.sleep(0.15)
        growing.add(sine(ANNOUNCEMENT_HZ, 0.2))
    growing.end()
    await playing
    await asyncio.sleep(0.2)
    [(begin, end)] = await world.sounds()
    assert end - begin == pytest.approx(1.8, abs=PACKET_S)


async def test_where_it_grows_too_slowly_it_is_silent_and_nothing_is_lost(world: World) -> None:
    call = await answered(world)
    growing, audio = growing_audio(0.4)
    playing = asyncio.create_task(call.play(audio))
    await asyncio.sleep(1.2)
    growing.add(sine(ANNOUNCEMENT_HZ, 0.5))
    growing.end()
    await playing
    await asyncio.sleep(0.2)
    first, second = await world.sounds()
    assert first[1] - first[0] == pytest.approx(0.4, abs=2 * PACKET_S)
    assert second[1] - second[0] == pytest.approx(0.5, abs=PACKET_S)


async def test_cancelling_it_silences_the_caller_and_another_may_be_played(world: World) -> None:
    call = await answered(world)
    growing, audio = growing_audio(5.0)
    playing = asyncio.create_task(call.play(audio))
    await asyncio.sleep(0.8)
    cancelled_at = asyncio.get_running_loop().time()
    playing.cancel()
    await asyncio.sleep(0.4)
    [(_, end)] = await world.sounds()
    assert end - cancelled_at <= 3 * 0.04
    growing.end()
    await call.play(audio, from_s=4.6)
    await asyncio.sleep(0.2)
    begin, end = (await world.sounds())[-1]
    assert end - begin == pytest.approx(0.4, abs=PACKET_S)


async def test_its_fault_is_raised_once_what_there_is_was_heard(world: World) -> None:
    call = await answered(world)
    growing, audio = growing_audio(0.4)
    growing.end(Broke())
    with pytest.raises(Broke):
        await call.play(audio)
    await asyncio.sleep(0.2)
    [(begin, end)] = await world.sounds()
    assert end - begin == pytest.approx(0.4, abs=PACKET_S)

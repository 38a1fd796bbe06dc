"""The contract of what a leg can do besides talking: sounds at once, recordings, holding, transfers; for every kind of call."""

import asyncio
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from offhook.call.ending import EndCause
from offhook.call.errors import CallEnded, OffhookError
from offhook.call.info import Sides
from offhook.call.port import Audio, ReferOutcome, Transfer
from offhook.speech.wav import wav_header
from tests.contract.tones import ANNOUNCEMENT_HZ, sine
from tests.contract.worlds import World

pytestmark = pytest.mark.sip

Tone = Callable[[float], Audio]
PATIENCE_S = 30


@pytest.fixture
def chime(tmp_path: Path) -> Audio:
    """Half a second of the tone that no voice has."""
    (tmp_path / "sounds").mkdir()
    path = tmp_path / "sounds" / "chime.wav"
    path.write_bytes(wav_header(8000) + sine(ANNOUNCEMENT_HZ, 0.5))
    return Audio(path=path, duration_s=0.5, label="announcement")


def length_s(path: Path) -> float:
    with wave.open(str(path)) as file:
        assert (file.getsampwidth(), file.getframerate()) == (2, 8000)
        return int(file.getnframes()) / 8000


def channels(path: Path) -> int:
    with wave.open(str(path)) as file:
        return int(file.getnchannels())


async def test_sounds_that_are_played_at_once_are_heard_together(
    world: World, tone: Tone, chime: Audio
) -> None:
    call = await world.comes()
    await call.answer()
    async with asyncio.TaskGroup() as both:
        both.create_task(call.play(chime))
        await asyncio.sleep(0.1)
        await call.play(tone(0.2))
    [(begin, end)] = await world.announcement_heard(by=0)
    assert end - begin > 0.35


@pytest.mark.parametrize("sides", Sides)
async def test_a_recording_is_as_long_as_its_block_silence_included(
    world: World, tmp_path: Path, sides: Sides
) -> None:
    call = await world.comes("0.2 says 0.3")
    await call.answer()
    path = tmp_path / "call.wav"
    began_at = asyncio.get_running_loop().time()
    async with call.taped(path, sides) as taping:
        await asyncio.sleep(1.0)
        assert taping.seconds == pytest.approx(1.0, abs=0.5)
    assert length_s(path) == pytest.approx(asyncio.get_running_loop().time() - began_at, abs=0.3)
    assert channels(path) == (2 if sides is Sides.STEREO else 1)
    assert [found.name for found in tmp_path.iterdir()] == ["call.wav"]


async def test_a_recording_of_a_leg_that_still_rings_is_silence(world: World, tmp_path: Path) -> None:
    call = await world.comes()
    path = tmp_path / "call.wav"
    async with call.taped(path, Sides.FAR_END):
        await asyncio.sleep(0.6)
    assert length_s(path) == pytest.approx(0.6, abs=0.3)


async def test_a_recording_is_whole_when_the_caller_hangs_up(world: World, tmp_path: Path) -> None:
    call = await world.incoming("0.5 hangs up")
    await call.answer()
    path = tmp_path / "call.wav"
    with pytest.raises(CallEnded):
        async with call.alive(), call.taped(path, Sides.MIXED):
            await asyncio.sleep(60)
    assert length_s(path) == pytest.approx(0.5, abs=0.4)


async def test_a_recording_into_nowhere_says_so(world: World, tmp_path: Path) -> None:
    call = await world.incoming()
    await call.answer()
    with pytest.raises(OffhookError, match=r"call\.wav"):
        async with call.taped(tmp_path / "missing" / "call.wav", Sides.FAR_END):
            pytest.fail("there is no such directory")


async def test_a_room_is_recorded_and_played_to(world: World, tmp_path: Path, chime: Audio) -> None:
    calls = [await world.comes(), await world.comes()]
    for call in calls:
        await call.answer()
    room = world.room()
    path = tmp_path / "room.wav"
    async with room.joined(calls[0]), room.taped(path):
        playing = asyncio.create_task(room.play(chime))
        await asyncio.sleep(0.1)
        async with room.joined(calls[1]):
            await playing
    assert await world.announcement_heard(by=0)
    assert await world.announcement_heard(by=1)
    assert 0.4 < length_s(path) < 2.0


async def test_the_far_end_is_held_and_taken_back(world: World, chime: Audio) -> None:
    call = await world.comes()
    await call.answer()
    assert await call.resume() == 200
    assert await call.hold() == 200
    assert await call.hold() == 200
    await call.play(chime)
    assert await world.announcement_heard(by=0)
    assert await call.resume() == 200


async def test_who_is_held_hears_the_room_and_is_not_heard_in_it(world: World) -> None:
    calls = [await world.comes("0.1 says 120"), await world.comes("0.1 says 120")]
    for call in calls:
        await call.answer()
    room = world.room()
    async with room.joined(calls[0]), room.joined(calls[1]):
        assert await calls[0].hold() == 200
        await world.stops_hearing(0, by=1)
        await world.comes_to_hear(1, by=0)
        assert await calls[0].resume() == 200
        await world.comes_to_hear(0, by=1)


async def test_who_refuses_to_be_held_is_not(world: World) -> None:
    call = await world.comes("0.0 refuses hold 488")
    await call.answer()
    await asyncio.sleep(0.1)
    assert await call.hold() == 488
    assert await call.resume() == 200


async def test_keys_are_heard_of_who_is_held(world: World) -> None:
    call = await world.comes("0.4 key 5")
    await call.answer()
    keys: list[str] = []
    with call.keys(keys.append):
        assert await call.hold() == 200
        await asyncio.sleep(1.0)
    assert keys == ["5"]


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (("0.0 reports 200",), ReferOutcome(202, 200)),
        (("0.0 reports 486",), ReferOutcome(202, 486)),
        (("0.0 refuses refer 603",), ReferOutcome(603)),
        (("0.0 reports nothing", "0.5 hangs up"), ReferOutcome(202)),
    ],
)
async def test_the_far_end_is_asked_to_call_somebody_else(
    world: World, script: tuple[str, ...], outcome: ReferOutcome
) -> None:
    call = await world.comes(*script)
    await call.answer()
    await asyncio.sleep(0.1)
    async with asyncio.timeout(PATIENCE_S):
        assert await call.refer("sip:bob@example.com") == outcome


async def test_a_leg_that_has_ended_is_neither_held_nor_referred(world: World) -> None:
    call = await world.comes()
    await call.answer()
    await call.hang_up()
    async with asyncio.timeout(PATIENCE_S):
        assert await call.hold() == 408
        assert await call.refer("sip:bob@example.com") == ReferOutcome(408)


async def test_a_transfer_is_accepted_at_once_and_its_outcome_told(world: World) -> None:
    call = await world.comes("0.7 transfers sip:bob@example.com", "1.3 transfers sip:carol@example.com")
    await call.answer()
    asked: asyncio.Queue[Transfer] = asyncio.Queue()
    assert await call.refer("sip:dave@example.com") == ReferOutcome(
        202, 200
    )  # the other way, in the same dialog
    with call.transfers(asked.put_nowait):
        async with asyncio.timeout(PATIENCE_S):
            transfer = await asked.get()
        assert transfer.target == "sip:bob@example.com"
        assert transfer.referred_by
        transfer.tell(180)
        transfer.tell(200)
        transfer.tell(486)
        await asyncio.sleep(0.3)
    await asyncio.sleep(1.0)
    assert await world.transfers_answered(by=0) == [202, 603]
    assert await world.transfers_told(by=0) == [180, 200]
    assert asked.empty()


async def test_headers_of_the_answer_and_of_the_end_are_told(world: World) -> None:
    call = await world.dialled("0.1 rings", "0.2 answers with X-Desk=7", "0.6 hangs up with X-Why=done")
    assert call.sip_call_id
    with pytest.raises(CallEnded) as ended:
        async with call.alive():
            await call.connected()
            assert call.answer_headers == (("X-Desk", "7"),)
            await asyncio.sleep(PATIENCE_S)
    assert ended.value.ending.cause is EndCause.FAR_END
    assert ended.value.ending.headers == (("X-Why", "done"),)
    assert call.answer_headers == (("X-Why", "done"),)


@pytest.mark.parametrize("status", [302, 404, 503])
async def test_a_refusal_tells_its_status_and_headers(world: World, status: int) -> None:
    call = await world.dialled(f"0.2 refuses {status} with X-Why=no")
    with pytest.raises(CallEnded) as ended:
        async with call.alive():
            await call.connected()
    ending = ended.value.ending
    assert (ending.cause, ending.sip_status) == (EndCause.REFUSED, status)
    assert ending.headers == (("X-Why", "no"),)

"""Recordings on real SIP and RTP, where the contract cannot look: new ports, what is on which side, a disk that is full."""

import asyncio
import resource
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from offhook.call.info import Sides
from offhook.call.port import Audio
from tests.contract.tones import ANNOUNCEMENT_HZ, AUDIBLE, VOICES_HZ, amplitude_of, sine
from tests.contract.worlds import RealWorld
from tests.pjsua.renegotiation import renegotiate
from tests.sip.peer import _Rtp

pytestmark = pytest.mark.sip

PATIENCE_S = 30
PIECE_BYTES = 3200
"""0.2 s."""


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld()
    await real.start()
    try:
        yield real
    finally:
        await real.close()


@pytest.fixture
def announcement(tmp_path: Path) -> Audio:
    path = tmp_path / "announcement.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(sine(ANNOUNCEMENT_HZ, 0.6))
    return Audio(path=path, duration_s=0.6, label="announcement")


def channels_of(path: Path) -> list[bytes]:
    with wave.open(str(path)) as file:
        count, sound = file.getnchannels(), file.readframes(file.getnframes())
    if count == 1:
        return [sound]
    return [b"".join(sound[at : at + 2] for at in range(2 * side, len(sound), 4)) for side in range(2)]


def holds(pcm: bytes, hertz: int) -> bool:
    pieces = [pcm[at : at + PIECE_BYTES] for at in range(0, len(pcm) - PIECE_BYTES, PIECE_BYTES)]
    return any(amplitude_of(hertz, piece) > AUDIBLE for piece in pieces)


async def test_each_side_holds_its_own_and_both_hold_the_mix(
    world: RealWorld, tmp_path: Path, announcement: Audio
) -> None:
    """The one far end says something, hears a sound, an echo and somebody in a room, all of it written three times."""
    call, other = await world.comes("0.0 says 60"), await world.comes("0.0 says 60")
    await call.answer()
    await other.answer()
    paths = {sides: tmp_path / f"{sides}.wav" for sides in Sides}
    room = world.room()
    async with (
        call.taped(paths[Sides.FAR_END], Sides.FAR_END),
        call.taped(paths[Sides.MIXED], Sides.MIXED),
        call.taped(paths[Sides.STEREO], Sides.STEREO),
    ):
        await call.play(announcement)
        async with room.joined(call), room.joined(other):
            await world.comes_to_hear(1, by=0)
            await asyncio.sleep(0.5)
    [far_end] = channels_of(paths[Sides.FAR_END])
    [mixed] = channels_of(paths[Sides.MIXED])
    left, right = channels_of(paths[Sides.STEREO])
    own, others = VOICES_HZ[0], (VOICES_HZ[1], ANNOUNCEMENT_HZ)
    assert [holds(pcm, own) for pcm in (far_end, mixed, left, right)] == [True, True, True, False]
    for hertz in others:
        assert [holds(pcm, hertz) for pcm in (far_end, mixed, left, right)] == [False, True, False, True], (
            hertz
        )


async def test_an_echo_is_what_the_far_end_hears(world: RealWorld, tmp_path: Path) -> None:
    call = await world.comes("0.0 says 60")
    await call.answer()
    path = tmp_path / "call.wav"
    echo = asyncio.create_task(call.echo())
    async with call.taped(path, Sides.STEREO):
        await world.comes_to_hear(0, by=0)
        await asyncio.sleep(0.3)
    echo.cancel()
    assert holds(channels_of(path)[1], VOICES_HZ[0])


async def test_a_recording_goes_on_when_audio_is_negotiated_anew(world: RealWorld, tmp_path: Path) -> None:
    call = await world.comes("0.0 says 60")
    await call.answer()
    phone = world.party[0]
    await asyncio.wait_for(phone.answered.wait(), PATIENCE_S)
    path = tmp_path / "call.wav"
    loop = asyncio.get_running_loop()
    async with call.taped(path, Sides.FAR_END):
        began_at = loop.time()
        await asyncio.sleep(0.4)
        phone.rtp.close()
        phone.rtp, _ = await loop.create_datagram_endpoint(lambda: _Rtp(phone), local_addr=("127.0.0.1", 0))
        assert (await renegotiate(phone)).status == 200
        await asyncio.sleep(0.6)
        lasted_s = loop.time() - began_at
    [pcm] = channels_of(path)
    assert len(pcm) / 16000 == pytest.approx(lasted_s, abs=0.3)
    assert holds(pcm[:6400], VOICES_HZ[0])
    assert holds(pcm[-6400:], VOICES_HZ[0])


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The disk takes no more in one file, for this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_disk_that_takes_no_more_ends_the_recording_and_not_the_call(
    world: RealWorld, tmp_path: Path, announcement: Audio
) -> None:
    call = await world.comes()
    await call.answer()
    path = tmp_path / "call.wav"
    with files_of_at_most(16_384):
        async with call.taped(path, Sides.MIXED) as taping:
            async with asyncio.timeout(PATIENCE_S):
                why = await taping.broke()
            seconds = taping.seconds
            assert "could be written" in why
            await call.play(announcement)
            assert taping.seconds == seconds
    assert await world.announcement_heard(by=0)
    [pcm] = channels_of(path)
    assert 0.2 <= len(pcm) / 16000 <= 1.1


async def test_recordings_that_come_and_go_leave_the_engine_whole(world: RealWorld, tmp_path: Path) -> None:
    for round_ in range(5):
        call = await world.comes()
        await call.answer()
        async with call.taped(tmp_path / f"{round_}.wav", Sides.STEREO), world.room().joined(call):
            await call.hang_up() if round_ % 2 else await world.party[0].bye()
        await world.party.pop().close()
    assert len(list(tmp_path.iterdir())) == 5
    assert world.switchboard.engine.tapes.running == 0

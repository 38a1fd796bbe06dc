"""Encrypted audio: called and calling, taken where it is offered, and never given up where it must be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from offhook.call.errors import CallEnded
from offhook.call.port import Audio
from offhook.call.trunks import Srtp
from offhook.pjsua.leg import Leg
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.phone import Phone
from tests.contract.tones import sine
from tests.contract.worlds import RealWorld
from tests.sip.srtp import EncryptedPhone, profile_of
from tests.system.conftest import write_wav

pytestmark = pytest.mark.sip

PATIENCE_S = 30


@asynccontextmanager
async def world_with(srtp: Srtp) -> AsyncIterator[RealWorld]:
    world = RealWorld(srtp=srtp)
    await world.start()
    try:
        yield world
    finally:
        await world.close()


async def calls(world: RealWorld, phone: Phone) -> Leg:
    world.party.append(phone)
    calling = asyncio.create_task(phone.invite("1000", world.switchboard.engine.sip_port))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.answer()
    await calling
    return leg


async def both_hear(leg: Leg, phone: Phone, folder: Path) -> None:
    """The phone hears a tone, and is heard saying one."""
    path, frames = folder / "tone.wav", list[bytes]()
    write_wav(path, sine(500, 0.1))
    phone.say(sine(700, 2.0))
    async with asyncio.timeout(PATIENCE_S):
        with leg.listen(frames.append):
            await leg.play(Audio(path=path, duration_s=0.1, label="tone"))
            await phone.until(lambda: len(phone.sounds()) > 0)
            await phone.until(lambda: any(any(frame) for frame in frames))


@pytest.mark.parametrize("profile", ["RTP/SAVP", "RTP/AVP"])
async def test_encrypted_audio_is_taken_where_it_is_offered(profile: str, tmp_path: Path) -> None:
    async with world_with(Srtp.OPTIONAL) as world:
        phone = await EncryptedPhone.open()
        phone.profile = profile
        leg = await calls(world, phone)
        await both_hear(leg, phone, tmp_path)
        assert world.invites[-1].offers_srtp
        await phone.bye()
        plain = await Phone.open()
        leg = await calls(world, plain)
        assert not world.invites[-1].offers_srtp
        await both_hear(leg, plain, tmp_path)
        await plain.bye()


async def test_encrypted_audio_is_refused_where_it_is_off() -> None:
    async with world_with(Srtp.OFF) as world:
        phone = await EncryptedPhone.open()
        world.party.append(phone)
        answer = await phone.invite("1000", world.switchboard.engine.sip_port)
        assert answer.status == 488


@pytest.mark.parametrize("srtp", [Srtp.OPTIONAL, Srtp.REQUIRED])
async def test_calls_are_made_with_encrypted_audio(srtp: Srtp, tmp_path: Path) -> None:
    async with world_with(Srtp.OFF) as world:
        phone = await EncryptedPhone.open()
        world.party.append(phone)
        leg = await world.switchboard.dial(SOME_CALL, f"sip:peer@127.0.0.1:{phone.port}", {}, srtp=srtp)
        invite = await phone.expect()
        assert profile_of(invite) == ("RTP/SAVP" if srtp is Srtp.REQUIRED else "RTP/AVP")
        phone.respond(200)
        await asyncio.wait_for(leg.connected(), PATIENCE_S)
        await both_hear(leg, phone, tmp_path)
        await leg.hang_up()


@pytest.mark.parametrize("srtp", [Srtp.OPTIONAL, Srtp.REQUIRED])
async def test_a_far_end_without_it_is_heard_unless_it_is_required(srtp: Srtp, tmp_path: Path) -> None:
    async with world_with(Srtp.OFF) as world:
        phone = await Phone.open()
        world.party.append(phone)
        leg = await world.switchboard.dial(SOME_CALL, f"sip:peer@127.0.0.1:{phone.port}", {}, srtp=srtp)
        await phone.expect()
        phone.respond(200)
        if srtp is Srtp.OPTIONAL:
            await asyncio.wait_for(leg.connected(), PATIENCE_S)
            await both_hear(leg, phone, tmp_path)
            await leg.hang_up()
            return
        with pytest.raises(CallEnded) as ended:
            async with leg.alive(), asyncio.timeout(PATIENCE_S):
                await leg.connected()
        assert ended.value.ending.sip_status == 488
        assert not phone.sounds()

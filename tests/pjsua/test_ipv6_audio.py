"""Audio over IPv6, whatever the signalling goes by: both sides hear one another, and keys come and go."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio

from offhook.call.port import Audio
from offhook.call.trunks import SipTransport
from offhook.pjsua.build import has_ipv6, installed_build
from offhook.pjsua.leg import Leg
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.tones import amplitude_of, sine
from tests.contract.worlds import RealWorld
from tests.sip.peer import _Rtp
from tests.sip.stream_peer import IPV4, IPV6, StreamPeer
from tests.system.conftest import write_wav

pytestmark = pytest.mark.sip

PATIENCE_S = 30
LOUD, FAR_END_HZ, OWN_HZ = 1000, 700, 500
FAMILY = {IPV4: "IP4", IPV6: "IP6"}
HAS_IPV6 = has_ipv6(installed_build())
BUILT = [IPV4, IPV6] if HAS_IPV6 else [IPV4]
"""The PyPI wheel speaks no IPv6."""


class SplitPeer(StreamPeer):
    """Signals from one address, and hears at another."""

    heard_at = IPV4

    async def hears_at(self, host: str) -> None:
        """From now on."""
        self.rtp.close()
        make: Any = lambda: _Rtp(self)  # noqa: E731
        self.rtp, _ = await self.loop.create_datagram_endpoint(make, local_addr=(host, 0))
        self.heard_at = host

    def _mine(self, text: str) -> str:
        if not text.startswith("v=0"):
            return super()._mine(text)
        return text.replace(f"IN IP4 {IPV4}", f"IN {FAMILY[self.heard_at]} {self.heard_at}")


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld(ipv6_host=IPV6 if HAS_IPV6 else None)
    await real.start()
    try:
        yield real
    finally:
        await real.close()


async def both_hear(leg: Leg, peer: StreamPeer, folder: Path) -> None:
    """Tones and keys, both ways."""
    path, frames, keys = folder / "tone.wav", list[bytes](), list[str]()
    write_wav(path, sine(OWN_HZ, 0.3))
    peer.say(sine(FAR_END_HZ, 1.0))
    async with asyncio.timeout(PATIENCE_S):
        with leg.listen(frames.append), leg.keys(keys.append):
            await leg.play(Audio(path=path, duration_s=0.3, label="tone"))
            await peer.until(lambda: any(packet.is_sound for packet in peer.heard))
            await peer.until(lambda: any(amplitude_of(FAR_END_HZ, frame) > LOUD for frame in frames))
            peer.press("7")
            await peer.until(lambda: keys == ["7"])
            await leg.send_keys("5")
            await peer.until(lambda: peer.keys_heard() == "5")


@pytest.mark.parametrize("heard_at", BUILT)
@pytest.mark.parametrize("signals_from", BUILT)
async def test_a_call_is_heard_whatever_it_goes_by(
    signals_from: str, heard_at: str, world: RealWorld, tmp_path: Path
) -> None:
    peer = cast("SplitPeer", await SplitPeer.listen("UDP", signals_from))
    world.party.append(peer)
    await peer.hears_at(heard_at)
    port = world.switchboard.engine.port_of(SipTransport.UDP)
    assert port is not None
    calling = asyncio.create_task(peer.invite("1000", port))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.answer()
    answer = await calling
    assert f"c=IN {FAMILY[heard_at]} {heard_at}\r\n" in answer.body
    await both_hear(leg, peer, tmp_path)
    assert (await peer.bye()).status == 200


@pytest.mark.parametrize("host", BUILT)
async def test_a_call_that_is_made_is_heard(host: str, world: RealWorld, tmp_path: Path) -> None:
    peer = cast("SplitPeer", await SplitPeer.listen("UDP", host))
    world.party.append(peer)
    await peer.hears_at(host)
    leg = await world.switchboard.dial(SOME_CALL, peer.uri, {})
    async with asyncio.timeout(PATIENCE_S):
        assert f"c=IN {FAMILY[host]} {host}\r\n" in (await peer.expect()).body
        peer.respond(200)
        await leg.connected()
        await both_hear(leg, peer, tmp_path)
        await leg.hang_up()
        await peer.over.wait()

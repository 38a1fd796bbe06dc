"""What strangers send to the audio ports of a call: it is not played, not followed, and presses no keys."""

import asyncio
import math
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest
import pytest_asyncio

from offhook.call.info import Sides
from offhook.pjsua.leg import Leg
from tests.contract.tones import amplitude_of, sine
from tests.contract.worlds import RealWorld
from tests.pjsua.renegotiation import renegotiate
from tests.sip.peer import Peer, _Rtp
from tests.sip.stranger import Stranger

pytestmark = pytest.mark.sip

PATIENCE_S = 20
CALLER_HZ, STRANGER_HZ = 500, 1300
LEAST_DECIBELS = 40
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


Strangers = Callable[..., Awaitable[Stranger]]


@pytest_asyncio.fixture
async def strange() -> AsyncIterator[Strangers]:
    """Makes strangers, who are gone after the test."""
    known: list[Stranger] = []

    async def one(host: str = "127.0.0.2") -> Stranger:
        known.append(await Stranger.open(host))
        return known[-1]

    yield one
    for stranger in known:
        stranger.close()


async def answered(
    world: RealWorld, sdp: str | None = None, *, audio_from: str | None = None
) -> tuple[Leg, Peer]:
    peer = await Peer.open()
    if audio_from is not None:
        await move(peer, audio_from)
    world.party.append(peer)  # type: ignore[arg-type]
    calling = asyncio.create_task(peer.invite("1000", world.switchboard.engine.sip_port, sdp=sdp))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.answer()
    await calling
    return leg, peer


async def move(peer: Peer, host: str = "127.0.0.1") -> None:
    """Have it send from another port, and perhaps host."""
    peer.rtp.close()
    peer.rtp, _ = await peer.loop.create_datagram_endpoint(lambda: _Rtp(peer), local_addr=(host, 0))


async def hears(peer: Peer, more: int = 10) -> None:
    """Return once the peer was sent some packets more."""
    known = len(peer.heard)
    async with asyncio.timeout(PATIENCE_S):
        await peer.until(lambda: len(peer.heard) >= known + more)


def decibels(pcm: bytes, hertz: int, of: int) -> float:
    """How much fainter one tone is than another where it is loudest."""
    pieces = [pcm[at : at + PIECE_BYTES] for at in range(0, len(pcm) - PIECE_BYTES, PIECE_BYTES)]
    loudest = max(amplitude_of(hertz, piece) for piece in pieces)
    return 20 * math.log10(max(amplitude_of(of, piece) for piece in pieces) / max(loudest, 0.01))


async def test_bursts_into_a_call_are_neither_played_nor_followed(
    world: RealWorld, strange: Strangers, tmp_path: Path
) -> None:
    leg, peer = await answered(world)
    port = cast("tuple[str, int]", peer.remote_rtp)
    keys: list[str] = []
    peer.say(sine(CALLER_HZ, 4.0))
    await hears(peer)
    strangers = [await strange(host) for host in ("127.0.0.2", "127.0.0.1")]
    with leg.keys(keys.append):
        async with leg.taped(tmp_path / "tape.wav", Sides.FAR_END):
            for stranger in strangers:
                for packets in (8, 12, 50):
                    await stranger.speak(port, STRANGER_HZ, packets)
                    await hears(peer, 5)
                await stranger.speak(port, STRANGER_HZ, 400, per_s=1000)
                stranger.press(port, "7")
                for _ in range(20):
                    stranger.send(b"\x80\xc8\x00\x06" + bytes(24), (port[0], port[1] + 1))
            peer.press("3")
            async with asyncio.timeout(PATIENCE_S):
                await peer.until(lambda: bool(keys))
    await hears(peer)
    assert keys == ["3"]
    assert [stranger.came_back for stranger in strangers] == [[], []]
    with wave.open(str(tmp_path / "tape.wav")) as tape:
        recorded = tape.readframes(tape.getnframes())
    assert decibels(recorded, STRANGER_HZ, of=CALLER_HZ) >= LEAST_DECIBELS
    await leg.hang_up()


async def test_a_caller_behind_nat_is_heard_where_it_really_sends_from(
    world: RealWorld, strange: Strangers
) -> None:
    """Its SDP names a port and an address of the network that it is in."""
    peer = await Peer.open()
    wrong = (
        peer.sdp()
        .replace(f"m=audio {peer.rtp_port}", "m=audio 9")
        .replace("IN IP4 127.0.0.1", "IN IP4 10.99.99.99")
    )
    await peer.close()
    leg, peer = await answered(world, sdp=wrong)
    await hears(peer)
    stranger = await strange()
    await stranger.speak(cast("tuple[str, int]", peer.remote_rtp), STRANGER_HZ, 50)
    await hears(peer)
    assert stranger.came_back == []
    await leg.hang_up()


async def test_audio_from_an_address_that_nothing_names_is_heard_after_a_second(
    world: RealWorld, strange: Strangers
) -> None:
    nowhere = (
        "v=0\r\no=- 1 1 IN IP4 10.99.99.99\r\ns=-\r\nc=IN IP4 10.99.99.99\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
    )
    leg, peer = await answered(world, sdp=nowhere, audio_from="127.0.0.3")
    port = cast("tuple[str, int]", peer.remote_rtp)
    await hears(peer)
    late = await strange()
    await late.speak(port, STRANGER_HZ, 50)
    await hears(peer)
    assert late.came_back == []
    await leg.hang_up()


async def test_a_far_end_may_move_by_a_re_invite(world: RealWorld) -> None:
    leg, peer = await answered(world)
    port = cast("tuple[str, int]", peer.remote_rtp)
    await hears(peer)
    before = peer.rtp
    peer.rtp, _ = await peer.loop.create_datagram_endpoint(lambda: _Rtp(peer), local_addr=("127.0.0.1", 0))
    answer = await renegotiate(peer)
    assert answer.status == 200
    await hears(peer)
    known = len(peer.heard)
    for _ in range(50):
        before.sendto(b"\x80\x00" + bytes(170), port)
    await hears(peer)
    assert len(peer.heard) > known
    before.close()
    await leg.hang_up()

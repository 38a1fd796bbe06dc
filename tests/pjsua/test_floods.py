"""Floods of strangers at the SIP port, while calls run: a short form of `python -m tests.chaos.hostile`."""

import asyncio
import sys
from itertools import pairwise

import pytest

from offhook.pjsua.leg import Leg
from tests.contract.worlds import RealWorld
from tests.sip.flooder import KINDS
from tests.sip.peer import Peer

pytestmark = pytest.mark.sip

PATIENCE_S = 30
CALLS = 4
STRANGER = "127.0.0.2"
EACH_S, PER_S = 0.5, 1000
MOST_GAP_S = 0.3
"""Three times what is promised."""
FORBIDDEN = 403


async def call(world: RealWorld) -> tuple[Leg, Peer]:
    peer = await Peer.open()
    world.party.append(peer)  # type: ignore[arg-type]
    calling = asyncio.create_task(peer.invite("1000", world.switchboard.engine.sip_port))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.answer()
    await calling
    return leg, peer


async def flood(world: RealWorld, kind: str) -> int:
    port = world.switchboard.engine.sip_port
    words = (str(port), STRANGER, kind, str(EACH_S), str(PER_S))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.sip.flooder", *words, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    return int(said)


def widest_gap_s(peer: Peer) -> float:
    return max(later.at - earlier.at for earlier, later in pairwise(peer.heard))


async def test_running_calls_do_not_notice_floods() -> None:
    world = RealWorld(refuse=lambda invite: FORBIDDEN if invite.source.startswith(STRANGER) else None)
    await world.start()
    try:
        calls = [await call(world) for _ in range(CALLS)]
        sent = [await flood(world, kind) for kind in KINDS]
        assert min(sent) >= EACH_S * PER_S / 2
        assert world.arrived.empty()
        for leg, peer in calls:
            assert leg.ending is None
            assert widest_gap_s(peer) <= MOST_GAP_S
        leg, peer = calls[0]
        assert (await peer.bye()).status == 200
        await call(world)
    finally:
        await world.close()

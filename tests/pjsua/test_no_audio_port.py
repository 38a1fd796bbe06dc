"""A caller for whom no audio port is left hears that he may come again, and when."""

import asyncio
import socket
from contextlib import ExitStack

import pytest

from tests.contract.worlds import RealWorld
from tests.sip.peer import Message, Peer
from tests.system.server import free_udp_ports

pytestmark = pytest.mark.sip

PATIENCE_S = 30
PORTS = 4


def held_ports(stack: ExitStack) -> int:
    """The first of some ports in a row that another program, which this is, has all of."""
    first = free_udp_ports(PORTS)
    for port in range(first, first + PORTS):
        stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
    return first


async def answer(world: RealWorld, refused_with: int) -> Message:
    """What a caller is answered whom the application, should it hear of the call, refuses."""
    caller = await Peer.open()
    taking = asyncio.create_task(world.arrived.get())
    try:
        async with asyncio.timeout(PATIENCE_S):
            calling = asyncio.create_task(caller.invite("1000", world.switchboard.engine.sip_port))
            await asyncio.wait((calling, taking), return_when=asyncio.FIRST_COMPLETED)
            if taking.done():
                await taking.result().reject(refused_with)
            return await calling
    finally:
        taking.cancel()
        await caller.close()


async def test_who_finds_no_audio_port_may_come_again(capsys: pytest.CaptureFixture[str]) -> None:
    with ExitStack() as others:
        world = RealWorld(rtp_first_port=held_ports(others), rtp_ports=PORTS)
        await world.start()
        try:
            for _ in range(2):
                refused = await answer(world, 486)
                assert refused.start == "SIP/2.0 503 Service Unavailable"
                assert refused.get("Retry-After") == "1"
            assert capsys.readouterr().out.count("pjsua.call_not_taken") == 1
            others.close()
            assert (await answer(world, 486)).status == 486
            refused = await answer(world, 500)  # an application's own is another matter
            assert refused.status == 500
            assert not refused.get("Retry-After")
        finally:
            await world.close()

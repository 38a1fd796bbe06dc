"""Connections that broke while a transaction still holds them leave SIP as quick as it was."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from offhook.call.trunks import SipTransport
from tests.contract.worlds import RealWorld
from tests.sip.torture.message import OFFER, request

pytestmark = pytest.mark.sip

PATIENCE_S = 30
DEAD, AT_ONCE = 160, 8
ASKED = 20
MOST_S = 1.0
"""For all that is asked: at once, each takes a millisecond, and a tenth of a second where the dead are asked each time."""
BUSY = 486
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: a connection that is closed is reset."""


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    world = RealWorld(refuse=lambda _invite: BUSY, transports=(SipTransport.UDP, SipTransport.TCP))
    await world.start()
    world.switchboard.engine.connections.may_call = lambda _address: True
    yield world
    await world.close()


def written(method: str, name: str, line: socket.socket, body: str = "") -> bytes:
    host, port = line.getsockname()
    text = request(name, f"{method} sip:user@example.com SIP/2.0", body=body)
    kind = "TCP" if line.type == socket.SOCK_STREAM else "UDP"
    return text.replace("HERE", f"{host}:{port}").replace("/UDP", f"/{kind}").encode()


async def break_one(world: RealWorld, number: int) -> None:
    """A call is refused, and its connection reset in place of the ACK, for which its transaction waits on."""
    loop = asyncio.get_running_loop()
    with socket.socket() as line:
        line.setblocking(False)
        await loop.sock_connect(line, ("127.0.0.1", world.switchboard.engine.port_of(SipTransport.TCP)))
        await loop.sock_sendall(line, written("INVITE", f"dead-{number}", line, OFFER))
        heard = b""
        while b"SIP/2.0 4" not in heard and b"SIP/2.0 5" not in heard:
            heard += await loop.sock_recv(line, 2000)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


async def test_connections_that_broke_do_not_slow_others_down(world: RealWorld) -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE_S):
        dead = min(DEAD, world.switchboard.engine.connections.most // 2)  # the wheel holds few
        for first in range(0, dead, AT_ONCE):
            await asyncio.gather(*(break_one(world, first + place) for place in range(AT_ONCE)))
        with socket.socket(type=socket.SOCK_DGRAM) as line:
            line.setblocking(False)
            line.connect(("127.0.0.1", world.switchboard.engine.sip_port))
            began = time.monotonic()
            for number in range(ASKED):
                await loop.sock_sendall(line, written("OPTIONS", f"asked-{number}", line))
                assert (await loop.sock_recv(line, 2000)).startswith(b"SIP/2.0 200 ")
    assert time.monotonic() - began < MOST_S

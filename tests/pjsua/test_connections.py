"""TCP connections of strangers at the SIP library: few each, not for long, and the others go on."""

import asyncio
import ctypes
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import pytest_asyncio

from offhook.call.trunks import SipTransport
from offhook.pjsua.connections import LOCAL_AT, QUIET_S, REMOTE_AT, Connections
from tests.contract.worlds import RealWorld

pytestmark = pytest.mark.sip

STRANGER, CARRIER = "127.0.0.66", "127.0.0.67"
PATIENCE_S = 30
OPTIONS = (
    b"OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK1\r\n"
    b"From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:a@127.0.0.1>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
    b"Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    world = RealWorld(transports=(SipTransport.TCP,))
    await world.start()
    world.switchboard.engine.connections.may_call = lambda address: str(address) == CARRIER
    yield world
    await world.close()


@contextmanager
def lines_to(world: RealWorld, own: str, count: int) -> Iterator[list[socket.socket]]:
    """A block with so many connections to the engine."""
    with ExitStack() as stack:
        lines = []
        for _ in range(count):
            line = stack.enter_context(socket.socket())
            line.bind((own, 0))
            line.connect(("127.0.0.1", world.switchboard.engine.sip_port))
            line.setblocking(False)
            lines.append(line)
        yield lines


async def all_taken(world: RealWorld, count: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while len(world.switchboard.engine.connections) != count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def answers(line: socket.socket) -> bool:
    """Whether OPTIONS is answered; not where the line is closed."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await loop.sock_sendall(line, OPTIONS)
            return (await loop.sock_recv(line, 2000)).startswith(b"SIP/2.0 200 ")
    except ConnectionError:
        return False


async def test_a_stranger_keeps_few_and_a_carrier_as_many_as_it_likes(world: RealWorld) -> None:
    connections = world.switchboard.engine.connections
    closed: list[tuple[str, int]] = []
    connections.closed = lambda address, count: closed.append((address, count))
    few = connections.most_each
    with lines_to(world, CARRIER, few + 4) as theirs:
        await all_taken(world, few + 4)
        with lines_to(world, STRANGER, few + 5) as others:
            await all_taken(world, few + 4 + few)
            assert await answers(others[0])
            assert not await answers(others[-1])
            assert all([await answers(line) for line in (theirs[0], theirs[-1])])
        await all_taken(world, few + 4)
    assert {address for address, _ in closed} == {STRANGER}
    assert sum(count for _, count in closed) == 5


async def test_what_brings_no_request_is_closed(world: RealWorld) -> None:
    connections = world.switchboard.engine.connections
    with lines_to(world, STRANGER, 2) as (slow, speaks), lines_to(world, CARRIER, 1) as [carrier]:
        await all_taken(world, 3)
        slow.send(b"OPTIONS sip:")
        assert await answers(speaks)
        began = min(held.heard_at for held in connections.held)
        spoke = max(held.heard_at for held in connections.held)
        assert began < spoke
        await world.switchboard.engine.submit(lambda: connections.look((began + spoke) / 2 + QUIET_S))
        await all_taken(world, 2)
        assert await answers(speaks)
        assert await answers(carrier)
        assert not await answers(slow)


async def test_all_together_leave_calls_their_handles(world: RealWorld) -> None:
    connections = world.switchboard.engine.connections
    connections.most = 10
    with lines_to(world, CARRIER, 15) as lines:
        await all_taken(world, 10)
        assert await answers(lines[0])
        assert not await answers(lines[-1])


class Made:
    """The memory of a `pjsip_transport`, as much of it as is read."""

    def __init__(self, remote: str, own_port: int) -> None:
        self._memory = bytearray(256)
        self.at = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self._memory[:4] = b"tcps"
        self.is_between(remote, own_port)

    def is_between(self, remote: str, own_port: int) -> None:
        """Another connection has its place now."""
        family = int(socket.AF_INET).to_bytes(2, "little")
        self._memory[REMOTE_AT : REMOTE_AT + 8] = family + b"\0\x09" + socket.inet_aton(remote)
        self._memory[LOCAL_AT : LOCAL_AT + 4] = family + own_port.to_bytes(2, "big")


def test_a_place_in_memory_is_forgotten_when_another_has_it() -> None:
    connections = Connections(handles=64, ports=lambda: {5060})
    made = Made(STRANGER, 5060)
    connections.begun(made.at, 0.0)
    connections.begun(made.at, 1.0)
    assert [held.heard_at for held in connections.held] == [1.0]
    made.is_between(CARRIER, 40_000)  # one that we made
    connections.begun(made.at, 2.0)
    assert connections.held == ()


async def test_a_stranger_makes_room_for_who_may_call(world: RealWorld) -> None:
    connections = world.switchboard.engine.connections
    connections.most = 4
    strangers = [f"127.0.1.{number}" for number in range(4)]
    with ExitStack() as stack:
        lines = [stack.enter_context(lines_to(world, host, 1))[0] for host in strangers]
        await all_taken(world, 4)
        assert await answers(lines[0]), "so that it is not the quietest"
        [carrier] = stack.enter_context(lines_to(world, CARRIER, 1))
        assert await answers(carrier)
        [one_more] = stack.enter_context(lines_to(world, STRANGER, 1))
        assert not await answers(one_more)
        assert [str(held.address) for held in connections.held] == [
            *(host for host in strangers if host != strangers[1]),
            CARRIER,
        ]

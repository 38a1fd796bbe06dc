"""What strangers send outside of calls makes us send nothing to others, keep nothing, and say little."""

import socket
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from offhook.pjsua.front_door import SHORTEST_QUESTION
from tests.contract.worlds import RealWorld
from tests.edge.phone_stub import Phone, phone

pytestmark = pytest.mark.sip

STRANGER, VICTIM = "127.0.0.68", "127.0.0.69"


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    world = RealWorld(refuse=lambda _invite: 403)
    await world.start()
    yield world
    await world.close()


@pytest_asyncio.fixture
async def stranger(world: RealWorld) -> AsyncIterator[Phone]:
    async with phone(world.switchboard.engine.sip_port, host=STRANGER) as stranger:
        yield stranger


@pytest.fixture
def victim() -> Iterator[socket.socket]:
    with socket.socket(type=socket.SOCK_DGRAM) as victim:
        victim.bind((VICTIM, 0))
        victim.setblocking(False)
        yield victim


@pytest.mark.parametrize("method", ["SUBSCRIBE", "MESSAGE"])
async def test_what_the_library_would_take_of_anybody_is_refused(
    stranger: Phone, victim: socket.socket, method: str
) -> None:
    there = "<sip:v@{}:{}>".format(*victim.getsockname())
    told = await stranger.say(method, "1000", "Event: presence", "Expires: 3600", contact=there)
    assert told.status == 405
    assert "INVITE" in told.get("Allow")
    assert (await stranger.say("OPTIONS", "1000")).status == 200
    with pytest.raises(BlockingIOError):
        victim.recv(4000)


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "BYE"])
async def test_an_answer_goes_where_the_question_came_from(
    stranger: Phone, victim: socket.socket, method: str
) -> None:
    host, port = victim.getsockname()
    start = f"{method} sip:1000@127.0.0.1:{stranger.server_port}"
    via = f"SIP/2.0/UDP {host}:{port};branch=z9hG4bK-{method};maddr={host}"
    stranger.send(start, stranger.server_port, call_id=f"elsewhere-{method}", via=via)
    here = f"{stranger.via('here', method)};maddr={STRANGER}"
    stranger.send(start, stranger.server_port, call_id=f"here-{method}", via=here)
    await stranger.until(lambda: bool(stranger.messages))
    assert {each.get("Call-ID") for each in stranger.messages} == {f"here-{method}"}
    with pytest.raises(BlockingIOError):
        victim.recv(4000)


async def test_a_short_question_gets_a_short_answer(stranger: Phone) -> None:
    short = await stranger.say("OPTIONS", "1000")
    assert (short.status, short.get("Allow"), short.body) == (200, "", "")
    whole = await stranger.say("OPTIONS", "1000", f"Subject: {'x' * SHORTEST_QUESTION}")
    assert "INVITE" in whole.get("Allow")

"""INVITEs of who may not call are refused before they take anything that callers need."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from ipaddress import ip_address

import pytest
import pytest_asyncio

from offhook.pjsua.invite import Invite
from tests.contract.worlds import RealWorld
from tests.sip.peer import Message, Peer
from tests.sip.torture.message import OFFER, request

pytestmark = pytest.mark.sip

PATIENCE_S = 30
STRANGER, CALLER = "127.0.0.66", "127.0.0.1"
MANY = 120
FORBIDDEN = 403


class World(RealWorld):
    """Where one address may call, and what was asked of others is kept."""

    def __init__(self) -> None:
        self.asked: list[Invite] = []
        super().__init__(refuse=self.judged)

    def judged(self, invite: Invite) -> int | None:
        self.asked.append(invite)
        return FORBIDDEN if invite.source.startswith(f"{STRANGER}:") else None


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.start()
    world.switchboard.engine.connections.may_call = lambda address: address == ip_address(CALLER)
    yield world
    await world.close()


def ack_of(answer: Message, name: str) -> str:
    ack = request(name, "ACK sip:user@example.com SIP/2.0", [f"To: {answer.get('To')}"])
    return re.sub(r"branch=[^\r]+", answer.get("Via").partition("branch=")[2].join(("branch=", "")), ack)


async def test_a_flood_of_strangers_takes_no_slot(world: World) -> None:
    loop, engine = asyncio.get_running_loop(), world.switchboard.engine
    with socket.socket(type=socket.SOCK_DGRAM) as line:
        line.setblocking(False)
        line.bind((STRANGER, 0))
        line.connect(("127.0.0.1", engine.sip_port))
        here = "{}:{}".format(*line.getsockname())

        async def heard() -> Message:
            async with asyncio.timeout(PATIENCE_S):
                return Message.parse(await loop.sock_recv(line, 4000))

        for number in range(MANY):
            text = request(f"flood-{number}", "INVITE sip:user@example.com SIP/2.0", body=OFFER)
            line.send(text.replace("HERE", here).encode())
        answers = [await heard() for _ in range(MANY)]
        assert {answer.status for answer in answers} == {FORBIDDEN}
        assert len({answer.get("Call-ID") for answer in answers}) == MANY
        assert {invite.source for invite in world.asked} == {here}
        for number, answer in enumerate(answers):
            line.send(ack_of(answer, f"flood-{number}").replace("HERE", here).encode())
        line.send(request("next", "OPTIONS sip:127.0.0.1 SIP/2.0").replace("HERE", here).encode())
        assert (await heard()).get("CSeq") == "1 OPTIONS", "no ACK is answered"
    assert not engine.calls_held
    caller = await Peer.open()
    try:
        ringing = asyncio.create_task(caller.invite("1000", engine.sip_port))
        async with asyncio.timeout(PATIENCE_S):
            leg = await world.arrived.get()
            await leg.reject(486)
            assert (await ringing).status == 486
    finally:
        await caller.close()

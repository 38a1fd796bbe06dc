"""Where an offer wants its audio: what is refused is told why, and a call that runs goes on as it was."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest
import pytest_asyncio

from offhook.call.ending import EndCause
from offhook.call.errors import CallEnded
from offhook.pjsua.offered_addresses import is_of_one_machine, led_nowhere, sends_elsewhere
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.phone import Phone
from tests.contract.worlds import RealWorld
from tests.sip.in_dialog import ask, offer

pytestmark = pytest.mark.sip

PATIENCE_S = 30
GROUPS = ("224.2.1.1/127", "239.255.0.1", "255.255.255.255", "slow.example", "999.1.2.3")


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld()
    await real.start()
    try:
        yield real
    finally:
        await real.close()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "0.0.0.0", "192.0.2.255", "::", "2001:db8::7", "fe80::1", "::ffff:192.0.2.1"]
)
def test_addresses_of_one_machine(host: str) -> None:
    assert is_of_one_machine(host)


@pytest.mark.parametrize("host", ["224.0.0.1", "ff02::1", "::ffff:239.1.1.1", "255.255.255.255", "a.example"])
def test_addresses_of_many_and_names(host: str) -> None:
    assert not is_of_one_machine(host)


@pytest.mark.parametrize(
    ("line", "is_elsewhere"),
    [
        (b"c=IN IP4 224.2.1.1/127/3", True),
        (b"c=IN IP6 ff15::101/3", True),
        (b"c=IN IP4 slow.example", True),
        (b"a=rtcp:4001 IN IP4 239.1.1.1", True),
        (b"a=rtcp:4001\tIN\tIP4\tslow.example", True),
        (b"a=rtcp: 4001IN IP4  slow.example", True),
        (b"a=rtcp:4001 IN IP4 192.0.2.1", False),
        (b"a=rtcp:4001", False),
        (b"c=IN IP4 192.0.2.1", False),
        (b"s=c=IN IP4 224.2.1.1", False),
        (b"c=", False),
    ],
)
def test_lines_of_an_offer(line: bytes, is_elsewhere: bool) -> None:
    for end in (b"\r\n", b"\n", b"\r"):
        assert sends_elsewhere(b"v=0" + end + line + end) is is_elsewhere


async def test_a_call_to_a_group_is_refused(world: RealWorld) -> None:
    for host in GROUPS:
        phone = await Phone.open()
        world.party.append(phone)
        sdp = phone.sdp().replace("IP4 127.0.0.1\r\nt=", f"IP4 {host}\r\nt=")
        answer = await phone.invite("1000", world.switchboard.engine.sip_port, sdp=sdp)
        assert (answer.status, answer.get("Warning")[:12]) == (488, "330 offhook "), host
    assert world.arrived.empty()


async def test_ipv6_is_refused_where_it_is_not_open(world: RealWorld) -> None:
    sdp = world.peer.sdp().replace("IP4 127.0.0.1\r\nt=", "IP6 ::1\r\nt=")
    answer = await world.peer.invite("1000", world.switchboard.engine.sip_port, sdp=sdp)
    assert (answer.status, answer.get("Warning")[:12]) == (488, "301 offhook ")
    assert world.arrived.empty()


async def test_a_call_that_runs_is_not_moved_to_a_group(world: RealWorld) -> None:
    peer = world.peer
    calling = asyncio.create_task(peer.invite("1000", world.switchboard.engine.sip_port))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.answer()
    await calling
    for version, method in enumerate(("INVITE", "UPDATE"), 2):
        sdp = offer(peer, version).replace("IP4 127.0.0.1\r\nt=", "IP4 224.2.1.1/127\r\nt=")
        assert (await ask(peer, method, body=sdp)).status == 488
        known = len(peer.heard)
        async with asyncio.timeout(PATIENCE_S):
            await peer.until(lambda: len(peer.heard) > known + 10)  # noqa: B023
    await peer.bye()


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        (b"c=IN IP4 224.2.1.1/127/3", b"c=IN IP4 0        /127/3"),
        (b"c=IN IP4 slow.example", b"c=IN IP4 0           "),
        (b"c=IN IP6 ff15::101/3", b"c=IN IP6 ::       /3"),
        (b"a=rtcp:4001 IN IP4 239.1.1.1", b"a=rtcp:4001 IN IP4 0        "),
        (b"c=IN IP4 192.0.2.1", b"c=IN IP4 192.0.2.1"),
    ],
)
def test_an_answer_is_led_nowhere(line: bytes, instead: bytes) -> None:
    assert led_nowhere(b"v=0\r\n" + line + b"\r\nm=audio") == b"v=0\r\n" + instead + b"\r\nm=audio"


class Elsewhere(Phone):
    """Answers that it hears somewhere else."""

    host = "slow.example"

    def sdp(self, payloads: str = "0 101") -> str:
        return super().sdp(payloads).replace("IP4 127.0.0.1\r\nt=", f"IP4 {self.host}\r\nt=")


@pytest.mark.parametrize("host", ["slow.example", "224.2.1.1/127"])
async def test_a_call_that_is_answered_elsewhere_ends(host: str, world: RealWorld) -> None:
    phone = cast("Elsewhere", await Elsewhere.open())
    phone.host = host
    world.party.append(phone)
    leg = await world.switchboard.dial(SOME_CALL, f"sip:peer@127.0.0.1:{phone.port}", {})
    await phone.expect()
    phone.respond(200)
    with pytest.raises(CallEnded) as ended:
        async with leg.alive(), asyncio.timeout(PATIENCE_S):
            await asyncio.Event().wait()
    assert ended.value.ending.cause is EndCause.BROKEN
    assert "wants audio at a host name" in ended.value.ending.reason
    async with asyncio.timeout(PATIENCE_S):
        await phone.over.wait()
    assert "cause=488" in next(message for message in phone.messages if message.method == "BYE").get("Reason")
    assert not phone.heard

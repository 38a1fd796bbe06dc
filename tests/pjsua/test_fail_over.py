"""Which trunk is tried next, with real SIP: after silence, refusals, a reset connection, and a name that is gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
import pytest_asyncio

from offhook.call.ending import EndCause
from offhook.call.errors import CallEnded, OffhookError
from offhook.call.trunks import SipTransport, Trunk, Way, ways_to
from offhook.pjsua.fail_over import NO_ANSWER_S
from offhook.pjsua.leg import Leg
from offhook.processes.trunk_hosts import TrunkHosts
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.worlds import RealWorld
from tests.sip.carrier import Carrier, Resetting

pytestmark = pytest.mark.sip

NUMBER = "+493012345"
PATIENCE_S = 30
SECRET = ("desk", "open sesame")


class Network:
    """One engine, and the carriers that it calls over."""

    def __init__(self, world: RealWorld) -> None:
        self.world = world
        self.carriers: list[Carrier] = []
        self.trunks: list[Trunk] = []
        self.told: list[tuple[str, str, str]] = []

    async def carrier(self, *answers: int, secret: tuple[str, str] | None = None, **more: object) -> Carrier:
        carrier = await Carrier.begin(*answers, secret=secret)
        self.carriers.append(carrier)
        self.add("127.0.0.1", carrier.port, **more)
        return carrier

    def add(self, host: str, port: int, **more: object) -> None:
        count = len(self.trunks)
        name = "abcdef"[count]
        self.trunks.append(Trunk(sid=name, name=name, host=host, port=port, priority=count, **more))  # type: ignore[arg-type]

    async def dial(self, patience_s: float = NO_ANSWER_S) -> Leg:
        return await self.world.switchboard.dial_ways(
            SOME_CALL,
            ways_to(NUMBER, self.trunks, SOME_CALL.from_),
            {},
            passed_over=self._passed_over,
            place_of=TrunkHosts().place,
            patience_s=patience_s,
        )

    def _passed_over(self, way: Way, why: str, following: Way | None) -> None:
        assert way.trunk is not None
        name = following.trunk.name if following is not None and following.trunk is not None else ""
        self.told.append((way.trunk.name, why, name))


@pytest_asyncio.fixture
async def network() -> AsyncIterator[Network]:
    async with AsyncExitStack() as stack:
        world = RealWorld(transports=(SipTransport.UDP, SipTransport.TCP))
        await world.start()
        stack.push_async_callback(world.close)
        network = Network(world)
        yield network
        for carrier in network.carriers:
            await carrier.close()


async def connects(leg: Leg) -> None:
    async with leg.alive(), asyncio.timeout(PATIENCE_S):
        await leg.connected()


async def ending_of(leg: Leg) -> tuple[EndCause, int | None]:
    with pytest.raises(CallEnded) as ended:
        await connects(leg)
    return ended.value.ending.cause, ended.value.ending.sip_status


@pytest.mark.parametrize("status", [503, 500, 408, 430])
async def test_the_next_trunk_is_tried_after_a_failure_of_the_one_before(
    network: Network, status: int
) -> None:
    first, second = await network.carrier(status), await network.carrier(200)
    leg = await network.dial()
    await connects(leg)
    assert [len(first.invites), len(second.invites)] == [1, 1]
    assert network.told == [("a", f"answered {status} Answer {status}", "b")]
    assert leg.sip_call_id == second.invites[0].get("Call-ID")
    assert second.invites[0].start == f"INVITE sip:{NUMBER}@127.0.0.1:{second.port} SIP/2.0"
    noted = [
        facts["peer"]
        for _, _, facts in leg.timeline.take()
        if facts.get("method") == "INVITE" and "peer" in facts
    ]
    assert noted == [f"127.0.0.1:{carrier.port}" for carrier in (first, second)]  # one timeline for both
    await leg.hang_up()
    await asyncio.wait_for(second.over.wait(), PATIENCE_S)


@pytest.mark.parametrize("status", [486, 600, 603, 404, 480, 403])
async def test_what_the_called_side_says_is_asked_of_nobody_else(network: Network, status: int) -> None:
    await network.carrier(status)
    other = await network.carrier(200)
    assert await ending_of(await network.dial()) == (EndCause.REFUSED, status)
    assert (network.told, other.invites) == ([], [])


async def test_once_it_rings_no_other_trunk_is_tried(network: Network) -> None:
    await network.carrier(180, 503)
    other = await network.carrier(200)
    assert await ending_of(await network.dial()) == (EndCause.REFUSED, 503)
    assert (network.told, other.invites) == ([], [])


async def test_a_silent_trunk_is_left_soon(network: Network) -> None:
    silent, second = await network.carrier(), await network.carrier(200)
    leg = await network.dial(patience_s=1.0)
    await connects(leg)
    assert network.told == [("a", "did not answer within 1 s", "b")]
    assert len(second.invites) == 1
    silent.answer_late(180, network.world.switchboard.engine.sip_port)
    await asyncio.wait_for(silent.hears(lambda message: message.method == "CANCEL"), PATIENCE_S)
    await leg.hang_up()


async def test_a_name_that_is_gone_and_a_reset_connection_are_passed_over(network: Network) -> None:
    server = await asyncio.get_running_loop().create_server(Resetting, "127.0.0.1", 0)
    network.add("carrier.invalid", 5060)
    network.add("127.0.0.1", server.sockets[0].getsockname()[1], transport=SipTransport.TCP)
    last = await network.carrier(200)
    leg = await network.dial()
    await connects(leg)
    [gone, reset] = network.told
    assert gone[1].startswith("its host carrier.invalid has no address")
    assert (reset[0], reset[1].partition(" (")[0], reset[2]) == ("b", "could not be reached", "c")
    assert len(last.invites) == 1
    await leg.hang_up()
    server.close()


async def test_when_no_trunk_is_left_the_call_ends_as_the_last_one_said(network: Network) -> None:
    await network.carrier(500)
    await network.carrier(503)
    assert await ending_of(await network.dial()) == (EndCause.REFUSED, 503)
    assert network.told == [("a", "answered 500 Answer 500", "b"), ("b", "answered 503 Answer 503", "")]


async def test_a_call_that_can_be_begun_nowhere_says_so(network: Network) -> None:
    network.add("carrier.invalid", 5060)
    with pytest.raises(OffhookError, match=r"carrier\.invalid has no address"):
        await network.dial()


async def test_each_trunk_is_shown_its_own_user_name_and_caller(network: Network) -> None:
    named = {"username": SECRET[0], "caller_id": "+493099"}
    wrong = await network.carrier(200, secret=SECRET, password="wrong", **named)
    right = await network.carrier(200, secret=SECRET, password=SECRET[1], **named)
    network.trunks.reverse()
    network.trunks[0], network.trunks[1] = network.trunks[1], network.trunks[0]
    assert await ending_of(await network.dial()) == (EndCause.REFUSED, 403)  # a 403 may be the called side's
    assert right.invites == []
    network.trunks.pop(0)
    leg = await network.dial()
    await connects(leg)
    assert "sip:+493099@" in right.invites[0].get("From")
    assert len(wrong.invites) == 2
    await leg.hang_up()


async def test_a_call_that_is_hung_up_between_two_trunks_goes_no_further(network: Network) -> None:
    first, second = await network.carrier(503), await network.carrier(200)
    leg = await network.dial()
    await leg.hang_up()
    assert await ending_of(leg) == (EndCause.HERE, None)
    if len(first.invites) == 1 and second.invites:  # it was on its way already
        await asyncio.wait_for(second.over.wait(), PATIENCE_S)


async def test_a_trunk_that_others_serve_is_called_there_by_its_own_name(network: Network) -> None:
    """As SRV records say: the request names the carrier, and goes to its hosts, one after the other."""
    first, second = await network.carrier(503), await network.carrier(200, secret=SECRET)
    carrier = Trunk(sid="srv", name="srv", host="carrier.example", username=SECRET[0], password=SECRET[1])
    [way] = ways_to(NUMBER, [carrier], SOME_CALL.from_)
    hosts = [replace(way, next_hop=("127.0.0.1", each.port)) for each in (first, second)]
    leg = await network.world.switchboard.dial_ways(
        SOME_CALL, hosts, {}, passed_over=network._passed_over, place_of=TrunkHosts().place
    )
    await connects(leg)
    assert [invite.start for invite in second.invites] == [f"INVITE sip:{NUMBER}@carrier.example SIP/2.0"] * 2
    assert network.told == [("srv", "answered 503 Answer 503", "srv")]
    await leg.hang_up()

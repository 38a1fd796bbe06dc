"""Calls whose far end is gone: told by what comes in, and by nothing else."""

import asyncio
import struct
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from offhook.call.ending import EndCause
from offhook.call.errors import CallEnded
from offhook.call.port import DialledCall
from offhook.pjsua.build import installed_build
from offhook.pjsua.engine_settings import EngineSettings
from offhook.pjsua.farewell import Farewell, reason_header
from offhook.pjsua.silence import Arrived, SilenceLimits, SilenceWatch
from offhook.pjsua.switchboard import Switchboard
from tests.contract.worlds import RealWorld
from tests.pjsua.renegotiation import renegotiate
from tests.sip.peer import Peer

PATIENCE_S = 60
LIMITS = SilenceLimits(talking_s=2.0, on_hold_s=6.0)
RECEIVER_REPORT = 201


class TestWatch:
    def test_packets_and_reports_are_signs_of_life(self) -> None:
        watch = SilenceWatch(SilenceLimits(talking_s=60, on_hold_s=300), at=0.0)
        assert watch.overdue_s(Arrived(packets=1), is_on_hold=False, at=50) is None
        assert watch.overdue_s(Arrived(packets=1, reports=1), is_on_hold=False, at=100) is None
        assert watch.overdue_s(Arrived(packets=1, reports=1), is_on_hold=False, at=159) is None
        assert watch.overdue_s(Arrived(packets=1, reports=1), is_on_hold=False, at=160) == 60

    def test_hold_is_given_longer_and_its_end_begins_anew(self) -> None:
        watch = SilenceWatch(SilenceLimits(talking_s=60, on_hold_s=300), at=0.0)
        still = Arrived()
        assert watch.overdue_s(still, is_on_hold=True, at=10) is None
        assert watch.overdue_s(still, is_on_hold=True, at=309) is None
        assert watch.overdue_s(still, is_on_hold=False, at=309.5) is None
        assert watch.overdue_s(still, is_on_hold=False, at=369) is None
        assert watch.overdue_s(still, is_on_hold=True, at=369.2) is None
        assert watch.overdue_s(still, is_on_hold=True, at=669.2) == pytest.approx(300)

    def test_a_stream_that_counts_anew_is_alive(self) -> None:
        watch = SilenceWatch(LIMITS, at=0.0)
        assert watch.overdue_s(Arrived(packets=900), is_on_hold=False, at=1) is None
        assert watch.overdue_s(Arrived(packets=2), is_on_hold=False, at=4) is None

    def test_0_waits_for_ever(self) -> None:
        watch = SilenceWatch(SilenceLimits(), at=0.0)
        assert watch.overdue_s(Arrived(), is_on_hold=False, at=1e9) is None


def test_what_the_far_end_is_told_is_one_quoted_line() -> None:
    assert reason_header(503, 'a "b" \\c') == {"Reason": "SIP;cause=503;text=\"a 'b' c\""}
    farewell = Farewell()
    assert farewell.of_a_bye() == {}
    farewell.text = "stopping"
    assert farewell.of_a_refusal() == {"Retry-After": "1", "Reason": 'SIP;cause=503;text="stopping"'}


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld()
    real.switchboard = Switchboard(
        EngineSettings(sip_host="127.0.0.1", sip_port=0, rtp_first_port=21200, rtp_ports=100, silence=LIMITS),
        installed_build(),
        refuse=lambda invite: None,
        on_incoming=real._on_incoming,
    )
    await real.start()
    try:
        yield real
    finally:
        await real.close()


async def answered(world: RealWorld) -> DialledCall:
    call = await world.incoming()
    await call.answer()
    await asyncio.wait_for(world.peer.answered.wait(), PATIENCE_S)
    return call


def fall_silent(peer: Peer) -> float:
    """Send no more audio; when that was."""
    assert peer._sending is not None
    peer._sending.cancel()
    return peer.loop.time()


def bye_of(peer: Peer) -> str:
    return next(message.get("Reason") for message in peer.messages if message.method == "BYE")


async def ending_of(call: DialledCall) -> CallEnded:
    with pytest.raises(CallEnded) as ended:
        async with asyncio.timeout(PATIENCE_S), call.alive():
            await asyncio.Event().wait()
    return ended.value


@pytest.mark.sip
class TestCalls:
    async def test_a_far_end_that_is_gone_ends_the_call(self, world: RealWorld) -> None:
        call = await answered(world)
        silent_at = fall_silent(world.peer)
        ending = (await ending_of(call)).ending
        assert world.peer.loop.time() - silent_at >= LIMITS.talking_s - 0.5
        assert ending.cause is EndCause.BROKEN
        assert ending.reason.startswith("media_timeout: no audio packets came for ")
        await asyncio.wait_for(world.peer.over.wait(), PATIENCE_S)
        assert bye_of(world.peer).startswith('SIP;cause=408;text="no audio packets came for')

    async def test_a_caller_to_whom_nothing_is_said_is_kept_while_they_send(self, world: RealWorld) -> None:
        call = await answered(world)
        heard = len(world.peer.heard)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3 * LIMITS.talking_s), call.alive():
                await asyncio.Event().wait()
        assert not world.peer.over.is_set()
        assert len(world.peer.heard) > heard
        fall_silent(world.peer)
        assert (await ending_of(call)).ending.cause is EndCause.BROKEN

    async def test_reports_alone_keep_the_call(self, world: RealWorld) -> None:
        call = await answered(world)
        fall_silent(world.peer)
        reporting = asyncio.create_task(report(world.peer))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3 * LIMITS.talking_s), call.alive():
                await asyncio.Event().wait()
        reporting.cancel()
        assert (await ending_of(call)).ending.reason.startswith("media_timeout: ")

    @pytest.mark.parametrize("direction", ["inactive", "recvonly", "sendonly"])
    async def test_a_call_on_hold_is_given_longer(self, world: RealWorld, direction: str) -> None:
        call = await answered(world)
        assert (await renegotiate(world.peer, direction)).status == 200
        silent_at = fall_silent(world.peer)
        ending = (await ending_of(call)).ending
        assert world.peer.loop.time() - silent_at >= LIMITS.on_hold_s - 1.0
        assert ending.reason.startswith("media_timeout: no audio packets came for ")
        assert ending.reason.endswith(" on hold")

    async def test_a_far_end_that_is_wholly_gone_does_not_keep_the_slot(self, world: RealWorld) -> None:
        call = await answered(world)
        fall_silent(world.peer)
        world.peer.sip.close()
        assert (await ending_of(call)).ending.reason.startswith("media_timeout: ")

    async def test_what_is_ended_because_the_server_stops_is_told_so(self, world: RealWorld) -> None:
        call = await answered(world)
        world.switchboard.engine.farewell.text = "the server is stopping"
        await call.hang_up()
        await asyncio.wait_for(world.peer.over.wait(), PATIENCE_S)
        assert bye_of(world.peer) == 'SIP;cause=503;text="the server is stopping"'

    async def test_what_still_rings_when_the_server_stops_may_try_elsewhere(self, world: RealWorld) -> None:
        call = await world.incoming()
        world.switchboard.engine.farewell.text = "the server is stopping"
        await call.hang_up()
        refused = await world.peer.reply(300)
        assert (refused.status, refused.get("Retry-After")) == (503, "1")


async def report(peer: Peer) -> None:
    """Send RTCP receiver reports and nothing else."""
    assert peer.remote_rtp is not None
    host, port = peer.remote_rtp
    packet = struct.pack("!BBHII", 0x81, RECEIVER_REPORT, 7, peer.port, 1) + bytes(20)
    while True:
        peer.rtp.sendto(packet, (host, port + 1))
        await asyncio.sleep(0.2)

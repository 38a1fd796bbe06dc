"""Calls in which one side is not heard: found once, with the likely cause, and never where all is well."""

import asyncio
from ipaddress import ip_address

import pytest

from offhook.pjsua import keep_alive, one_way
from offhook.pjsua.keep_alive import KeepAlive
from offhook.pjsua.one_way import Flow, OneWay, OneWayWatch
from offhook.pjsua.one_way_cause import KnownOfAudio, why
from offhook.pjsua.packet_filter import Source
from tests.contract.worlds import RealWorld
from tests.pjsua.renegotiation import renegotiate
from tests.sip.nat import INSIDE, INSIDE_RTP, Nat, NattedPeer

PATIENCE_S = 60
UNAGREED = 8
"""PCMA, where PCMU was agreed on."""


def watched(
    received: list[int], *, is_usable: bool = True, held: range = range(0), sends: bool = True
) -> list[tuple[int, OneWay]]:
    """What is told in a call in which so many packets came in each of its seconds, and when."""
    watch, told = OneWayWatch(at=0.0), []
    came = 0
    for second, packets in enumerate(received, start=1):
        came += packets
        flow = Flow(received=came, sent=50 * second if sends else 0, is_usable=is_usable)
        found = watch.looked(flow, is_two_way=second not in held, at=float(second))
        if found is not None:
            told.append((second, found))
    return told


class TestWatch:
    def test_who_is_never_heard_is_told_once(self) -> None:
        assert watched([0] * 60) == [(5, OneWay.NOTHING_CAME)]

    def test_one_whose_audio_stops_is_told_once(self) -> None:
        assert watched([50] * 20 + [20] + [0] * 60) == [(31, OneWay.STOPPED)]

    def test_packets_that_cannot_be_used_are_told(self) -> None:
        assert watched([50] * 30, is_usable=False) == [(5, OneWay.UNREADABLE)]

    @pytest.mark.parametrize(
        "received",
        [
            pytest.param([50] * 60, id="heard all the time"),
            pytest.param([17] * 60, id="packets of 60 ms"),
            pytest.param([0, 0, 0, 0], id="a call of four seconds"),
            pytest.param([0, 0, 0, 10] + [50] * 60, id="heard late"),
            pytest.param(
                ([50] * 8 + [0] * 4) * 3 + [0] * 60,
                id="says nothing, sends nothing, after having done so before",
            ),
            pytest.param([50] * 20 + [1] * 60, id="comfort noise"),
            pytest.param([50] * 3 + [0] * 60, id="too short to know how it sends"),
            pytest.param(
                [50] * 20 + [0] * 9 + [50] * 20 + [0] * 60, id="the network was away, and a second time"
            ),
        ],
    )
    def test_what_is_no_fault(self, received: list[int]) -> None:
        assert watched(received) == []

    def test_hold_is_no_fault_and_its_end_counts_from_then_on(self) -> None:
        assert watched([50] * 10 + [0] * 50, held=range(11, 50)) == [(54, OneWay.NOTHING_CAME)]
        assert watched([50] * 10 + [0] * 30 + [50] * 20, held=range(11, 41)) == []

    def test_a_far_end_to_which_there_is_no_way_is_told_too(self) -> None:
        assert watched([0] * 60, sends=False) == [(5, OneWay.NOTHING_CAME)]


def known(**facts: object) -> KnownOfAudio:
    usual: dict[str, object] = {
        "flow": Flow(received=0, sent=250),
        "sent_to": Source(ip_address("198.51.100.9"), 4000),
        "signalling": frozenset({ip_address("198.51.100.9")}),
        "advertised": Source(ip_address("203.0.113.5"), 10_000),
    }
    return KnownOfAudio(**{**usual, **facts})  # type: ignore[arg-type]


class TestCause:
    def test_an_inner_address_in_our_sdp(self) -> None:
        words = why(OneWay.NOTHING_CAME, known(advertised=Source(ip_address("10.0.0.5"), 10_000)))
        assert "no audio came from it within 5 s, and 250 packets were sent to 198.51.100.9:4000" in words
        assert "Our SDP says 10.0.0.5, which 198.51.100.9 cannot reach: set OFFHOOK_PUBLIC_ADDRESS" in words

    def test_a_far_end_in_our_own_network_needs_no_public_address(self) -> None:
        inside = frozenset({ip_address("10.0.0.9")})
        words = why(
            OneWay.NOTHING_CAME,
            known(
                advertised=Source(ip_address("10.0.0.5"), 10_000),
                sent_to=Source(ip_address("10.0.0.9"), 4000),
                signalling=inside,
            ),
        )
        assert "OFFHOOK_PUBLIC_ADDRESS" not in words
        assert "Not one packet arrived at UDP port 10000 of 10.0.0.5" in words

    def test_an_inner_address_in_its_sdp(self) -> None:
        words = why(OneWay.NOTHING_CAME, known(sent_to=Source(ip_address("192.168.1.20"), 4000)))
        assert "Its SDP says 192.168.1.20" in words
        assert "its signalling comes from 198.51.100.9: it is behind NAT" in words

    def test_an_address_that_nothing_can_be_sent_to(self) -> None:
        words = why(OneWay.NOTHING_CAME, known(flow=Flow()))
        assert "and none could be sent to 198.51.100.9:4000 either" in words

    def test_packets_that_nobody_can_read(self) -> None:
        words = why(OneWay.NOTHING_CAME, known(came_from=Source(ip_address("198.51.100.9"), 4000)))
        assert "Packets do come from 198.51.100.9:4000, and none can be read" in words
        assert "OFFHOOK_SRTP" in words

    def test_packets_of_others(self) -> None:
        assert "37 packets came from other addresses" in why(OneWay.NOTHING_CAME, known(refused=37))

    def test_no_packet_at_all(self) -> None:
        words = why(OneWay.NOTHING_CAME, known())
        assert "Not one packet arrived at UDP port 10000 of 203.0.113.5" in words
        assert "OFFHOOK_RTP_PORTS" in words

    def test_another_codec(self) -> None:
        words = why(
            OneWay.UNREADABLE, known(flow=Flow(received=250, sent=250, is_usable=False), codec="PCMU")
        )
        assert "250 packets came from it, and none could be used" in words
        assert "another codec than was agreed on (PCMU)" in words

    def test_one_that_stopped(self) -> None:
        words = why(OneWay.STOPPED, known(flow=Flow(received=900, sent=2000)))
        assert "its audio stopped after 900 packets, 10 s ago" in words


class TestKeepAlive:
    def test_one_is_due_only_while_nothing_else_goes(self) -> None:
        keeping = KeepAlive(at=0.0)
        assert not any(keeping.is_due(50 * second, float(second)) for second in range(1, 100))
        due = [second for second in range(100, 160) if keeping.is_due(5000, float(second))]
        assert due == [114, 128, 142, 156]

    def test_it_goes_where_the_far_end_was_heard_from_even_after_a_hold_in_the_old_way(self) -> None:
        keeping = KeepAlive(at=0.0)
        inner, outer = Source(ip_address("10.0.0.7"), 4000), Source(ip_address("198.51.100.9"), 61_000)
        assert keeping.go_to(inner, None) == inner
        assert keeping.go_to(inner, outer) == outer
        assert keeping.go_to(None, None) == outer
        moved = Source(ip_address("198.51.100.9"), 4002)
        assert keeping.go_to(moved, None) == moved


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.mark.sip
class TestCalls:
    async def test_a_silent_far_end_is_told_once_with_its_cause(
        self, told: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = RealWorld(rtp_first_port=21_400)
        world.switchboard.on_not_heard = lambda _info, words: told.append(words)
        await world.start()
        try:
            monkeypatch.setattr(one_way, "NOTHING_AFTER_S", 2.0)
            monkeypatch.setattr(world.peer, "_start_sending", lambda: None)
            call = await world.incoming()
            await call.answer()
            await asyncio.wait_for(world.peer.answered.wait(), PATIENCE_S)
            sent_to = world.peer.rtp_port
            await asyncio.wait_for(world.peer.until(lambda: bool(told)), PATIENCE_S)
        finally:
            await world.close()
        [words] = told
        assert f"sent to 127.0.0.1:{sent_to}" in words
        assert "Not one packet arrived at UDP port 21" in words
        assert [facts["what"] for _, kind, facts in call.timeline.take() if kind == "one_way"] == [
            "nothing_came"
        ]

    async def test_another_codec_than_agreed_is_told(
        self, told: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(one_way, "NOTHING_AFTER_S", 1.0)
        world = RealWorld(rtp_first_port=21_450)
        world.switchboard.on_not_heard = lambda _info, words: told.append(words)
        await world.start()
        try:
            send = world.peer._packet
            monkeypatch.setattr(
                world.peer, "_packet", lambda payload, _kind, at, mark: send(payload, UNAGREED, at, mark)
            )
            call = await world.incoming()
            await call.answer()
            await asyncio.wait_for(world.peer.answered.wait(), PATIENCE_S)
            await asyncio.wait_for(world.peer.until(lambda: bool(told)), PATIENCE_S)
        finally:
            await world.close()
        [words] = told
        assert "another codec than was agreed on (PCMU)" in words

    async def test_phones_behind_nat_hear_and_are_heard(self, told: list[str]) -> None:
        world = RealWorld(rtp_first_port=21_500)
        world.switchboard.on_not_heard = lambda _info, words: told.append(words)
        await world.start()
        try:
            for is_symmetric in (False, True):
                peer = await NattedPeer.behind(Nat(is_symmetric=is_symmetric), 5060 + is_symmetric)
                try:
                    await self._talk_through(world, peer)
                finally:
                    await peer.close()
        finally:
            await world.close()
        assert told == []

    async def _talk_through(self, world: RealWorld, peer: NattedPeer) -> None:
        """A call both ways, although the peer's SDP leads nowhere."""
        world._do(peer.invite("1000", world.switchboard.engine.sip_port))
        leg = await world._arrival(peer)
        frames: list[bytes] = []
        with leg.listen(frames.append):
            await leg.answer()
            await asyncio.wait_for(peer.answered.wait(), PATIENCE_S)
            await asyncio.wait_for(peer.until(lambda: len(peer.heard) > 50), PATIENCE_S)
        assert frames
        assert f"c=IN IP4 {INSIDE}" in peer.sdp()
        assert INSIDE_RTP not in peer.rtp_hole.outside_ports
        assert (await peer.bye()).status == 200

    async def test_on_hold_the_way_through_nat_is_kept_open(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(keep_alive, "QUIET_S", 0.2)
        world = RealWorld(rtp_first_port=21_600)
        await world.start()
        came: asyncio.Queue[bytes] = asyncio.Queue()
        try:
            call = await world.incoming()
            await call.answer()
            await asyncio.wait_for(world.peer.answered.wait(), PATIENCE_S)
            await asyncio.wait_for(world.peer.until(lambda: len(world.peer.heard) > 10), PATIENCE_S)
            world.peer.on_short = came.put_nowait
            await renegotiate(world.peer, "inactive")
            assert await asyncio.wait_for(came.get(), PATIENCE_S) == keep_alive.PACKET
        finally:
            await world.close()

"""Which address of ours a far end is told: the public one, or in networks of our own the bound one."""

import asyncio
from ipaddress import ip_network

import pytest

from offhook.call.trunks import SipTransport
from offhook.pjsua.local_networks import Inner, LocalNetworks
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.worlds import RealWorld
from tests.sip.nat import OUTSIDE as NEIGHBOUR
from tests.sip.nat import Nat, NattedPeer
from tests.sip.peer import Message, Peer
from tests.sip.stream_peer import StreamPeer

PATIENCE_S = 30
PUBLIC, NEW_PUBLIC = "203.0.113.5", "203.0.113.99"
NEIGHBOURS = (ip_network("127.0.77.0/24"),)


def invite(via: str = "UDP", edge: str = "") -> str:
    told = f"X-Offhook-Edge: {edge}\r\n" if edge else ""
    return f"INVITE sip:1@x SIP/2.0\r\nVia: SIP/2.0/{via} 10.1.1.1:5060;branch=z9hG4bK1\r\n{told}\r\n"


class TestLocalNetworks:
    local = LocalNetworks((ip_network("10.0.0.0/8"), ip_network("fd00::/8")), "10.0.0.5")

    def test_callers_from_there_and_from_elsewhere(self) -> None:
        assert self.local.of_invite(invite(), "10.1.1.1:5060") == Inner("10.0.0.5", SipTransport.UDP)
        assert self.local.of_invite(invite("TLS"), "10.1.1.1:4711") == Inner("10.0.0.5", SipTransport.TLS)
        for source in ("192.168.1.1:5060", "203.0.113.9:5060", "[fd00::1]:5060", ""):
            assert self.local.of_invite(invite(), source) is None

    def test_behind_an_edge_the_caller_is_whom_it_names(self) -> None:
        assert self.local.of_invite(invite(edge="10.1.1.1 trunk"), "127.0.0.1:5060") is not None
        assert self.local.of_invite(invite(edge="203.0.113.9"), "127.0.0.1:5060") is None
        # Anybody can write the header: it counts from loopback alone.
        assert self.local.of_invite(invite(edge="10.1.1.1"), "203.0.113.9:5060") is None

    def test_callers_over_connections_from_elsewhere_are_told_the_public_one(self) -> None:
        local = LocalNetworks((ip_network("10.0.0.0/8"),), "10.0.0.5", public_address=PUBLIC)
        assert local.of_invite(invite("TCP"), "203.0.113.9:4711") == Inner(PUBLIC, SipTransport.TCP)
        assert local.of_invite(invite("TLS"), "10.1.1.1:4711") == Inner("10.0.0.5", SipTransport.TLS)
        assert local.of_invite(invite(), "203.0.113.9:4711") is None
        local.moved(NEW_PUBLIC)
        assert local.of_invite(invite("TLS"), "203.0.113.9:4711") == Inner(NEW_PUBLIC, SipTransport.TLS)
        self.local.moved(NEW_PUBLIC)
        assert self.local.of_invite(invite("TLS"), "203.0.113.9:4711") is None

    def test_whom_we_call(self) -> None:
        assert self.local.of_uri("sip:a@10.2.3.4:5070;transport=tcp", "tcp") == Inner(
            "10.0.0.5", SipTransport.TCP
        )
        for uri in (
            "sip:a@203.0.113.9",
            "sip:10.1.1.1@carrier.example",
            "sip:a@[fd00::1]",
            "sip:a@10.1.1.1.example",
        ):
            assert self.local.of_uri(uri, "udp") is None

    def test_without_any_nothing_is_looked_at(self) -> None:
        assert not LocalNetworks((), "10.0.0.5")
        assert LocalNetworks((), "10.0.0.5").of_invite(invite(), "10.1.1.1:5060") is None


def told_in(message: Message) -> tuple[str, str]:
    """The addresses of Contact and SDP."""
    contact = message.get("Contact").partition("@")[2].partition(":")[0]
    return contact, next(line.split(" ")[2] for line in message.body.split("\r\n") if line.startswith("c="))


@pytest.mark.sip
async def test_each_is_told_the_address_that_leads_to_us_from_there() -> None:
    world = RealWorld(rtp_first_port=21_800, public_address=PUBLIC, local_networks=NEIGHBOURS)
    await world.start()
    neighbour = await NattedPeer.behind(Nat())
    later = await Peer.open()
    try:
        assert told_in(await answer_to(world, world.peer)) == (PUBLIC, PUBLIC)
        assert told_in(await answer_to(world, neighbour)) == ("127.0.0.1", "127.0.0.1")
        assert told_in(await invite_of_ours(world, "127.0.0.1")) == (PUBLIC, PUBLIC)
        assert told_in(await invite_of_ours(world, NEIGHBOUR)) == ("127.0.0.1", "127.0.0.1")
        await neighbour.bye()
        world.switchboard.engine.set_public_address(NEW_PUBLIC)
        await world.switchboard.engine.submit(lambda: None)  # what was asked for before is done by then
        await world.peer.bye()
        assert told_in(await answer_to(world, later))[1] == NEW_PUBLIC
    finally:
        await neighbour.close()
        await later.close()
        await world.close()


@pytest.mark.sip
async def test_a_caller_over_tcp_is_told_where_the_outside_finds_us() -> None:
    world = RealWorld(public_address=PUBLIC, transports=(SipTransport.UDP, SipTransport.TCP))
    await world.start()
    peer = await StreamPeer.listen("TCP")
    world.party.append(peer)
    try:
        port = world.switchboard.engine.port_of(SipTransport.TCP)
        assert port is not None
        await peer.connect(port)
        calling = asyncio.create_task(peer.invite("1000", port))
        leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
        await leg.answer()
        answer = await calling
        assert answer.get("Contact") == f"<sip:offhook@{PUBLIC}:{port};transport=tcp>"
        assert told_in(answer) == (PUBLIC, PUBLIC)
    finally:
        await world.close()


async def answer_to(world: RealWorld, peer: Peer) -> Message:
    """The 200 to a call of this peer."""
    world._do(peer.invite("1000", world.switchboard.engine.sip_port))
    leg = await world._arrival(peer)
    await leg.answer()
    return await peer.reply(200)


async def invite_of_ours(world: RealWorld, host: str) -> Message:
    """The INVITE that somebody at this address gets from us."""
    came: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    class Called(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
            if not came.done():
                came.set_result(data)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Called, local_addr=(host, 0))
    try:
        port = transport.get_extra_info("sockname")[1]
        leg = await world.switchboard.dial(SOME_CALL, f"sip:peer@{host}:{port}", {})
        message = Message.parse(await asyncio.wait_for(came, PATIENCE_S))
        await leg.hang_up()
        return message
    finally:
        transport.close()

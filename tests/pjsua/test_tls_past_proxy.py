"""TLS trunks of a worker behind an edge: called past it, since the library sees whom a certificate names. And calls over TLS without a
certificate of our own, from an address that leads outside, at a port that nobody comes in by."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from offhook.call.ending import EndCause
from offhook.call.errors import CallEnded, OffhookError
from offhook.call.trunks import SipTransport, Trunk, Way, ways_to
from offhook.pjsua.accounts import MediaKind
from offhook.pjsua.listeners import TlsListening
from offhook.pjsua.registration import Wish
from offhook.processes.trunk_hosts import TrunkHosts
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.worlds import RealWorld
from tests.pjsua.test_transports import shows
from tests.sip.certificates import Authority
from tests.sip.stream_peer import IPV4, StreamPeer

pytestmark = pytest.mark.sip

OTHER = "127.0.0.5"
"""An address that is not where SIP is bound."""
PATIENCE_S = 30
NUMBER = "+493012345"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@asynccontextmanager
async def behind(authority: Authority, **settings: Any) -> AsyncIterator[RealWorld]:
    """A block with an engine behind a proxy that takes nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as proxy:
        proxy.bind((IPV4, 0))
        tls = TlsListening(port=0, authorities=authority.certificate, calls_from=OTHER)
        world = RealWorld(
            **{
                "transports": (SipTransport.UDP, SipTransport.TLS),
                "tls": tls,
                "proxy": f"sip:{IPV4}:{proxy.getsockname()[1]};lr",
                **settings,
            }
        )
        await world.start()
        try:
            yield world
            proxy.setblocking(False)
            with pytest.raises(BlockingIOError):
                proxy.recv(1)
        finally:
            await world.close()


async def carrier(world: RealWorld, authority: Authority, *names: str, **more: Any) -> StreamPeer:
    peer = await StreamPeer.listen("TLS", certificate=shows(authority.issue(*names, **more)))
    world.party.append(peer)
    return peer


def trunk(peer: StreamPeer, name: str) -> Trunk:
    return Trunk(
        sid=name, name=name, host=IPV4, port=peer.port, transport=SipTransport.TLS, priority=ord(name)
    )


async def test_the_next_trunk_is_tried_where_a_certificate_does_not_count(
    authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path, "Unknown Authority")
    told: list[str] = []

    def passed_over(_way: Way, why: str, _following: Way | None) -> None:
        told.append(why)

    async with behind(authority) as world:
        bad = [
            await carrier(world, authority, IPV4, ends_in=timedelta(days=-1)),
            await carrier(world, stranger, IPV4),
            await carrier(world, authority, "elsewhere.example"),
        ]
        good = await carrier(world, authority, IPV4)
        trunks = [trunk(peer, name) for name, peer in zip("abcd", [*bad, good], strict=True)]
        uri = trunks[-1].uri(NUMBER)
        ways = ways_to(NUMBER, trunks, SOME_CALL.from_)
        leg = await world.switchboard.dial_ways(
            SOME_CALL, ways, {"X-Own": "1"}, passed_over=passed_over, place_of=TrunkHosts().place
        )
        async with asyncio.timeout(PATIENCE_S):
            await good.expect()
            good.respond(200)
            await leg.connected()
            await good.until(lambda: len(good.heard) > 5)
            await leg.hang_up()
            await good.over.wait()
    for why, word in zip(told, ("expired", "untrusted", "identity"), strict=True):
        assert "certificate is refused" in why
        assert word in why
    assert not any(peer.messages for peer in bad)
    [invite] = [message for message in good.messages if message.method == "INVITE"]
    assert invite.start == f"INVITE {uri} SIP/2.0"
    assert invite.get("X-Own") == "1"
    assert not [name for name, _ in invite.headers if name.lower().startswith("x-offhook") or name == "Route"]
    assert OTHER in invite.get("Via"), "it was called from the address that leads outside"


async def test_it_registers_past_the_proxy_and_is_called_over_that_connection(authority: Authority) -> None:
    async with behind(authority) as world:
        registrar = await carrier(world, authority, IPV4)
        engine = world.switchboard.engine
        wish = Wish(
            registrar=trunk(registrar, "a").uri(""),
            address=f"sip:me@{IPV4}",
            username="me",
            password="secret",
            kind=MediaKind(is_past_proxy=True),
        )
        await engine.submit(lambda: engine.registrations.begin("key", wish))
        await engine.submit(lambda: engine.registrations.send("key"))
        async with asyncio.timeout(PATIENCE_S):
            while not registrar.messages:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            [register] = registrar.messages
            assert register.start == f"REGISTER {wish.registrar} SIP/2.0"
            assert register.all("Route") == []
            assert f"@{OTHER}:" in register.get("Contact")
            calling = asyncio.create_task(registrar.invite("1000", 5061))
            leg = await world.arrived.get()
            await leg.answer()
            assert (await calling).status == 200
            await leg.hang_up()


async def test_nobody_comes_in_where_there_is_no_certificate(authority: Authority) -> None:
    async with behind(authority) as world:
        port = world.switchboard.engine.port_of(SipTransport.TLS)
        assert port is not None
        with socket.socket() as caller:
            caller.settimeout(0.3)
            with pytest.raises(TimeoutError):
                caller.connect((OTHER, port))


async def test_tls_that_is_not_open_is_said(authority: Authority) -> None:
    async with behind(authority, transports=(SipTransport.UDP,)) as world:
        with pytest.raises(OffhookError, match="name it in OFFHOOK_SIP_TRANSPORTS"):
            await world.switchboard.dial(SOME_CALL, "sip:a@127.0.0.1;transport=tls", {})


async def test_without_a_proxy_calls_go_out_from_where_sip_is_bound(authority: Authority) -> None:
    tls = TlsListening(port=0, authorities=authority.certificate)
    world = RealWorld(sip_host=OTHER, transports=(SipTransport.UDP, SipTransport.TLS), tls=tls)
    await world.start()
    try:
        peer = await carrier(world, authority, IPV4)
        leg = await world.switchboard.dial(SOME_CALL, peer.uri, {})
        async with asyncio.timeout(PATIENCE_S):
            invite = await peer.expect()
            assert OTHER in invite.get("Via")
            peer.respond(486)
            with pytest.raises(CallEnded) as ended:
                async with leg.alive():
                    await leg.connected()
        assert ended.value.ending.cause is EndCause.REFUSED
    finally:
        await world.close()

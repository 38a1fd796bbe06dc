"""SIP over UDP, TCP and TLS, over IPv4 and IPv6: called and calling."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from offhook.call.ending import EndCause
from offhook.call.errors import CallEnded, OffhookError
from offhook.call.trunks import SipTransport
from offhook.pjsua.build import has_ipv6, installed_build
from offhook.pjsua.engine import EngineFailed
from offhook.pjsua.leg import Leg
from offhook.pjsua.listeners import TlsListening
from offhook.testing.scripted_call import SOME_CALL
from offhook.tls_files import TlsFiles
from tests.contract.worlds import RealWorld
from tests.sip.certificates import Authority, Pair
from tests.sip.stream_peer import IPV4, IPV6, StreamPeer

pytestmark = pytest.mark.sip

PATIENCE_S = 30
ALL = tuple(SipTransport)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@asynccontextmanager
async def world_with(pair: Pair, authority: Authority, **settings: Any) -> AsyncIterator[RealWorld]:
    tls = TlsListening(
        port=0,
        files=TlsFiles(certificate=pair.certificate, key=pair.key, prefix="OFFHOOK_SIP_TLS"),
        authorities=authority.certificate,
    )
    world = RealWorld(**{"transports": ALL, "tls": tls, "ipv6_host": IPV6_HOST, **settings})
    await world.start()
    try:
        yield world
    finally:
        await world.close()


def shows(pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def trusts(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.certificate))


async def peer_of(world: RealWorld, via: str, host: str = IPV4, **tls: ssl.SSLContext | None) -> StreamPeer:
    """One that is closed with the world."""
    peer = await StreamPeer.listen(via, host, **tls)
    world.party.append(peer)
    return peer


async def call(world: RealWorld, peer: StreamPeer) -> Leg:
    port = world.switchboard.engine.port_of(SipTransport(peer._via.lower()))
    assert port is not None
    if peer._via != "UDP":
        await peer.connect(port)
    calling = asyncio.create_task(peer.invite("1000", port))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.answer()
    await calling
    return leg


IPV6_HOST = IPV6 if has_ipv6(installed_build()) else None
WAYS = [(via, host) for host in (IPV4, IPV6_HOST) if host for via in ("UDP", "TCP", "TLS")]


async def test_calls_come_and_go_by_every_transport(authority: Authority) -> None:
    async with world_with(authority.issue("localhost"), authority) as world:
        for via, host in WAYS:
            peer = await peer_of(
                world,
                via,
                host,
                certificate=shows(authority.issue(IPV4, IPV6)) if via == "TLS" else None,
                trusts=trusts(authority) if via == "TLS" else None,
            )
            leg = await call(world, peer)
            async with asyncio.timeout(PATIENCE_S):
                await peer.until(lambda: len(peer.heard) > 5)  # noqa: B023
            await leg.hang_up()
            assert world.invites[-1].transport == via.lower()
            peer.dialog = None
            peer.heard.clear()
            called = await world.switchboard.dial(SOME_CALL, peer.uri, {})
            async with asyncio.timeout(PATIENCE_S):
                await peer.expect()
                peer.respond(200)
                await called.connected()
                await peer.until(lambda: len(peer.heard) > 5)  # noqa: B023
                await called.hang_up()
                await peer.over.wait()


async def refusal(world: RealWorld, uri: str) -> tuple[int | None, str]:
    leg = await world.switchboard.dial(SOME_CALL, uri, {})
    with pytest.raises(CallEnded) as ended:
        async with leg.alive(), asyncio.timeout(PATIENCE_S):
            await leg.connected()
    assert ended.value.ending.cause is EndCause.REFUSED
    return ended.value.ending.sip_status, ended.value.ending.reason


async def test_a_carrier_must_show_a_valid_certificate(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "Unknown Authority")
    bad = {
        "expired": authority.issue(IPV4, ends_in=timedelta(days=-1)),
        "untrusted": stranger.issue(IPV4),
        "identity": authority.issue("elsewhere.example"),
    }
    async with world_with(authority.issue("localhost"), authority) as world:
        for word, pair in bad.items():
            carrier = await peer_of(world, "TLS", certificate=shows(pair))
            status, reason = await refusal(world, carrier.uri)
            assert status == 503
            assert "certificate is refused" in reason
            assert word in reason
            assert not carrier.messages
    async with world_with(authority.issue("localhost"), authority, transports=(SipTransport.UDP,)) as world:
        with pytest.raises(OffhookError, match="OFFHOOK_SIP_TRANSPORTS"):
            await world.switchboard.dial(SOME_CALL, "sip:a@127.0.0.1;transport=tls", {})


async def test_a_renewed_certificate_counts_without_a_restart(authority: Authority) -> None:
    used, renewed = authority.issue("localhost", name="first"), authority.issue("localhost", name="second")
    async with world_with(used, authority) as world:
        own = shows(authority.issue(IPV4))
        peer, hung_up, other = [
            await peer_of(world, "TLS", certificate=own, trusts=trusts(authority)) for _ in range(3)
        ]
        await call(world, peer)
        leg = await call(world, hung_up)
        used.write(renewed)
        port = world.switchboard.engine.port_of(SipTransport.TLS)
        assert port is not None
        async with asyncio.timeout(PATIENCE_S):
            while await common_name(port, authority) != "second":  # noqa: ASYNC110  # each look is a connection
                await asyncio.sleep(0.1)
        heard = len(peer.heard)
        await call(world, other)
        assert other.shown_certificate["subject"] == ((("commonName", "second"),),)
        async with asyncio.timeout(PATIENCE_S):
            await peer.until(lambda: len(peer.heard) > heard + 10)
            assert (await peer.bye()).status == 200
            await leg.hang_up()
            await hung_up.over.wait()
            assert (await other.bye()).status == 200


async def common_name(port: int, authority: Authority) -> str:
    try:
        _, writer = await asyncio.open_connection(
            IPV4, port, ssl=trusts(authority), server_hostname="localhost"
        )
    except OSError:  # the moment between the two
        return ""
    [[(_, name)]] = writer.get_extra_info("ssl_object").getpeercert()["subject"]
    writer.transport.abort()
    return str(name)


async def test_a_certificate_that_cannot_be_used_keeps_the_engine_from_starting(authority: Authority) -> None:
    good, expired = authority.issue("localhost"), authority.issue("localhost", ends_in=timedelta(hours=-1))
    wrong = {
        "expired on": expired,
        "does not belong to": Pair(good.certificate, expired.key),
        "no private key": Pair(good.certificate, good.certificate),
        "no certificate": Pair(good.key, good.key),
        "cannot be read": Pair(good.certificate.with_name("nowhere.pem"), good.key),
    }
    for words, pair in wrong.items():
        with pytest.raises(EngineFailed, match=f"OFFHOOK_SIP_TLS_(CERT|KEY): .*{words}"):
            async with world_with(pair, authority):
                pass


async def test_a_port_in_use_is_named(authority: Authority) -> None:
    taken = await asyncio.start_server(lambda reader, writer: None, IPV4, 0)
    port = taken.sockets[0].getsockname()[1]
    async with taken:
        with pytest.raises(EngineFailed, match=f"TCP port {port} on {IPV4} is in use.*OFFHOOK_SIP_PORT"):
            async with world_with(authority.issue("localhost"), authority, sip_port=port):
                pass
        pair = authority.issue("localhost")
        files = TlsFiles(certificate=pair.certificate, key=pair.key, prefix="OFFHOOK_SIP_TLS")
        with pytest.raises(EngineFailed, match=f"TCP port {port} on {IPV4} is in use.*OFFHOOK_SIP_TLS_PORT"):
            async with world_with(pair, authority, tls=TlsListening(port=port, files=files)):
                pass


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("192.0.2.254", "192.0.2.254 is no address of this machine; set OFFHOOK_SIP_HOST to one of its own"),
        ("nobody.invalid", "nobody.invalid is a name that leads to no address of this machine; set OFFHOOK_SIP_HOST"),
    ],
)  # fmt: skip
async def test_a_host_that_is_not_this_machine_is_named(host: str, words: str) -> None:
    for transport in ALL:
        with pytest.raises(EngineFailed, match=re.escape(words)):
            await RealWorld(sip_host=host, transports=(transport,), tls=TlsListening(port=0)).start()


async def test_ipv6_is_refused_by_a_build_without_it() -> None:
    with pytest.raises(EngineFailed, match=r"speaks no IPv6.*OFFHOOK_SIP_HOST_IPV6.*make engine"):
        await RealWorld(replace(installed_build(), limits={}), ipv6_host=IPV6).start()


async def test_tls_alone_and_without_a_certificate_of_ours_calls_others(authority: Authority) -> None:
    tls = TlsListening(port=0, authorities=authority.certificate)
    async with world_with(
        authority.issue("localhost"), authority, tls=tls, transports=(SipTransport.TLS,)
    ) as world:
        carrier = await peer_of(world, "TLS", certificate=shows(authority.issue(IPV4)))
        leg = await world.switchboard.dial(SOME_CALL, carrier.uri, {})
        await carrier.expect()
        carrier.respond(200)
        await asyncio.wait_for(leg.connected(), PATIENCE_S)
        await leg.hang_up()
        with pytest.raises(OffhookError, match="over udp, which is not open: OFFHOOK_SIP_TRANSPORTS is tls"):
            await world.switchboard.dial(SOME_CALL, "sip:a@127.0.0.1", {})

"""Over TCP and TLS we say where we listen, not which connection we speak by; and nobody is connected to before there is something to ask."""

import asyncio
import ssl
from typing import Any

import pytest

from offhook.call.trunks import SipTransport
from offhook.pjsua.accounts import MediaKind
from offhook.pjsua.build import has_ipv6, installed_build
from offhook.pjsua.listeners import TlsListening
from offhook.pjsua.registration import Wish
from offhook.testing.scripted_call import SOME_CALL
from offhook.tls_files import TlsFiles
from tests.contract.worlds import RealWorld
from tests.pjsua.test_asked_by_connection import Unreachable, caller_by, hung_up, port_of
from tests.sip.certificates import Authority
from tests.sip.in_dialog import ask, asked, told
from tests.sip.peer import Message
from tests.sip.stream_peer import IPV4, IPV6, StreamPeer

pytestmark = pytest.mark.sip

PATIENCE_S = 30
PUBLIC = "203.0.113.5"
IPV6_HOST = IPV6 if has_ipv6(installed_build()) else None


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


async def begun(authority: Authority, **settings: Any) -> RealWorld:
    pair = authority.issue("localhost")
    files = TlsFiles(certificate=pair.certificate, key=pair.key, prefix="OFFHOOK_SIP_TLS")
    tls = TlsListening(port=0, files=files, authorities=authority.certificate)
    world = RealWorld(**{"transports": tuple(SipTransport), "tls": tls, "ipv6_host": IPV6_HOST, **settings})
    await world.start()
    return world


async def called_peer(world: RealWorld, authority: Authority, via: str, host: str = IPV4) -> StreamPeer:
    pair = authority.issue(IPV4, IPV6)
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(pair.certificate, pair.key)
    peer = await StreamPeer.listen(via, host, certificate=shown if via == "TLS" else None)
    world.party.append(peer)
    return peer


async def contact_told(world: RealWorld, peer: StreamPeer, uri: str) -> str:
    """Contact of an INVITE of ours."""
    leg = await world.switchboard.dial(SOME_CALL, uri, {})
    invite = await asked(peer, "INVITE")
    await leg.hang_up()
    return invite.get("Contact").lower()


@pytest.mark.parametrize("public", [None, PUBLIC])
async def test_who_is_called_is_told_where_we_listen(public: str | None, authority: Authority) -> None:
    world = await begun(authority, public_address=public)
    try:
        for via in ("TCP", "TLS"):
            at, by = port_of(world, via), via.lower()
            peer = await called_peer(world, authority, via)
            own = f"<sip:offhook@{public or IPV4}:{at};transport={by}>"
            assert await contact_told(world, peer, peer.uri) == own
            # By a name, too, which the way out to cannot be asked for.
            named = await called_peer(world, authority, via)
            if via == "TCP":
                assert await contact_told(world, named, named.uri.replace(IPV4, "localhost")) == own
            if IPV6_HOST:
                newer = await called_peer(world, authority, via, IPV6)
                assert (
                    await contact_told(world, newer, newer.uri)
                    == f"<sip:offhook@[{IPV6}]:{at};transport={by}>"
                )
    finally:
        await world.close()


@pytest.mark.parametrize("host", [IPV4, "localhost"])
@pytest.mark.parametrize("via", ["TCP", "TLS"])
async def test_a_caller_is_neither_looked_up_nor_connected_to(
    via: str, host: str, authority: Authority
) -> None:
    world = await begun(authority)
    try:
        caller: Unreachable = await caller_by(world, via, authority)
        caller.place = f"{host}:{caller.port}"
        calling = asyncio.create_task(caller.invite("1000", port_of(world, via)))
        leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
        await leg.answer()
        contact = (await calling).get("Contact").lower()
        if host == IPV4:
            assert contact == f"<sip:offhook@{IPV4}:{port_of(world, via)};transport={via.lower()}>"
        async with asyncio.timeout(PATIENCE_S):
            assert (await ask(caller, "OPTIONS")).status == 200
        await hung_up(leg, caller)
        assert caller.connections == 0
    finally:
        await world.close()


class Registrar(StreamPeer):
    """Lets everybody in, and says which port it sees them at."""

    def _serve_register(self, message: Message) -> None:
        assert self._lines is not None
        seen = self._lines.get_extra_info("peername")
        via = message.get("Via").replace(";rport", f";rport={seen[1]};received={seen[0]}", 1)
        same = [f"{name}: {message.get(name)}" for name in ("From", "To", "Call-ID", "CSeq", "Contact")]
        lines = ["SIP/2.0 200 OK", f"Via: {via}", *same, "Content-Length: 0", "", ""]
        self._lines.write("\r\n".join(lines).encode())

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = Message.parse(data)
        if message.method != "REGISTER":
            return super().datagram_received(data, addr)
        self.messages.append(message)
        self._serve_register(message)
        self._arrived.set()
        return None


async def test_a_registrar_that_sees_the_connections_port_is_told_where_we_listen(
    authority: Authority,
) -> None:
    world = await begun(authority)
    registrar = await Registrar.listen("TCP")
    world.party.append(registrar)
    said: asyncio.Queue[int] = asyncio.Queue()
    engine = world.switchboard.engine
    engine.on_registrar = lambda _key, answer: said.put_nowait(answer.status)
    wish = Wish(
        registrar=registrar.uri.replace("peer@", ""),
        address=f"sip:me@{IPV4}",
        username="me",
        password=None,
        kind=MediaKind(),
    )
    try:
        await engine.submit(lambda: engine.registrations.begin("key", wish))
        for _ in range(2):
            await engine.submit(lambda: engine.registrations.send("key"))
            assert await asyncio.wait_for(said.get(), PATIENCE_S) == 200
        await told(registrar, lambda: len(registrar.messages) >= 2)
        own = f"<sip:me@{IPV4}:{port_of(world, 'TCP')};transport=tcp"
        assert [each.get("Contact").lower().startswith(own) for each in registrar.messages] == [True, True]
    finally:
        await world.close()

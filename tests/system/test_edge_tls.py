"""SIP over TLS at a real Kamailio: phones and a carrier, in both directions, and a certificate that is replaced under a call."""

import asyncio
import os
import signal
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from socket import SOCK_STREAM
from typing import Any

import pytest

from tests.pjsua.test_transports import shows, trusts
from tests.sip.certificates import Authority, Pair
from tests.sip.peer import Peer
from tests.sip.stream_peer import IPV4
from tests.sip.tls_phone import EncryptedTlsPhone, TlsPhone
from tests.system.desk import offhook_here
from tests.system.server import Server, free_port, running_server
from tests.system.test_edge import behind_kamailio, children_of, words_of
from tests.system.test_phones import calls_become, is_told, password_of, places_are, softphone
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

PATIENCE_S = 30
CARRIER, NEIGHBOUR = "127.0.0.67", "127.0.0.99"
SOUND = bytes(range(256)) * 100


@dataclass
class World:
    """A server with Kamailio that speaks TLS."""

    server: Server
    authority: Authority
    pair: Pair
    port: int

    @property
    def trusts(self) -> ssl.SSLContext:
        return trusts(self.authority)

    @asynccontextmanager
    async def phone(
        self, login: str, kind: type[TlsPhone] = TlsPhone, own: str = IPV4, *, is_carrier: bool = False
    ) -> AsyncIterator[TlsPhone]:
        certificate = shows(self.authority.issue(IPV4)) if is_carrier else None
        phone = await kind.at(
            self.port, self.trusts, login, password_of(login), own=own, certificate=certificate
        )
        try:
            yield phone
        finally:
            await phone.close()

    async def shown(self) -> Any:
        """The number of the certificate that a new connection is shown."""
        async with self.phone("") as somebody:
            return somebody.shown_certificate["serialNumber"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("edge-tls")
    authority = Authority(folder)
    pair, port = authority.issue("localhost", IPV4), free_port(SOCK_STREAM)
    settings = behind_kamailio(
        WORKERS="1",
        DEV="",
        WEBHOOK_ALLOW="127.0.0.0/8",
        SIP_ALLOW=f"{NEIGHBOUR}/32",
        SIP_DIGESTS="md5",
        SIP_TRANSPORTS="udp,tcp,tls",
        SIP_TLS_PORT=str(port),
        SIP_TLS_CERT=str(pair.certificate),
        SIP_TLS_KEY=str(pair.key),
        SIP_TLS_CA=str(authority.certificate),
    )
    with running_server(folder / "data", **settings) as server:
        for login in ("ada", "bob"):
            assert server.post("/Clients", Login=login, Password=password_of(login)).status_code == 200
        yield World(server, authority, pair, port)


async def hears(peer: Peer, speaker: Peer) -> None:
    """Return once what one says is heard by the other."""
    peer.heard.clear()
    speaker.say(SOUND)
    async with asyncio.timeout(PATIENCE_S):
        await peer.hears_something()


async def is_over(peer: Peer) -> None:
    await asyncio.wait_for(peer.over.wait(), PATIENCE_S)


async def test_phones_call_each_other_and_a_certificate_is_replaced_under_their_call(world: World) -> None:
    await is_told(world.server, "ada", "bob")
    async with world.phone("ada") as ada, world.phone("bob", EncryptedTlsPhone) as bob:
        for phone in (ada, bob):
            assert (await phone.register()).status == 200
        await places_are(world.server, 2)
        calling = asyncio.create_task(bob.call("ada"))
        await ada.expect()
        assert all(f"{IPV4}:" in route for route in ada.routes), "or she would have to connect elsewhere"
        assert [";transport=tls" in route for route in ada.routes] == [True, False]
        ada.respond(200)
        answer = await calling
        assert answer.status == 200
        assert [";transport=tls" in route for route in bob.routes] == [True, False]
        assert "m=audio" in answer.body
        assert "RTP/SAVP" in answer.body
        await hears(ada, bob)
        await hears(bob, ada)
        before = await world.shown()
        second = world.authority.issue("localhost", IPV4)
        world.pair.write(second)
        async with asyncio.timeout(PATIENCE_S):
            while await world.shown() == before:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        expired = world.authority.issue("localhost", IPV4, ends_in=timedelta(days=-1))
        mark = world.server.output.mark
        world.pair.write(expired)
        world.server.output.until("expired on", since=mark)
        await world.shown()
        world.pair.write(second)
        await hears(bob, ada)
        assert (await ada.bye()).status == 200
        await is_over(bob)
        assert bob.messages[-1].method == "BYE"
        assert ada.connections + bob.connections == 0, "phones are reached over their own connections alone"


async def test_a_phone_is_called_by_rest_and_hangs_up(world: World, app: Application) -> None:
    app.on("/voice", page(200, "<Response><Pause length='60'/></Response>"))
    await is_told(world.server, "ada")
    async with world.phone("ada") as ada:
        assert (await ada.register()).status == 200
        await places_are(world.server, 1)
        form = {"From": "1000", "To": "client:ada", "Url": f"{app.url}/voice"}
        assert (await asyncio.to_thread(lambda: world.server.post("/Calls.json", **form))).status_code == 200
        await ada.expect()
        ada.respond(200)
        await app.has(lambda seen: len(seen.requests) == 1)
        assert (await ada.bye()).status == 200
    assert await calls_become(world.server, "client:ada", ended=1) == ["completed"]


async def test_a_softphone_over_tls_calls_and_hangs_up(
    world: World, app: Application, tmp_path: Path
) -> None:
    app.on("/voice", page(200, "<Response><Gather timeout='60'/></Response>"))
    world.server.give_number("88471", f"{app.url}/voice")
    await is_told(world.server, "bob")
    async with softphone(
        tmp_path / "bob", "bob", world.port, transport=";transport=tls", dials="88471"
    ) as bob:
        await bob.says("established")
    assert await calls_become(world.server, "88471", ended=1) == ["completed"]


async def test_a_carrier_calls_over_tls_and_is_reached_where_it_says(world: World, app: Application) -> None:
    app.on("/listen", page(200, "<Response><Gather action='/bye' numDigits='1' timeout='60'/></Response>"))
    app.on("/bye", page(200, "<Response><Hangup/></Response>"))
    world.server.give_number("88470", f"{app.url}/listen")
    await is_told(world.server, "ada")
    trunk = ("--host", f"{CARRIER}:5061", "--transport", "tls", "--inbound", f"{CARRIER}/32")
    async with world.phone("+4930470", own=CARRIER) as stranger:
        assert (await stranger.invite("88470", world.port)).status == 407, "nobody knows it yet"
    added = await asyncio.to_thread(offhook_here, world.server, "trunk", "add", "secure", *trunk)
    assert added.exit_code == 0, added.output
    async with asyncio.timeout(PATIENCE_S), world.phone("+4930470", own=CARRIER, is_carrier=True) as carrier:
        while (await carrier.invite("88470", world.port)).status != 200:
            carrier.messages.clear()
            await asyncio.sleep(0.1)
        await app.has(lambda seen: any(each.path == "/listen" for each in seen.requests))
        carrier.press("1")
        await is_over(carrier)
        assert carrier.messages[-1].method == "BYE"
        assert carrier.connections == 1


async def test_a_kamailio_that_dies_comes_back_with_the_certificate_and_the_calls_that_it_had(
    world: World, app: Application
) -> None:
    app.on("/voice", page(200, "<Response><Say loop='40'>one two three four five</Say></Response>"))
    [kamailio] = children_of(world.server.children()["edge"])
    kept = Path(words_of(kamailio)[-1]).with_name("calls")
    written = kept.stat().st_size if kept.exists() else 0
    called = await Peer.open()
    target = f"sip:x@{IPV4}:{called.port}"
    try:
        placed = await asyncio.to_thread(
            world.server.post, "/Calls.json", From="1000", To=target, Url=f"{app.url}/voice"
        )
        assert placed.status_code == 200, placed.text
        await called.expect()
        called.respond(200)
        await called.hears_something()
        async with asyncio.timeout(PATIENCE_S):
            while not kept.exists() or kept.stat().st_size <= written:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        shown = await world.shown()
        world.pair.write(world.authority.issue("localhost", IPV4, ends_in=timedelta(days=-1)))
        mark = world.server.output.mark
        os.kill(kamailio, signal.SIGKILL)
        await asyncio.to_thread(world.server.output.until, "edge is ready again", since=mark)
        world.server.output.until("the one before goes on, from a copy", since=mark)
        assert await world.shown() == shown
        heard = len(called.heard)
        await called.until(lambda: len(called.heard) > heard + 10)
        assert (await called.bye()).status == 200, "who is no trunk and no phone hangs up"
        call = await asyncio.to_thread(world.server.call_to, target)
        assert call["status"] == "completed"
    finally:
        world.pair.write(world.authority.issue("localhost", IPV4))
        await called.close()

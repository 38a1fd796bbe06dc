"""Callers over TCP and TLS are asked by the connection that they called by, while it is open, and at their Contact from then on."""

import asyncio
import json
import ssl
import sys
from collections.abc import AsyncIterator
from typing import cast

import pytest
import pytest_asyncio

from offhook.call.trunks import SipTransport
from offhook.pjsua.leg import Leg
from offhook.pjsua.listeners import TlsListening
from offhook.testing.scripted_call import SOME_CALL
from offhook.tls_files import TlsFiles
from tests.contract.worlds import RealWorld
from tests.sip.certificates import Authority
from tests.sip.in_dialog import ask, asked, offer, told
from tests.sip.peer import Message
from tests.sip.router import can_make_networks
from tests.sip.stream_peer import IPV4, StreamPeer

pytestmark = pytest.mark.sip

PATIENCE_S = 30
SHUT_PORT = 9
"""Where nobody listens."""


class Unreachable(StreamPeer):
    """Calls by a connection, and names a place in its Contact where it takes none, unless it is told another `place`."""

    place = f"127.0.0.1:{SHUT_PORT}"

    def _mine(self, text: str) -> str:
        if not text.startswith("Contact: "):
            return super()._mine(text)
        over = "" if "transport=" in self.place else f";transport={self._via.lower()}"
        return f"Contact: <sip:peer@{self.place}{over}>"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest_asyncio.fixture
async def world(authority: Authority) -> AsyncIterator[RealWorld]:
    pair = authority.issue("localhost")
    files = TlsFiles(certificate=pair.certificate, key=pair.key, prefix="OFFHOOK_SIP_TLS")
    tls = TlsListening(port=0, files=files, authorities=authority.certificate)
    real = RealWorld(transports=tuple(SipTransport), tls=tls)
    await real.start()
    try:
        yield real
    finally:
        await real.close()


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.certificate))


async def caller_by(world: RealWorld, via: str, authority: Authority) -> Unreachable:
    own = authority.issue(IPV4, "localhost")
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(own.certificate, own.key)
    is_tls = via == "TLS"
    caller = await Unreachable.listen(
        via, certificate=shown if is_tls else None, trusts=trusting(authority) if is_tls else None
    )
    world.party.append(caller)
    await caller.connect(port_of(world, via))
    return cast("Unreachable", caller)


def port_of(world: RealWorld, via: str) -> int:
    port = world.switchboard.engine.port_of(SipTransport(via.lower()))
    assert port is not None
    return port


async def called_by(world: RealWorld, caller: StreamPeer) -> Leg:
    calling = asyncio.create_task(caller.invite("1000", port_of(world, caller._via)))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.answer()
    await calling
    async with asyncio.timeout(PATIENCE_S):
        assert (await ask(caller, "OPTIONS")).status == 200  # what came before it has been dealt with
    return leg


async def hung_up(leg: Leg, peer: StreamPeer) -> Message:
    """The BYE of ours that comes to a peer."""
    await leg.hang_up()
    await asyncio.wait_for(peer.over.wait(), PATIENCE_S)
    return await asked(peer, "BYE")


async def closes(world: RealWorld, caller: StreamPeer) -> None:
    """The caller closes its connection, and we know."""
    assert caller._lines is not None
    connections = world.switchboard.engine.connections
    held = len(connections)
    caller._lines.transport.abort()  # a goodbye of TLS would be waited for
    async with asyncio.timeout(PATIENCE_S):
        while len(connections) == held:  # noqa: ASYNC110  # another thread's
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("place", [f"127.0.0.1:{SHUT_PORT}", "10.0.0.7:5060", "10.0.0.7;transport=udp"])
@pytest.mark.parametrize("via", ["TCP", "TLS"])
async def test_a_caller_who_takes_no_connections_hears_that_we_hang_up(
    via: str, place: str, world: RealWorld, authority: Authority
) -> None:
    caller = await caller_by(world, via, authority)
    caller.place = place
    leg = await called_by(world, caller)
    assert await asyncio.wait_for(leg.hold(), PATIENCE_S) == 200
    await hung_up(leg, caller)
    assert caller.connections == 0


@pytest.mark.parametrize("via", ["TCP", "TLS"])
async def test_who_closes_connections_that_are_idle_is_asked_at_his_contact(
    via: str, world: RealWorld, authority: Authority
) -> None:
    caller = await caller_by(world, via, authority)
    caller.place = f"127.0.0.1:{caller.port}"
    leg = await called_by(world, caller)
    await closes(world, caller)
    assert (await hung_up(leg, caller)).start.startswith(f"BYE sip:peer@127.0.0.1:{caller.port};")
    assert caller.connections == 1


async def test_the_last_connection_counts(world: RealWorld, authority: Authority) -> None:
    caller = await caller_by(world, "TCP", authority)
    leg = await called_by(world, caller)
    await closes(world, caller)
    await caller.connect(port_of(world, "TCP"))
    assert (await ask(caller, "OPTIONS")).status == 200
    await hung_up(leg, caller)
    assert caller.connections == 0
    # And it is not closed as a stranger's is that has brought nothing for a while.
    assert [held.is_proven for held in world.switchboard.engine.connections.held] == [True]


async def test_what_came_over_tls_is_not_answered_in_clear(world: RealWorld, authority: Authority) -> None:
    caller = await caller_by(world, "TLS", authority)
    caller.place = f"127.0.0.1:{caller.port}"
    caller._mine = lambda text: Unreachable._mine(caller, text).replace(  # type: ignore[method-assign]
        f"{caller.port};transport=tls>", f"{caller.port}>"
    )
    leg = await called_by(world, caller)
    await closes(world, caller)
    await hung_up(leg, caller)
    assert caller.connections == 1


async def test_a_contact_of_another_transport_is_asked_over_that(
    world: RealWorld, authority: Authority
) -> None:
    """The library sends nothing at all by a connection that the Contact does not fit."""
    caller = await caller_by(world, "TCP", authority)
    over_udp = await StreamPeer.listen("UDP")
    world.party.append(over_udp)
    leg = await called_by(world, caller)
    caller.place = f"127.0.0.1:{over_udp.port};transport=udp"
    assert (await ask(caller, "INVITE", body=offer(caller, 2))).status == 200
    await hung_up(leg, over_udp)


async def test_a_carrier_that_listens_at_another_machine_is_asked_there_unless_it_wants_its_connection_used() -> (
    None
):
    beginning = can_make_networks()
    if (
        beginning is None
    ):  # as in a container without rights: there `test_reachability.py` holds the rule alone
        return
    process = await asyncio.create_subprocess_exec(
        *(*beginning, sys.executable, "-m", "tests.sip.two_machines"), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(2 * PATIENCE_S):
        printed, _ = await process.communicate()
    assert json.loads(printed) == {"nothing": "contact", "ob": "connection", "alias": "connection"}


@pytest.mark.parametrize("via", ["TCP", "TLS"])
async def test_who_is_called_and_names_no_place_is_asked_by_our_connection(
    via: str, world: RealWorld, authority: Authority
) -> None:
    called = await caller_by(world, via, authority)
    called.place = "10.0.0.7:5060"
    leg = await world.switchboard.dial(
        SOME_CALL, f"sip:peer@localhost:{called.port};transport={via.lower()}", {}
    )
    await called.expect()
    called.respond(200)
    async with asyncio.timeout(PATIENCE_S):
        await leg.connected()
        await told(called, lambda: any(message.method == "ACK" for message in called.messages))
    await hung_up(leg, called)
    assert called.connections == 1

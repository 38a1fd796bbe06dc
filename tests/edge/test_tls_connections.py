"""Connections to Kamailio's TLS port: whoever has proven nothing has them for a short while, and others get in meanwhile."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from offhook.config import Settings
from offhook.edge.connections import MOST_EACH
from offhook.edge.kamailio_config import KamailioConfig
from offhook.processes.edge_connections import EdgeConnections
from offhook.processes.edge_tls import EdgeCertificates
from tests.edge.conftest import Edge, running
from tests.edge.test_connections import until_left
from tests.pjsua.test_transports import trusts
from tests.sip.certificates import Authority
from tests.sip.stream_peer import IPV4
from tests.sip.tls_phone import TlsPhone
from tests.system.server import free_port

pytestmark = pytest.mark.sip

STRANGER = "127.0.0.66"
HELLO_BEGUN = bytes.fromhex("16030102000100")
"""How a handshake begins that goes no further."""


@dataclass
class Secure:
    """A Kamailio that speaks TLS."""

    edge: Edge
    authority: Authority
    port: int

    def line(self) -> socket.socket:
        """A stranger's connection that says nothing."""
        line = socket.socket()
        line.bind((STRANGER, 0))
        line.connect((IPV4, self.port))
        line.setblocking(False)
        return line

    async def phone(self) -> TlsPhone:
        """One whose handshake is over."""
        return await TlsPhone.at(self.port, trusts(self.authority), "ada", own=STRANGER)

    def lifetimes(self) -> dict[int, int]:
        """How long each may be idle, by its port."""
        listed: Any = self.edge.rpc.call("core.tcp_list")
        return {int(each["src_port"]): int(each["lifetime"]) for each in listed}


@pytest_asyncio.fixture
async def secure(config: KamailioConfig, tmp_path: Path) -> AsyncIterator[Secure]:
    authority, port = Authority(tmp_path), free_port(socket.SOCK_STREAM)
    pair = authority.issue("localhost")
    settings = {
        "sip_tls_cert": pair.certificate,
        "sip_tls_key": pair.key,
        "sip_tls_ca": authority.certificate,
        "sip_transports": "udp, tcp, tls",
        "sip_tls_port": port,
    }
    certificates = EdgeCertificates(Settings.model_validate(settings), tmp_path, tmp_path / "copies")
    certificates.write()
    [listen] = config.listen
    config = replace(
        config,
        listen=(replace(listen, tls_port=port),),
        callers_allowed=(ip_network("127.0.0.99/32"),),
        tls=certificates.tls,
    )
    async with running(config, tmp_path) as edge:
        yield Secure(edge, authority, port)


async def test_handshakes_that_are_left_make_room_for_a_phone(secure: Secure) -> None:
    now = [0.5]
    connections = EdgeConnections(
        secure.edge.rpc,
        ports=[secure.port],
        allowed=(),
        of_trunks=list,
        on_counted=lambda _what, _more: None,
        clock=lambda: now[0],
    )
    with ExitStack() as stack:
        many = [stack.enter_context(secure.line()) for _ in range(MOST_EACH + 20)]
        for line in many[::2]:
            line.send(HELLO_BEGUN)
        await asyncio.to_thread(connections.turn)
        phone = await secure.phone()
        try:
            own = phone.own_port
            secure.edge.rpc.call("htable.sets", "flows", f"tls:{STRANGER}:{own}", "ada")
            for now[0] in (1.0, 6.0):
                await asyncio.to_thread(connections.turn)
            left = await until_left(many, MOST_EACH)
            now[0] = 40.0
            await asyncio.to_thread(connections.turn)
            assert await until_left(left, 0) == []
            assert (await phone.register()).status == 405, "nobody is a client here; but it is answered"
        finally:
            await phone.close()


async def test_nobody_keeps_one_idle_who_did_not_show_who_it_is(secure: Secure) -> None:
    with secure.line() as silent:
        phone = await secure.phone()
        try:
            assert (await phone.register()).status == 403
            lifetimes = await asyncio.to_thread(secure.lifetimes)
            assert [lifetimes[port] for port in (silent.getsockname()[1], phone.own_port)] == [20, 20]
        finally:
            await phone.close()

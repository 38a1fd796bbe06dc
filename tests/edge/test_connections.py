"""TCP connections of strangers at Kamailio: few each, not for long, and those of phones and carriers stay."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from offhook.edge.connections import MOST_AT_ONCE, MOST_EACH, Connection, IdleConnections, connections_to
from offhook.edge.kamailio_config import KamailioConfig
from offhook.processes.edge_connections import EdgeConnections
from tests.edge.conftest import Edge, running
from tests.system.server import free_port

STRANGER, CARRIER = "127.0.0.66", "127.0.0.67"
PATIENCE_S = 30


def ones(count: int, address: str = "192.0.2.1", first_port: int = 1000) -> list[Connection]:
    return [Connection(ip_address(address), first_port + number) for number in range(count)]


def idle(*proven: Connection) -> IdleConnections:
    return IdleConnections(
        is_trusted=lambda address: str(address) == "192.0.2.99", has_proven=proven.__contains__
    )


def test_one_address_keeps_its_oldest_ones() -> None:
    connections = idle()
    early, late = ones(MOST_EACH), ones(20, first_port=9000)
    assert connections.to_close(early, 0.0) == ()
    assert connections.to_close([*late, *early], 1.0) == ()
    assert set(connections.to_close([*late, *early], 5.0)) == set(late)
    others = ones(MOST_EACH, "192.0.2.2")
    assert set(connections.to_close([*others, *early], 10.0)) == set()


def test_a_burst_is_cut_at_once_and_who_is_trusted_never() -> None:
    burst, carrier = ones(MOST_AT_ONCE + 5), ones(MOST_AT_ONCE + 5, "192.0.2.99")
    assert len(idle().to_close([*burst, *carrier], 0.0)) == 5


def test_what_proved_nothing_in_time_goes_and_who_did_stays() -> None:
    phones, slow = ones(MOST_EACH * 2), ones(3, "192.0.2.3")
    connections = idle(*phones)
    connections.to_close([*phones, *slow], 0.0)
    assert set(connections.to_close([*phones, *slow], 31.0)) == set(slow)


def test_a_site_of_version_6_is_one(tmp_path: Path) -> None:
    site = [Connection(ip_address(f"2001:db8::{number:x}"), 5000) for number in range(MOST_AT_ONCE + 1)]
    assert len(idle().to_close(site, 0.0)) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_kernel_is_read(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listening, socket.socket(family) as caller:
        listening.bind((host, 0))
        listening.listen()
        caller.connect(listening.getsockname())
        own = Connection(ip_address(host), caller.getsockname()[1])
        assert connections_to([listening.getsockname()[1]]) == {own}


@pytest_asyncio.fixture
async def over_tcp(config: KamailioConfig, tmp_path: Path) -> AsyncIterator[Edge]:
    """A Kamailio that takes calls from 127.0.0.1 alone, over TCP too."""
    [listen] = config.listen
    config = replace(
        config,
        listen=(replace(listen, port=free_port(socket.SOCK_STREAM)),),
        callers_allowed=(ip_network("127.0.0.1/32"),),
    )
    async with running(config, tmp_path) as edge:
        yield edge


def connect(edge: Edge, own: str) -> socket.socket:
    line = socket.socket()
    line.bind((own, 0))
    line.connect(("127.0.0.1", edge.port))
    line.setblocking(False)
    return line


async def until_left(lines: list[socket.socket], count: int) -> list[socket.socket]:
    """Return once so many of these have not been closed by the other side: those."""

    def is_open(line: socket.socket) -> bool:
        try:
            return line.recv(1) != b""
        except BlockingIOError:
            return True
        except ConnectionError:
            return False

    async with asyncio.timeout(PATIENCE_S):
        while len(left := [line for line in lines if is_open(line)]) != count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return left


@pytest.mark.sip
async def test_kamailio_lets_go_what_is_too_much(over_tcp: Edge) -> None:
    counted: list[tuple[str, int]] = []
    now = [0.0]
    connections = EdgeConnections(
        over_tcp.rpc,
        ports=[over_tcp.port],
        allowed=(),
        of_trunks=lambda: [ip_network(f"{CARRIER}/32")],
        on_counted=lambda what, more: counted.append((what, more)),
        clock=lambda: now[0],
    )

    def turn(at: float) -> None:
        now[0] = at
        connections.turn()

    with ExitStack() as stack:
        many = [stack.enter_context(connect(over_tcp, STRANGER)) for _ in range(MOST_EACH)]
        await asyncio.to_thread(turn, 1.0)
        many += [stack.enter_context(connect(over_tcp, STRANGER)) for _ in range(30)]
        carrier = [stack.enter_context(connect(over_tcp, CARRIER)) for _ in range(MOST_EACH + 30)]
        phone = many[-1]
        over_tcp.rpc.call("htable.sets", "flows", f"tcp:{STRANGER}:{phone.getsockname()[1]}", "ada")
        await asyncio.to_thread(turn, 2.0)
        await asyncio.to_thread(turn, 6.0)
        left = await until_left(many, MOST_EACH + 1)
        assert phone in left
        assert counted == [("connections", 29)]
        for line in left:
            line.send(b"I")
        await asyncio.to_thread(turn, 40.0)
        assert await until_left(many, 1) == [phone]
        assert len(await until_left(carrier, len(carrier))) == len(carrier)


@pytest.mark.sip
async def test_only_who_showed_who_it_is_may_be_idle_for_long(over_tcp: Edge) -> None:
    def idle_for_s(line: socket.socket) -> int:
        own = line.getsockname()[1]
        listed: Any = over_tcp.rpc.call("core.tcp_list")
        return next(int(each["lifetime"]) for each in listed if int(each["src_port"]) == own)

    with connect(over_tcp, STRANGER) as stranger, connect(over_tcp, "127.0.0.1") as peer:
        for line in (stranger, peer):
            line.send(
                b"OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK1\r\n"
                b"From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:a@127.0.0.1>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
                b"Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
            )
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE_S):
            assert b"SIP/2.0 403 " in await loop.sock_recv(stranger, 2000)
            assert b"SIP/2.0 200 " in await loop.sock_recv(peer, 2000)
        assert idle_for_s(stranger) == 20
        assert idle_for_s(peer) > 3000

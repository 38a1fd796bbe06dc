"""Kamailio and DNS: it goes where workers say, and what it looks up itself holds nobody else up, though DNS is silent."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from offhook.call.rows import WorkerRow
from offhook.edge.informer import Informer
from offhook.edge.installed import find_kamailio
from offhook.edge.kamailio_config import KamailioConfig
from tests.edge.conftest import Edge, running
from tests.edge.sip_stub import stubs

pytestmark = pytest.mark.sip

Worker = Callable[..., WorkerRow]
SILENT = "127.0.0.153"
"""A name server that takes questions and never answers."""
PROMISE_S = 1.0


@pytest.fixture
def without_dns(tmp_path: Path) -> Iterator[str]:
    """A program that is Kamailio, in a world of its own where DNS is silent."""
    resolver, program = tmp_path / "resolv.conf", tmp_path / "kamailio-without-dns"
    resolver.write_text(f"nameserver {SILENT}\n")
    program.write_text(
        f"#!/bin/sh\nexec unshare --mount sh -c 'mount --bind {resolver} /etc/resolv.conf && "
        f'exec {find_kamailio()} "$@"\' kamailio "$@"\n'
    )
    program.chmod(0o755)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((SILENT, 53))
        yield str(program)


def tell(edge: Edge, *workers: WorkerRow) -> None:
    Informer(edge.rpc, list_file=edge.config.list_file, new_calls_per_s=1000).tell(workers)


def with_route(edge: Edge, *more: str) -> tuple[str, ...]:
    return (f"Route: <sip:127.0.0.1:{edge.port};lr>", *more)


async def test_a_silent_name_server_holds_up_no_other_call(
    config: KamailioConfig, tmp_path: Path, worker: Worker, without_dns: str
) -> None:
    async with stubs(2) as (one, caller), running(config, tmp_path, program=without_dns) as edge:
        one.answers = {"OPTIONS": (200,), "INVITE": (100, 404)}
        tell(edge, worker(one.port))
        route, loop = with_route(edge), asyncio.get_running_loop()
        assert (
            await caller.ask(f"INVITE sip:7@127.0.0.1:{edge.port}", edge.port, call_id="first")
        ).status == 404
        for number in range(40):
            one.send(f"INVITE sip:{number}@n{number}.example", edge.port, call_id=f"n{number}", headers=route)
        for number in range(5):
            began = loop.time()
            answer = await caller.ask(f"INVITE sip:7@127.0.0.1:{edge.port}", edge.port, call_id=f"in{number}")
            assert answer.status == 404
            assert loop.time() - began < 3 * PROMISE_S
        await one.until(lambda: one.statuses().total() == 40)
        told = one.statuses()
        assert set(told) == {478, 503}
        assert told[478] >= 3


async def test_a_request_goes_where_the_worker_says_and_names_the_carrier(edge: Edge, worker: Worker) -> None:
    async with stubs(3) as (one, carrier, stranger):
        one.answers = {"OPTIONS": (200,), "INVITE": (100, 404)}
        carrier.answers = {"INVITE": (486,), "REGISTER": (200,)}
        tell(edge, worker(one.port))
        to_carrier = f"X-Offhook-Next-Hop: sip:127.0.0.1:{carrier.port};transport=udp"
        for method, status in (("INVITE", 486), ("REGISTER", 200)):
            answer = await one.ask(
                f"{method} sip:carrier.invalid",
                edge.port,
                call_id=f"named-{method}",
                headers=with_route(edge, to_carrier),
            )
            assert answer.status == status
            [arrived] = carrier.got(method)
            assert arrived.start == f"{method} sip:carrier.invalid SIP/2.0"
            assert arrived.get("To") == "<sip:carrier.invalid>"
            assert arrived.all("X-Offhook-Next-Hop") == []
        carrier.messages.clear()
        answer = await stranger.ask(
            f"INVITE sip:7@127.0.0.1:{edge.port}", edge.port, call_id="forged", headers=(to_carrier,)
        )
        assert answer.status == 404
        [reached] = one.got("INVITE")
        assert reached.all("X-Offhook-Next-Hop") == []
        assert carrier.messages == []

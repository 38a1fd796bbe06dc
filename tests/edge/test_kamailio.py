"""A real Kamailio with workers that only look like some: who is told what, who is passed over, who is refused."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from offhook.call.rows import WorkerRow
from offhook.edge.informer import Informer
from offhook.edge.installed import find_kamailio
from offhook.edge.kamailio import Kamailio, KamailioFailed
from offhook.edge.kamailio_config import KamailioConfig
from offhook.edge.rpc import KamailioRpc, RpcFailed
from offhook.edge.workers_list import read_listing
from tests.edge.conftest import Edge, answering, running
from tests.edge.sip_stub import stubs
from tests.system.server import free_sip_port

pytestmark = pytest.mark.sip

DEAF_AT_FIRST = """#!{python} -IS
import os, signal, sys
if sys.argv[1] == "-c":
    sys.exit()
os.chdir({folder!r})
told = []

def hear(*_):
    told.append(1)
    if len(told) == 2:
        open("heard", "w").close()
        os._exit(0)

signal.signal(signal.SIGTERM, hear)
if child := os.fork():
    signal.signal(signal.SIGTERM, lambda *_: len(told) or told.append(os.kill(child, signal.SIGTERM)))
    open("ready", "w").close()
    os.waitpid(child, 0)
while not told or told == [1]:
    signal.pause()
"""
"""A Kamailio whose second process takes what it is told first for what its parent was told."""

Worker = Callable[..., WorkerRow]


def informer(edge: Edge, new_calls_per_s: float = 25.0) -> Informer:
    return Informer(edge.rpc, list_file=edge.config.list_file, new_calls_per_s=new_calls_per_s)


def flags(edge: Edge) -> dict[int, str]:
    """What Kamailio thinks of each worker, by port: open, disabled or dead."""
    return {
        int(each.uri.rpartition(":")[2]): "disabled"
        if each.is_disabled
        else "dead"
        if each.is_dead
        else "open"
        for each in read_listing(edge.rpc.call("dispatcher.list"))
    }


async def until_flags(edge: Edge, wanted: dict[int, str]) -> None:
    async with asyncio.timeout(30):
        while True:
            if await asyncio.to_thread(flags, edge) == wanted:
                return
            await asyncio.sleep(0.1)


def invite(edge: Edge) -> str:
    return f"INVITE sip:7@127.0.0.1:{edge.port}"


async def test_procedures_are_called_and_faults_are_said(edge: Edge) -> None:
    assert "kamailio" in str(edge.rpc.call("core.version"))
    with pytest.raises(RpcFailed, match=r"no\.such: Method Not Found"):
        edge.rpc.call("no.such")


def test_a_kamailio_that_is_not_there_is_said(tmp_path: Path) -> None:
    rpc = KamailioRpc(tmp_path / "nobody.sock", tmp_path / "own.sock")
    with pytest.raises(RpcFailed, match=r"core\.version"):
        rpc.call("core.version")
    rpc.close()
    assert not (tmp_path / "own.sock").exists()


async def test_it_is_told_of_workers(edge: Edge, worker: Worker) -> None:
    async with stubs(2) as (one, two):
        telling = informer(edge)
        assert telling.tell([worker(one.port), worker(two.port)]) == 2
        assert flags(edge) == {one.port: "open", two.port: "open"}
        assert edge.rpc.call("cfg.get", "offhook", "new_calls_per_s") == 50
        telling.tell([worker(one.port), worker(two.port, free_slots=0)])
        assert flags(edge) == {one.port: "open", two.port: "disabled"}
        telling.tell([worker(one.port, is_draining=True), worker(two.port, free_slots=1)])
        assert flags(edge) == {one.port: "disabled", two.port: "open"}
        assert telling.tell([worker(two.port)]) == 1
        assert flags(edge) == {one.port: "disabled", two.port: "open"}
        assert edge.rpc.call("cfg.get", "offhook", "new_calls_per_s") == 25
        assert telling.tell([]) == 0
        assert flags(edge) == {one.port: "disabled", two.port: "disabled"}
        telling.tell([worker(one.port)])
        assert flags(edge) == {one.port: "open", two.port: "disabled"}


async def test_a_worker_that_is_closed_stays_so_though_it_answers(edge: Edge, worker: Worker) -> None:
    async with stubs(2) as (one, two):
        informer(edge).tell([worker(one.port), worker(two.port, free_slots=0)])
        await one.until(lambda: len(one.got("OPTIONS")) >= 3)
        assert flags(edge) == {one.port: "open", two.port: "disabled"}
        assert two.got("OPTIONS") == []


async def test_a_dead_worker_is_found_stays_found_and_comes_back(edge: Edge, worker: Worker) -> None:
    async with stubs(2) as (lives, dies):
        dies.answers = {}
        telling = informer(edge)
        telling.tell([worker(lives.port), worker(dies.port)])
        await until_flags(edge, {lives.port: "open", dies.port: "dead"})
        telling.tell(
            [worker(lives.port), worker(dies.port, free_slots=2)]
        )  # weights change: the list is loaded anew
        assert flags(edge) == {lives.port: "open", dies.port: "dead"}
        dies.answers = {"OPTIONS": (200,)}
        await until_flags(edge, {lives.port: "open", dies.port: "open"})


async def test_calls_are_spread_by_free_slots(edge: Edge, worker: Worker) -> None:
    async with stubs(3) as (large, small, caller):
        large.answers = small.answers = {"OPTIONS": (200,), "INVITE": (100, 404)}
        informer(edge, new_calls_per_s=1000).tell(
            [worker(large.port, free_slots=30), worker(small.port, free_slots=10)]
        )
        await caller.flood(invite(edge), edge.port, call_ids=[f"spread{number}" for number in range(100)])
        await caller.until(lambda: caller.statuses().total() == 100)
        assert caller.statuses() == {404: 100}
        taken = [len({each.get("Call-ID") for each in stub.got("INVITE")}) for stub in (large, small)]
        assert sum(taken) == 100
        assert 65 <= taken[0] <= 85


@pytest.mark.parametrize("first", [(503,), (100, 503), (486,), ()], ids=str)
async def test_a_call_that_one_worker_does_not_take_goes_to_the_other(
    edge: Edge, worker: Worker, first: tuple[int, ...]
) -> None:
    async with stubs(3) as (refuses, takes, caller):
        refuses.answers = {"OPTIONS": (200,), "INVITE": first}
        takes.answers = {"OPTIONS": (200,), "INVITE": (100, 404)}
        telling = informer(edge)
        for number in range(6):
            telling.tell([worker(refuses.port, free_slots=400), worker(takes.port)])
            answer = await caller.ask(invite(edge), edge.port, call_id=f"next{number}")
            assert answer.status == 404
            if refuses.got("INVITE"):
                break
        else:
            pytest.fail("it was never asked before")


@pytest.mark.parametrize("word", [486, 404, 500, 603])
async def test_what_an_application_says_is_passed_on(edge: Edge, worker: Worker, word: int) -> None:
    async with stubs(3) as (one, two, caller):
        one.answers = two.answers = {"OPTIONS": (200,), "INVITE": (100, 180, word)}
        informer(edge).tell([worker(one.port), worker(two.port)])
        answer = await caller.ask(invite(edge), edge.port, call_id="word")
        assert answer.status == word
        assert len(one.got("INVITE")) + len(two.got("INVITE")) == 1


async def test_a_caller_is_told_when_to_try_again_where_no_worker_is_free(edge: Edge, worker: Worker) -> None:
    async with stubs(3) as (one, two, caller):
        assert (await caller.ask(invite(edge), edge.port, call_id="none")).status == 503
        one.answers = two.answers = {"OPTIONS": (200,), "INVITE": (486,)}
        informer(edge).tell([worker(one.port), worker(two.port)])
        refused = await caller.ask(invite(edge), edge.port, call_id="both")
        assert (refused.status, refused.get("Retry-After")) == (503, "5")
        assert len(one.got("INVITE")) == len(two.got("INVITE")) == 1
        informer(edge).tell([worker(one.port, free_slots=0), worker(two.port, is_draining=True)])
        refused = await caller.ask(invite(edge), edge.port, call_id="full")
        assert (refused.status, refused.get("Retry-After")) == (503, "5")
        assert len(one.got("INVITE")) == len(two.got("INVITE")) == 1, "neither heard of it"


async def test_what_is_over_the_limit_is_refused_and_no_worker_hears_of_it(
    edge: Edge, worker: Worker
) -> None:
    async with stubs(2) as (one, caller):
        one.answers = {"OPTIONS": (200,), "INVITE": (100, 404)}
        informer(edge, new_calls_per_s=20).tell([worker(one.port)])
        await caller.flood(invite(edge), edge.port, call_ids=[f"flood{number}" for number in range(200)])
        await caller.until(lambda: caller.statuses().total() == 200)
        heard = {each.get("Call-ID") for each in one.got("INVITE")}
        assert (
            1 <= len(heard) <= 60
        )  # a second's worth, or two where the second turned, and one for a slow machine
        assert caller.statuses() == {404: len(heard), 503: 200 - len(heard)}
        refused = next(each for each in caller.messages if each.status == 503)
        assert int(refused.get("Retry-After")) >= 1


async def test_strangers_are_refused_and_then_not_answered(
    config: KamailioConfig, tmp_path: Path, worker: Worker
) -> None:
    only = replace(config, callers_allowed=(ip_network("127.0.0.1/32"),))
    async with (
        running(only, tmp_path) as edge,
        stubs(2) as (one, caller),
        stubs(1, "127.0.0.2") as [stranger],
    ):
        one.answers = {"OPTIONS": (200,), "INVITE": (100, 404)}
        informer(edge).tell([worker(one.port)])
        assert (await stranger.ask(invite(edge), edge.port, call_id="first")).status == 403
        await stranger.flood(invite(edge), edge.port, call_ids=[f"stranger{number}" for number in range(300)])
        assert (await caller.ask(invite(edge), edge.port, call_id="known")).status == 404
        assert set(stranger.statuses()) == {403}
        assert stranger.statuses().total() < 200
        assert {each.get("Call-ID") for each in one.got("INVITE")} == {"known"}
        await until_said(edge, "OFFHOOK_SIP_ALLOW")


async def until_said(edge: Edge, text: str) -> None:
    async with asyncio.timeout(30):
        while True:
            if any(text in line for line in edge.said):
                return
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("start", "headers", "status"),
    [
        ("OPTIONS", (), 200),
        ("REGISTER", (), 405),
        ("SUBSCRIBE", (), 405),
        ("INVITE", ("Max-Forwards: 0",), 483),
        ("INVITE", ("Proxy-Require: magic",), 420),
    ],
)
async def test_what_is_no_call_is_answered_by_itself(
    edge: Edge, worker: Worker, start: str, headers: tuple[str, ...], status: int
) -> None:
    async with stubs(2) as (one, caller):
        informer(edge).tell([worker(one.port)])
        answer = await caller.ask(
            f"{start} sip:7@127.0.0.1:{edge.port}", edge.port, call_id="other", headers=headers
        )
        assert answer.status == status
        assert ("INVITE" in answer.get("Allow")) is (status == 405)
        assert one.got("INVITE") == []


async def test_requests_in_a_call_reach_workers_and_nobody_else(edge: Edge, worker: Worker) -> None:
    async with stubs(3) as (one, other, caller):
        one.answers = other.answers = {"OPTIONS": (200,), "BYE": (200,)}
        informer(edge).tell([worker(one.port)])
        route = (f"Route: <sip:127.0.0.1:{edge.port};lr>",)
        for number, headers in enumerate((route, ())):
            caller.send(
                f"BYE sip:w@127.0.0.1:{one.port}",
                edge.port,
                call_id=f"in{number}",
                headers=headers,
                to_tag=";tag=w",
            )
        caller.send(
            f"BYE sip:w@127.0.0.1:{other.port}", edge.port, call_id="out", headers=route, to_tag=";tag=w"
        )
        await caller.until(lambda: caller.statuses().total() == 3)
        assert caller.statuses() == {200: 2, 481: 1}
        assert len(one.got("BYE")) == 2
        informer(edge).tell([])  # the worker lost its lease, and keeps its calls
        caller.send(f"BYE sip:w@127.0.0.1:{one.port}", edge.port, call_id="kept", to_tag=";tag=w")
        await one.until(lambda: len(one.got("BYE")) == 3)
        assert other.messages == []


async def test_a_worker_calls_the_outside_through_it(edge: Edge, worker: Worker) -> None:
    async with stubs(2) as (one, outside):
        outside.answers = {"INVITE": (486,)}
        informer(edge).tell([worker(one.port, free_slots=0)])
        route = (f"Route: <sip:127.0.0.1:{edge.port};lr>",)
        answer = await one.ask(
            f"INVITE sip:x@127.0.0.1:{outside.port}", edge.port, call_id="own", headers=route
        )
        assert answer.status == 486
        [arrived] = outside.got("INVITE")
        assert len(arrived.all("Via")) == 2
        assert f"127.0.0.1:{edge.port}" in arrived.get("Record-Route")
        assert arrived.all("Route") == []


@pytest.mark.parametrize("name", ["UDP", "TCP", "TLS"])
async def test_a_port_in_use_is_said(
    config: KamailioConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("offhook.edge.kamailio.PORT_FREE_S", 0.2)
    [listen] = config.listen
    tls_port = free_sip_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if name == "UDP" else socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", tls_port if name == "TLS" else listen.port))
        if name != "UDP":
            taken.listen()
        kamailio = Kamailio(find_kamailio(), tmp_path, print)
        setting = "OFFHOOK_SIP_TLS_PORT" if name == "TLS" else "OFFHOOK_SIP_PORT"
        with pytest.raises(KamailioFailed, match=rf"cannot listen on {name} port .* or set {setting} or"):
            await kamailio.start(config.text(), (replace(listen, tls_port=tls_port),))


async def test_what_it_is_started_with_is_read_by_nobody_else(config: KamailioConfig, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with running(config, tmp_path):
            assert (tmp_path / "kamailio.cfg").stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


async def test_a_configuration_that_is_refused_is_said(config: KamailioConfig, tmp_path: Path) -> None:
    kamailio = Kamailio(find_kamailio(), tmp_path, print)
    with pytest.raises(KamailioFailed, match="refuses its configuration"):
        await kamailio.start(config.text() + "\nnonsense\n", config.listen)


async def test_what_a_killed_kamailio_leaves_behind_is_cleared_away(
    config: KamailioConfig, tmp_path: Path
) -> None:
    async with running(config, tmp_path) as edge:
        os.kill(int((tmp_path / "kamailio.group").read_text()), signal.SIGKILL)
        async with running(config, tmp_path):
            pass
        edge.rpc.close()


async def test_the_end_of_its_first_process_is_its_end(config: KamailioConfig, tmp_path: Path) -> None:
    config.list_file.touch()
    kamailio = Kamailio(find_kamailio(), tmp_path, lambda is_error, text: None)
    await kamailio.start(config.text(), config.listen)
    rpc = KamailioRpc(config.rpc_socket, tmp_path / "answers.sock")
    await answering(rpc)
    os.kill(int((tmp_path / "kamailio.group").read_text()), signal.SIGKILL)
    async with asyncio.timeout(30):
        assert await kamailio.ended() == -signal.SIGKILL
        await kamailio.stop()
    with pytest.raises(RpcFailed):
        rpc.call("core.version")
    rpc.close()


async def test_a_process_that_does_not_hear_it_the_first_time_is_told_to_end_again(
    config: KamailioConfig, tmp_path: Path
) -> None:
    program = tmp_path / "like-kamailio"
    program.write_text(DEAF_AT_FIRST.format(python=sys.executable, folder=str(tmp_path)))
    program.chmod(0o755)
    os.mkfifo(tmp_path / "ready")
    kamailio = Kamailio(str(program), tmp_path, print)
    await kamailio.start(config.text(), config.listen)
    ended = asyncio.create_task(kamailio.ended())
    await asyncio.to_thread((tmp_path / "ready").read_text)
    await kamailio.stop()
    await ended
    assert (tmp_path / "heard").exists(), "it was killed"

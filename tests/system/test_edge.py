"""Kamailio in front of two workers, as an operator runs it: calls are spread, and what dies or floods is survived."""

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from offhook.edge.rpc import KamailioRpc
from offhook.edge.workers_list import read_listing
from offhook.pjsua.build import has_ipv6, installed_build
from offhook.records.database import Database
from offhook.records.workers import Workers
from tests.edge.sip_stub import stubs
from tests.sip.carrier import Carrier
from tests.sip.ipv6_carrier import SECRET, CarrierOfVersion6
from tests.sip.peer import Peer
from tests.system.desk import PREFIX, desk_of
from tests.system.server import START_S, Server, environment, free_port, running_server
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

SCENARIO = Path(__file__).parents[1] / "edge" / "sipp" / "routed.xml"
SLOTS_EACH = 4
RTP_PORTS = 2 * 2 * SLOTS_EACH
FIRST_RTP_PORT, SHARES = 21_920, 128
"""Of audio ports: between those of `RealWorld` and of the chaos runs, below what `free_port` and the system give away."""
TURNS = itertools.count(os.getpid() * 7)
MOST_FLOODS = 10
WITHIN_S = 15.0
"""Three times the promise: a new call finds a living worker within 5 s."""
LISTEN = (
    "<Response><Gather timeout='60' numDigits='1' action='heard'><Say>Press a key.</Say></Gather></Response>"
)
LONG = "<Response><Say loop='40'>one two three four five six seven</Say></Response>"


def ports_of(share: int) -> tuple[int, int, int]:
    """The port of SIP, and the first and the last one of audio."""
    first = FIRST_RTP_PORT + share * RTP_PORTS
    return 12_000 + share * 4, first, first + RTP_PORTS - 1


def are_free(sip_port: int, first: int, last: int) -> bool:
    """Whether no server of another run of tests has one of a share's ports now."""
    for port in (*range(sip_port, sip_port + 3), *range(first, last + 1)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def behind_kamailio(**settings: str) -> dict[str, str]:
    """Settings of a server of two workers with a few slots each, on ports that no other run of tests uses."""
    ports = (ports_of(turn % SHARES) for turn in TURNS)
    sip_port, first_rtp_port, last = next(each for each in ports if are_free(*each))
    return {
        "EDGE": "kamailio",
        "WORKERS": "2",
        "SIP_PORT": str(sip_port),
        "RTP_PORTS": f"{first_rtp_port}-{last}",
        "SHED_LAG_S": "5",  # a busy test machine is no reason to refuse a call
        **settings,
    }


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("edge")
    with running_server(folder, **behind_kamailio(SIP_HOST_IPV6="::1")) as running:
        yield running


async def answered(server: Server, user: str) -> tuple[int, float]:
    """What a new caller is told in the end, and after how many seconds; a call that is answered is ended."""
    phone = await Peer.open()
    began = phone.loop.time()
    try:
        answer = await phone.invite(user, server.sip_port)
        waited_s = phone.loop.time() - began
        if answer.status == 200:
            assert (await phone.bye()).status == 200
        return answer.status, waited_s
    finally:
        await phone.close()


async def at_rest(server: Server) -> None:
    """Return once there is no call, and both workers and Kamailio have said so for a while."""
    database = Database(f"sqlite:///{server.data_dir}/offhook.db")

    def is_at_rest(rpc: KamailioRpc) -> bool:
        free = [worker.free_slots for worker in Workers(database).alive(15.0)]
        seen = read_listing(rpc.call("dispatcher.list"))
        is_open = [not (each.is_dead or each.is_disabled) for each in seen]
        return (
            free == [SLOTS_EACH] * 2
            and is_open == [True] * 2
            and not server.get("/Calls", Status="in-progress")["calls"]
        )

    try:
        async with asyncio.timeout(150):
            times = 0
            while True:
                with kamailio_rpc(server) as rpc:
                    times = times + 1 if await asyncio.to_thread(is_at_rest, rpc) else 0
                if times == 2:
                    return
                await asyncio.sleep(1)
    finally:
        database.close()


@contextmanager
def kamailio_rpc(server: Server) -> Iterator[KamailioRpc]:
    """A block in which the server's Kamailio can be asked."""
    folder = Path(words_of(children_of(server.children()["edge"])[0])[-1]).parent
    rpc = KamailioRpc(folder / "rpc.sock", folder / f"test-{os.getpid()}.sock")
    try:
        yield rpc
    finally:
        rpc.close()


async def test_as_many_calls_as_both_workers_hold_are_served_with_keys_and_route(
    pair: Server, app: Application
) -> None:
    app.on("/voice", page(200, LISTEN))
    app.on("/heard", page(200, "<Response><Pause length='60'/></Response>"))
    pair.give_number("7601", f"{app.url}/voice")
    calls = 2 * SLOTS_EACH
    process = await asyncio.create_subprocess_exec(
        *("sipp", f"127.0.0.1:{pair.sip_port}", "-sf", str(SCENARIO), "-s", "7601", "-i", "127.0.0.1"),
        *("-mi", "127.0.0.1", "-p", str(free_port(socket.SOCK_DGRAM)), "-nostdin", "-timeout", "60"),
        *("-timeout_error", "-m", str(calls), "-l", str(calls), "-r", str(calls)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode(errors="replace")[-3000:]
    heard = [dict(received.form) for received in app.requests if received.path == "/heard"]
    assert [form["Digits"] for form in heard] == ["5"] * calls


async def test_audio_and_keys_flow_and_the_application_hangs_up(
    pair: Server, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, LISTEN))
    app.on("/heard", page(200, "<Response><Say>Thank you.</Say></Response>"))
    pair.give_number("7602", f"{app.url}/voice")
    assert (await peer.invite("7602", pair.sip_port)).status == 200
    await peer.hears_something()
    peer.press("3")
    async with asyncio.timeout(60):
        await peer.over.wait()
    assert [dict(each.form)["Digits"] for each in app.requests if each.path == "/heard"] == ["3"]
    assert pair.call_to("7602")["status"] == "completed"


async def test_a_call_that_the_server_makes_goes_out_through_kamailio(pair: Server, app: Application) -> None:
    peer = await Peer.open()
    app.on("/voice", page(200, "<Response><Say>Hello and goodbye.</Say></Response>"))
    placed = await asyncio.to_thread(
        pair.post, "/Calls.json", From="1000", To=f"sip:x@127.0.0.1:{peer.port}", Url=f"{app.url}/voice"
    )
    assert placed.status_code == 200
    invite = await peer.expect()
    assert len(invite.all("Via")) == 2
    assert f"127.0.0.1:{pair.sip_port}" in invite.all("Via")[0]
    peer.respond(200, "OK")
    await peer.hears_something()
    async with asyncio.timeout(60):
        await peer.over.wait()
    for method in ("ACK", "BYE"):
        [message] = [each for each in peer.messages if each.method == method]
        assert f"127.0.0.1:{pair.sip_port}" in message.all("Via")[0]
    await peer.close()


async def test_a_flood_is_refused_before_the_workers_and_a_running_call_goes_on(
    pair: Server, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, LONG))
    pair.give_number("7603", f"{app.url}/voice")
    workers = [worker_pid(pair, index) for index in range(2)]
    await peer.invite("7603", pair.sip_port)
    await peer.hears_something()
    heard_before = len(peer.heard)
    per_s = round(2 * installed_build().new_calls_per_s)
    with kamailio_rpc(pair) as rpc:
        let_through = rpc.call("tm.stats")["total"]
        async with stubs(1) as [flooder]:
            began = peer.loop.time()
            start = f"INVITE sip:nobody@127.0.0.1:{pair.sip_port}"
            for turn in range(MOST_FLOODS):  # a busy machine loses packets, and sends fewer a second
                names = [f"flood{turn}-{number}" for number in range(8 * per_s)]
                await flooder.flood(start, pair.sip_port, call_ids=names)
                with contextlib.suppress(TimeoutError):
                    await flooder.until(lambda: flooder.statuses()[503] >= per_s, within_s=5.0)
                    break
            assert flooder.statuses()[503] >= per_s
            let_through = rpc.call("tm.stats")["total"] - let_through
            seconds = int(peer.loop.time() - began) + 2
        refused = [each for each in flooder.messages if each.status == 503]
    pings = 2 * seconds
    assert let_through <= min(seconds, 7 * (turn + 1)) * per_s + pings
    assert any("Too Many New Calls" in each.start for each in refused)
    assert all(int(each.get("Retry-After")) >= 1 for each in refused)
    times = [packet.at for packet in peer.heard[heard_before:]]
    assert max(after - at for at, after in itertools.pairwise(times)) < 1.0
    assert not peer.over.is_set()
    assert (await peer.bye()).status == 200
    assert [worker_pid(pair, index) for index in range(2)] == workers, "the same processes"
    await at_rest(pair)


async def test_calls_that_no_worker_has_room_for_are_told_when_to_try_again(
    pair: Server, app: Application
) -> None:
    app.on("/voice", page(200, LISTEN))
    pair.give_number("7604", f"{app.url}/voice")
    await at_rest(pair)
    phones = [await Peer.open() for _ in range(2 * SLOTS_EACH + 4)]
    try:
        answers = await asyncio.gather(*(phone.invite("7604", pair.sip_port) for phone in phones))
        served = [phone for phone, answer in zip(phones, answers, strict=True) if answer.status == 200]
        refused = [answer for answer in answers if answer.status != 200]
        assert len(served) == 2 * SLOTS_EACH, [answer.start for answer in answers]
        assert {(each.status, each.get("Retry-After")) for each in refused} == {(503, "5")}
        await asyncio.gather(*(phone.bye() for phone in served))
    finally:
        for phone in phones:
            await phone.close()
    await at_rest(pair)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hanging"])
async def test_new_calls_find_the_living_worker(
    pair: Server, app: Application, peer: Peer, how: signal.Signals
) -> None:
    await at_rest(pair)
    app.on("/voice", page(200, LONG))
    pair.give_number(f"7605{how.value}", f"{app.url}/voice")
    victim = worker_pid(pair, 0)
    mark = pair.output.mark
    os.kill(victim, how)
    try:
        for _ in range(6):
            status, waited_s = await answered(pair, "echo")
            print(f"{how.name}: {status} after {waited_s:.3f} s")
            assert status == 200
            assert waited_s < WITHIN_S
        assert (await peer.invite(f"7605{how.value}", pair.sip_port)).status == 200
        await peer.hears_something()
    finally:
        if how is signal.SIGSTOP:
            os.kill(victim, signal.SIGCONT)
        else:
            await asyncio.to_thread(pair.output.until, "worker-0 is ready again", since=mark)
    assert (await peer.bye()).status == 200


@pytest.mark.parametrize("who", ["edge", "kamailio"])
async def test_a_kamailio_that_dies_comes_back_and_calls_go_on(
    pair: Server, app: Application, peer: Peer, who: str
) -> None:
    await at_rest(pair)
    app.on("/voice", page(200, LONG))
    pair.give_number(f"7606-{who}", f"{app.url}/voice")
    assert (await peer.invite(f"7606-{who}", pair.sip_port)).status == 200
    await peer.hears_something()
    edge = pair.children()["edge"]
    kamailio = children_of(edge)[0]
    mark = pair.output.mark
    os.kill(edge if who == "edge" else kamailio, signal.SIGKILL)
    await asyncio.to_thread(pair.output.until, "edge is ready again", since=mark)
    assert (await answered(pair, "echo"))[0] == 200
    heard = len(peer.heard)
    await peer.until(lambda: len(peer.heard) > heard + 10)
    assert (await peer.bye()).status == 200
    assert (
        not Path(f"/proc/{kamailio}/cmdline").exists() or not Path(f"/proc/{kamailio}/cmdline").read_bytes()
    )


async def strangers_are_refused(server: Server, app: Application) -> None:
    """No worker hears of them. `server` has an edge, and takes calls of 127.0.0.1 alone."""
    app.on("/voice", page(200, LISTEN))
    server.give_number("7607", f"{app.url}/voice")
    async with stubs(1, "127.0.0.2") as [stranger]:
        told = await stranger.ask(
            f"INVITE sip:7607@127.0.0.1:{server.sip_port}", server.sip_port, call_id="x"
        )
    assert told.status == 403
    assert app.requests == []
    assert server.calls_to("7607") == []
    assert "OFFHOOK_SIP_ALLOW" in server.output.until("is refused")


async def while_it_drains(server: Server) -> None:
    """The server, which strangers were refused by, is told to stop: what runs may end, what is new is refused by Kamailio."""
    running = await Peer.open()
    assert (await running.invite("7607", server.sip_port)).status == 200
    server.process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(server.output.until, "worker.draining")
    late = await Peer.open()
    refused = await late.invite("7607", server.sip_port)
    assert refused.status == 503
    assert int(refused.get("Retry-After")) >= 1
    await late.close()
    assert (await running.bye()).status == 200
    await running.close()
    assert await asyncio.to_thread(server.process.wait, 60) == 0


def test_without_kamailio_nothing_is_started(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = subprocess.run(
        [sys.executable, "-m", "offhook", "serve"],
        env={**environment(data, EDGE="kamailio"), "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "apt-get install kamailio" in done.stderr
    assert "OFFHOOK_EDGE" in done.stderr
    assert not data.exists()


def test_a_sip_port_in_use_is_said_and_ends_the_server(tmp_path: Path) -> None:
    settings = behind_kamailio(WORKERS="1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", int(settings["SIP_PORT"])))
        done = subprocess.run(
            [sys.executable, "-m", "offhook", "serve"],
            env=environment(tmp_path, **settings),
            capture_output=True,
            text=True,
            timeout=2 * START_S,
            check=False,
        )
    assert done.returncode == 1
    assert "OFFHOOK_SIP_PORT" in done.stderr
    assert "edge ended with status" not in done.stderr


def children_of(parent: int) -> list[int]:
    return [pid for pid, its_parent in processes() if its_parent == parent]


def words_of(pid: int) -> list[str]:
    """A process's command line."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode().rstrip("\0").split("\0")


def worker_pid(server: Server, index: int) -> int:
    """The process id of one of several workers."""
    for pid in children_of(server.process.pid):
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        is_worker = b"offhook.processes.worker" in command
        if is_worker and b"OFFHOOK_WORKER_INDEX=%d\0" % index in Path(f"/proc/{pid}/environ").read_bytes():
            return pid
    raise LookupError(f"no worker {index}")


def processes() -> Iterator[tuple[int, int]]:
    """All processes of the machine, each with its parent."""
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit():
                yield int(entry.name), int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue


async def test_a_carrier_knows_kamailio_and_a_name_that_is_gone_is_passed_over(pair: Server) -> None:
    carrier = await Carrier.begin(486, secret=("desk", "open sesame"))
    try:
        async with desk_of(pair) as desk:
            await desk.add("gone", carrier, "--priority", "1")
            await desk.trunk(
                "add", "gone", "--host", "carrier.invalid", "--prefix", PREFIX, "--off", "--replace"
            )
            await desk.add("carrier", carrier, "--user", "desk", "--password", "open sesame", "--register")
            await desk.until(lambda told: told["carrier"]["registration"] == "registered")
            assert carrier.contacts == [f"<sip:desk@127.0.0.1:{pair.sip_port}>"]
            await desk.trunk(
                "add", "gone", "--host", "carrier.invalid", "--prefix", PREFIX, "--priority", "1", "--replace"
            )
            await asyncio.to_thread(
                pair.output.until, "trunks=['gone', 'carrier']", since=0, within_s=WITHIN_S
            )
            placed = await asyncio.to_thread(
                pair.post, "/Calls.json", From="1000", To=f"{PREFIX}3", Url="http://127.0.0.1:1/"
            )
            assert placed.status_code == 200, placed.text
            call = await asyncio.to_thread(pair.call_to, f"{PREFIX}3")
            assert call["status"] == "busy"
            assert len(carrier.invites) == 2
    finally:
        await carrier.close()


@pytest.mark.parametrize("host", ["::1"] if has_ipv6(installed_build()) else [])
async def test_a_trunk_of_version_6_is_registered_at_called_and_calls(
    pair: Server, app: Application, host: str
) -> None:
    app.on("/hello", page(200, "<Response><Say>Hello.</Say></Response>"))
    hello, number = f"{app.url}/hello", f"{PREFIX}6"
    pair.give_number("7606", hello)
    carrier = await CarrierOfVersion6.begin_there()
    try:
        async with desk_of(pair) as desk, asyncio.timeout(4 * WITHIN_S):
            at, (user, password) = f"[{host}]:{carrier.port}", SECRET
            login = ("--user", user, "--password", password, "--register")
            await desk.trunk("add", "newer", "--host", at, "--prefix", PREFIX, *login)
            desk.added.append("newer")
            await desk.until(lambda told: told["newer"]["registration"] == "registered")
            assert carrier.contacts == [f"<sip:desk@[::1]:{pair.sip_port}>"]
            placed = await asyncio.to_thread(pair.post, "/Calls.json", From="1000", To=number, Url=hello)
            assert placed.status_code == 200, placed.text
            assert "c=IN IP6 ::1" in (await carrier.expect()).body
            await carrier.hears_something()
            await carrier.over.wait()
            assert (await asyncio.to_thread(pair.call_to, number))["status"] == "completed"
            carrier.dialog = None
            carrier.heard.clear()
            carrier.over.clear()
            assert "c=IN IP6 ::1" in (await carrier.invite("7606", pair.sip_port)).body
            await carrier.hears_something()
            await carrier.over.wait()
            call = await asyncio.to_thread(pair.call_to, "7606")
            assert call["status"] == "completed"
    finally:
        await carrier.close()

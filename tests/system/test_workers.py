"""Several workers: each takes calls on its own port, a new call goes where there is room, one may die or drain."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sip.peer import Peer
from tests.system.conftest import offhook
from tests.system.server import Server, free_udp_ports, running_server
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

LISTEN = "<Response><Gather timeout='60'><Say>Take your time.</Say></Gather></Response>"
SLOTS_EACH = 3


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of two workers with a few slots each, as many as there are audio ports for."""
    count = 2 * 2 * SLOTS_EACH
    first = free_udp_ports(count + 1)
    first += first % 2
    ports = f"{first}-{first + count - 1}"
    settings = {"WORKERS": "2", "SIP_PORT": str(free_udp_ports(2)), "RTP_PORTS": ports}
    with running_server(tmp_path_factory.mktemp("pair"), **settings) as running:
        yield running


async def test_each_worker_takes_calls_on_its_own_port(pair: Server, app: Application) -> None:
    assert f"limit    {2 * SLOTS_EACH} calls at once (2 workers of {SLOTS_EACH})" in pair.output.text
    app.on("/voice", page(200, LISTEN))
    app.on("/state", page(200))
    pair.give_number("7501", f"{app.url}/voice", StatusCallback=f"{app.url}/state")
    for port in (pair.sip_port, pair.sip_port + 1):
        peer = await Peer.open()
        assert (await peer.invite("7501", port)).status == 200
        await peer.hears_something()
        assert (await peer.bye()).status == 200
        await peer.close()
    await app.has(lambda seen: len(_states(seen, "completed")) == 2, within_s=60)
    assert [call["status"] for call in pair.calls_to("7501")] == ["completed"] * 2


async def test_a_new_call_goes_to_whom_has_room(pair: Server, app: Application) -> None:
    app.on("/voice", page(200, LISTEN))
    pair.give_number("7502", f"{app.url}/voice")
    phones = [await Peer.open() for _ in range(2 * SLOTS_EACH)]
    for phone in phones[:SLOTS_EACH]:
        assert (await phone.invite("7502", pair.sip_port)).status == 200
    # The first worker is full, whatever its lease says by now: what it refuses goes to the second.
    for phone in phones[SLOTS_EACH:]:
        placed = await _place(pair, app, phone)
        assert placed == 200
        invite = await phone.expect()
        assert [line for line in invite.body.splitlines() if line.startswith("m=")][1:] == [], "audio alone"
        phone.respond(200, "OK")
        await phone.hears_something()
    extra = await Peer.open()
    assert await _place(pair, app, extra) == 503
    for phone in phones:
        assert (await phone.bye()).status == 200
    for phone in (*phones, extra):
        await phone.close()


async def _place(server: Server, app: Application, phone: Peer) -> int:
    answer = await asyncio.to_thread(
        server.post, "/Calls.json", From="1000", To=f"sip:x@127.0.0.1:{phone.port}", Url=f"{app.url}/voice"
    )
    return answer.status_code


async def test_a_dead_worker_takes_only_its_own_calls_along(pair: Server, app: Application) -> None:
    app.on("/voice", page(200, LISTEN))
    app.on("/state", page(200))
    pair.give_number("7503", f"{app.url}/voice", StatusCallback=f"{app.url}/state")
    lives, dies = await Peer.open(), await Peer.open()
    assert (await lives.invite("7503", pair.sip_port)).status == 200
    assert (await dies.invite("7503", pair.sip_port + 1)).status == 200
    await app.has(lambda seen: len(_states(seen, "in-progress")) == 2, within_s=60)
    mark = pair.output.mark
    os.kill(_worker_pid(pair, 1), signal.SIGKILL)
    await asyncio.to_thread(pair.output.until, "worker-1 is ready again", since=mark)
    await app.has(lambda seen: len(_states(seen, "failed")) == 1, within_s=60)
    statuses = sorted(call["status"] for call in pair.calls_to("7503"))
    assert statuses == ["failed", "in-progress"]
    assert not lives.over.is_set()
    heard = len(lives.heard)
    await lives.until(lambda: len(lives.heard) > heard + 10)
    assert (await lives.bye()).status == 200
    again = await Peer.open()
    assert (await again.invite("7503", pair.sip_port + 1)).status == 200
    for peer in (lives, dies, again):
        await peer.close()


def test_more_workers_than_sqlite_serves_are_refused(tmp_path: Path) -> None:
    done = offhook("serve", "--workers", "5", "--data-dir", str(tmp_path))
    assert done.returncode != 0
    assert "5 workers are too many for SQLite" in done.stderr
    assert "OFFHOOK_DATABASE_URL" in done.stderr


def test_workers_without_audio_ports_are_refused(tmp_path: Path) -> None:
    done = offhook("serve", "--workers", "4", "--rtp-ports", "20000-20003", "--data-dir", str(tmp_path))
    assert done.returncode != 0
    assert "OFFHOOK_RTP_PORTS=20000-20003" in done.stderr


def _states(app: Application, status: str) -> list[dict[str, str]]:
    forms = [dict(received.form) for received in app.requests if received.path == "/state"]
    return [form for form in forms if form["CallStatus"] == status]


def _worker_pid(server: Server, index: int) -> int:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            is_worker = b"offhook.processes.worker" in (entry / "cmdline").read_bytes()
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            environment = (entry / "environ").read_bytes().split(b"\0")
        except (OSError, ValueError):
            continue
        if is_worker and parent == server.process.pid and b"OFFHOOK_WORKER_INDEX=%d" % index in environment:
            return int(entry.name)
    raise LookupError(f"no worker {index}")

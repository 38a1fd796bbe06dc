"""A database that leaves and comes back, a worker that stands still: no living call ends, and none that is over stays open."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.postgresql import PostgresqlServer, running_postgresql
from tests.sip.peer import Peer
from tests.system.server import RUNNING, Server, free_udp_ports, running_server
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

AWAY_S = 60
LEASE_S = 10
LISTEN = "<Response><Gather input='dtmf' timeout='600' numDigits='1' action='pressed'/></Response>"
SHORT = "<Response><Gather input='dtmf' timeout='20' numDigits='1' action='pressed'/></Response>"
GOODBYE = "<Response><Say>Goodbye.</Say></Response>"


@pytest.fixture
def database() -> Iterator[PostgresqlServer]:
    """A PostgreSQL that may be harmed."""
    with running_postgresql() as server:
        yield server


def states(app: Application, path: str) -> list[str]:
    return [dict(received.form)["CallStatus"] for received in app.requests if received.path == path]


@pytest.fixture(scope="module")
def unwatched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that lets a worker stand still."""
    settings = {"WATCHDOG_S": "0", "SIP_PORT": str(free_udp_ports(1))}
    with running_server(tmp_path_factory.mktemp("unwatched"), **settings) as running:
        yield running


async def row(server: Server, name: str) -> dict[str, Any]:
    [call] = await asyncio.to_thread(server.calls_to, name)
    return dict(call)


async def test_a_minute_without_a_database_costs_no_call_and_no_event(
    tmp_path: Path, database: PostgresqlServer, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, LISTEN))
    app.on("/short", page(200, SHORT))
    app.on("/pressed", page(200, GOODBYE))
    for path in ("/state", "/short-state", "/lasting-state"):
        app.on(path, page(200))
    lasting, during = await Peer.open(), await Peer.open()
    settings = {"DATABASE_URL": database.create("calls"), "MEDIA_TIMEOUT_S": "0"}
    with running_server(tmp_path, **settings) as server:
        for name, path in (("7301", "voice"), ("7302", "short"), ("7303", "voice")):
            told = {"7301": "state", "7302": "short-state", "7303": "lasting-state"}[name]
            server.give_number(name, f"{app.url}/{path}", StatusCallback=f"{app.url}/{told}")
        assert (await peer.invite("7301", server.sip_port)).status == 200
        assert (await lasting.invite("7303", server.sip_port)).status == 200
        async with asyncio.timeout(40):
            await app.has(lambda seen: len(states(seen, "/state")) == 2)
            await app.has(lambda seen: len(states(seen, "/lasting-state")) == 2)
        # Numbers are copied when a worker starts and each 30 s, or learnt when they are called.
        known = await Peer.open()
        assert (await known.invite("7302", server.sip_port)).status == 200
        await known.bye()
        await known.close()
        await asyncio.to_thread(database.stop_now)
        back_at = asyncio.get_running_loop().time() + AWAY_S

        # A call goes on and ends; another comes in; REST says what is the matter.
        peer.press("1")
        async with asyncio.timeout(40):
            await peer.over.wait()
        assert (await during.invite("7302", server.sip_port)).status == 200
        during.press("1")
        async with asyncio.timeout(40):
            await during.over.wait()
        answer = await asyncio.to_thread(server.post, "/Calls", From="1", To="sip:x@127.0.0.1", Url=app.url)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        listed = await asyncio.to_thread(
            httpx2.get, f"{server.url}{server.account_path}/Calls", auth=("a", "b"), trust_env=False
        )
        assert listed.status_code == 503
        assert list((tmp_path / "journal").glob("*.journal"))

        await asyncio.sleep(back_at - asyncio.get_running_loop().time())
        await asyncio.to_thread(database.start_again)
        async with asyncio.timeout(60):
            await app.has(lambda seen: "completed" in states(seen, "/state"), within_s=60)
            await app.has(lambda seen: states(seen, "/short-state").count("completed") == 2, within_s=60)
        assert states(app, "/state") == ["ringing", "in-progress", "completed"]
        assert (await row(server, "7301"))["status"] == "completed"
        assert len(await asyncio.to_thread(server.calls_to, "7302")) == 2
        # The reaper waits for a lease before it believes that somebody is dead: nobody is.
        await asyncio.sleep(LEASE_S + 3)
        assert (await row(server, "7303"))["status"] == "in-progress"
        await lasting.bye()
        async with asyncio.timeout(40):
            await app.has(lambda seen: "completed" in states(seen, "/lasting-state"), within_s=40)
        assert not list((tmp_path / "journal").glob("*.journal"))
    await lasting.close()
    await during.close()


async def test_a_worker_that_stands_still_loses_its_calls_and_starts_anew(
    unwatched: Server, app: Application, peer: Peer
) -> None:
    server = unwatched
    app.on("/voice", page(200, LISTEN))
    app.on("/state", page(200))
    server.give_number("7310", f"{app.url}/voice", StatusCallback=f"{app.url}/state")
    assert (await peer.invite("7310", server.sip_port)).status == 200
    await app.has(lambda seen: len(states(seen, "/state")) == 2)
    worker, mark = server.children()["worker"], server.output.mark
    os.kill(worker, signal.SIGSTOP)
    try:
        # 10 s of lease, and three times what it takes to see and tell.
        await app.has(lambda seen: "failed" in states(seen, "/state"), within_s=60)
    finally:
        os.kill(worker, signal.SIGCONT)
    call = await row(server, "7310")
    assert call["status"] == "failed"
    # It wakes up, finds its lease ended, hangs up, and a new one takes its place. Nothing is written over.
    async with asyncio.timeout(60):
        await peer.over.wait()
        await asyncio.to_thread(server.output.until, "worker-0 is ready again", since=mark)
    assert "lease.lost" in server.output.text
    assert (await row(server, "7310")) == call
    assert states(app, "/state") == ["ringing", "in-progress", "failed"]
    again = await Peer.open()
    assert (await again.invite("7310", server.sip_port)).status == 200
    await again.bye()
    await again.close()


async def test_two_kills_in_a_row_leave_no_call_open(unwatched: Server, app: Application) -> None:
    """The successor of a dead worker dies too, before it could take its place."""
    server = unwatched
    app.on("/voice", page(200, LISTEN))
    app.on("/state", page(200))
    server.give_number("7320", f"{app.url}/voice", StatusCallback=f"{app.url}/state")
    peers = [await Peer.open() for _ in range(3)]
    for peer in peers:
        assert (await peer.invite("7320", server.sip_port)).status == 200
    await app.has(lambda seen: len(states(seen, "/state")) == 6)
    mark = server.output.mark
    os.kill(server.children()["worker"], signal.SIGKILL)
    await asyncio.to_thread(server.output.until, "worker-0 ended with status", since=mark)
    async with asyncio.timeout(60):
        while (successor := server.children().get("worker")) is None:  # noqa: ASYNC110 (another process starts it)
            await asyncio.sleep(0.02)
    os.kill(successor, signal.SIGKILL)
    await app.has(lambda seen: states(seen, "/state").count("failed") == 3, within_s=60)
    calls = await asyncio.to_thread(server.calls_to, "7320")
    assert [call["status"] for call in calls] == ["failed"] * 3
    assert not [call for call in calls if call["status"] in RUNNING]
    for peer in peers:
        await peer.close()

"""Processes die and come back; whatever happens, each call and gather has one row that reaches its end."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.sip.peer import Peer
from tests.system.desk import offhook_here
from tests.system.server import ACCOUNT_SID, Server, environment, running_server
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

LISTEN = """<Response>
  <Gather input="speech" hints="sales, support" action="heard" preTimeout="20" postTimeout="1"
          actionOnEmptyResult="true"/>
</Response>"""
BYE = "<Response><Say>Goodbye.</Say></Response>"


def forms(app: Application, path: str) -> list[dict[str, str]]:
    return [dict(received.form) for received in app.requests if received.path == path]


async def said_by(server: Server, text: str, since: int) -> None:
    await asyncio.to_thread(server.output.until, text, since=since)


async def test_a_worker_killed_in_a_call_leaves_no_row_open_and_tells_the_customer(
    server: Server, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, LISTEN))
    app.on("/state", page(200))
    server.give_number("7202", f"{app.url}/voice", StatusCallback=f"{app.url}/state")
    await peer.invite("7202", server.sip_port)
    async with asyncio.timeout(60):
        await app.has(lambda seen: len(forms(seen, "/state")) == 2, within_s=30)
        await app.has(lambda seen: bool(forms(seen, "/voice")), within_s=30)
        mark = server.output.mark
        os.kill(server.children()["worker"], signal.SIGKILL)
        await said_by(server, "worker-0 is ready again", mark)
        await app.has(lambda seen: len(forms(seen, "/state")) == 3, within_s=60)
    assert [state["CallStatus"] for state in forms(app, "/state")] == ["ringing", "in-progress", "failed"]
    call = server.call_to("7202")
    assert call["status"] == "failed"
    [gather] = server.gathers_of(call["sid"])
    assert (gather["status"], gather["reason"]) == ("failed", "process_lost")
    assert (await peer_answers(server, "echo")) == 200


async def peer_answers(server: Server, user: str) -> int:
    phone = await Peer.open()
    try:
        answer = await phone.invite(user, server.sip_port)
        if answer.status == 200:
            await phone.bye()
        return answer.status
    finally:
        await phone.close()


@pytest.mark.parametrize("process", ["voice", "dispatcher", "api"])
async def test_any_other_process_that_dies_is_started_again(
    server: Server, app: Application, peer: Peer, process: str
) -> None:
    mark = server.output.mark
    os.kill(server.children()[process], signal.SIGKILL)
    await said_by(server, f"{process} is ready again", mark)
    app.on("/voice", page(200, BYE))
    app.on("/state", page(200))
    server.give_number(f"72-{process}", f"{app.url}/voice", StatusCallback=f"{app.url}/state")
    await peer.invite(f"72-{process}", server.sip_port)
    async with asyncio.timeout(60):
        await peer.over.wait()
        await app.has(lambda seen: len(forms(seen, "/state")) == 3, within_s=60)
    assert peer.sounds()


async def test_stopping_the_server_ends_running_calls_with_a_final_status(
    tmp_path: Path, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, LISTEN))
    app.on("/state", page(200))
    with running_server(tmp_path) as own:
        own.give_number("7203", f"{app.url}/voice", StatusCallback=f"{app.url}/state")
        await peer.invite("7203", own.sip_port)
        await app.has(lambda seen: len(forms(seen, "/state")) == 2, within_s=30)
        own.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            await peer.over.wait()
        assert await asyncio.to_thread(own.process.wait, 30) == 3
    with running_server(tmp_path) as again:
        call = again.call_to("7203")
        assert call["status"] == "completed"
        [gather] = again.gathers_of(call["sid"])
        assert (gather["status"], gather["reason"]) == ("failed", "cancelled")
        await app.has(lambda seen: len(forms(seen, "/state")) == 3, within_s=60)


def test_the_first_account_is_made_up_once_and_kept(tmp_path: Path) -> None:
    with running_server(tmp_path, ACCOUNT_SID="", AUTH_TOKEN="") as first:
        shown = first.output.text
        token = next(line.split()[1] for line in shown.splitlines() if line.strip().startswith("token"))
        sid = next(line.split()[1] for line in shown.splitlines() if line.strip().startswith("account"))
        assert signed_in(first, sid, token) == 200
    with running_server(tmp_path, ACCOUNT_SID="", AUTH_TOKEN="") as second:
        assert token not in second.output.text
        assert sid in second.output.text
        assert signed_in(second, sid, token) == 200


def signed_in(server: Server, sid: str, token: str) -> int:
    path = f"{server.url}/2012-04-24/Accounts/{sid}.json"
    return httpx2.get(path, auth=(sid, token), trust_env=False).status_code


@pytest.mark.parametrize("port", ["HTTP_PORT", "SIP_PORT"])
def test_a_port_in_use_is_said_and_ends_the_server(tmp_path: Path, port: str) -> None:
    kind = socket.SOCK_STREAM if port == "HTTP_PORT" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        done = subprocess.run(
            [sys.executable, "-m", "offhook", "serve"],
            env=environment(tmp_path, **{port: str(taken.getsockname()[1])}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert f"OFFHOOK_{port}" in done.stderr
    assert "starting it again" not in done.stderr


def test_a_database_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "offhook", "serve"],
        env=environment(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/no/such/folder/x.db"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "database cannot be used" in done.stderr


async def test_callers_from_elsewhere_are_refused_and_nobody_is_asked(
    tmp_path: Path, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, BYE))
    with running_server(tmp_path, DEV="", WEBHOOK_ALLOW="127.0.0.0/8", SIP_ALLOW="10.1.2.0/24") as own:
        own.give_number("7204", f"{app.url}/voice")
        claimed = ("P-Asserted-Identity: <sip:boss@127.0.0.1>", "X-Account-Sid: AC1")
        assert (await peer.invite("7204", own.sip_port, headers=claimed)).status == 403
        assert app.requests == []
        assert own.calls_to("7204") == []
        line = own.output.until("call.source_refused")
        assert "OFFHOOK_SIP_ALLOW" in line
        added = await asyncio.to_thread(
            offhook_here, own, "trunk", "add", "pbx", "--host", "pbx.invalid", "--inbound", "127.0.0.0/8"
        )
        assert added.exit_code == 0, added.output
        await asyncio.to_thread(own.output.until, "trunks.read")
        phone = await Peer.open()
        try:
            assert (await phone.invite("7204", own.sip_port)).status == 200
        finally:
            await phone.close()


async def test_applications_on_this_machine_are_refused_unless_allowed(
    tmp_path: Path, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, BYE))
    with running_server(tmp_path, DEV="") as own:
        own.give_number("7205", f"{app.url}/voice")
        assert (await peer.invite("7205", own.sip_port)).status == 500
        [notification] = own.notifications_of(own.call_to("7205")["sid"])
        assert "OFFHOOK_WEBHOOK_ALLOW" in notification["message_text"]
        assert app.requests == []


def test_health_names_what_is_missing(server: Server) -> None:
    mark = server.output.mark
    os.kill(server.children()["worker"], signal.SIGKILL)
    told = httpx2.get(f"{server.url}/readyz", trust_env=False)
    missing = told.json()["missing"]
    server.output.until("worker-0 is ready again", since=mark)
    assert (told.status_code, missing) == (503, ["sip"])
    assert httpx2.get(f"{server.url}/readyz", trust_env=False).json()["status"] == "ready"
    assert ACCOUNT_SID in server.output.text

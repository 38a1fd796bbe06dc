"""`offhook calls`, beside a running server: what an operator is shown of a call that really took place."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from offhook.call.info import new_id
from offhook.records import migrate
from offhook.records.database import Database
from tests.records import story
from tests.sip.peer import Peer
from tests.system.conftest import offhook
from tests.system.server import Server, running_server
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

MENU = """<Response>
  <Gather input="dtmf" numDigits="2" action="chosen" timeout="10"><Say>Press two keys.</Say></Gather>
</Response>"""
BYE = "<Response><Say>Thank you.</Say></Response>"


async def shown(server: Server, *arguments: str) -> Any:
    done = await asyncio.to_thread(
        offhook, "calls", *arguments, "--json", OFFHOOK_DATA_DIR=str(server.data_dir)
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def words(server: Server, *arguments: str) -> str:
    done = await asyncio.to_thread(offhook, "calls", *arguments, OFFHOOK_DATA_DIR=str(server.data_dir))
    assert done.returncode == 0, done.stderr
    return done.stdout


async def a_call_with_keys(server: Server, app: Application, peer: Peer, number: str) -> str:
    """Its SID. The caller presses two keys and hangs up after the answer to them."""
    app.on("/voice", page(200, MENU))
    app.on("/chosen", page(200, "<Response><Pause length='30'/></Response>"))
    app.on("/state", page(200))
    server.give_number(
        number, app.url.replace("//", "//me:secret@") + "/voice", StatusCallback=f"{app.url}/state"
    )
    assert (await peer.invite(number, server.sip_port)).status == 200
    async with asyncio.timeout(60):
        await peer.hears_something()
        for key in "42":
            peer.press(key)
            await asyncio.sleep(0.4)
        await app.has(lambda seen: any(received.path == "/chosen" for received in seen.requests))
        await peer.bye()
    return str(server.call_to(number)["sid"])


async def test_show_puts_everything_of_a_call_on_one_axis(
    either: Server, app: Application, peer: Peer
) -> None:
    sid = await a_call_with_keys(either, app, peer, "7601")
    story = await shown(either, "show", sid)
    assert (story["call"]["status"], story["why"]) == ("completed", "The far end hung up.")
    events = story["events"]
    assert [event["ms"] for event in events] == sorted(event["ms"] for event in events)

    def of(kind: str) -> list[dict[str, Any]]:
        return [event for event in events if event["kind"] == kind]

    sip = [(event["way"], event["method"], event.get("status")) for event in of("sip")]
    assert sip == [
        ("in", "INVITE", None),
        ("out", "INVITE", 100),
        ("out", "INVITE", 180),
        ("out", "INVITE", 200),
        ("in", "ACK", None),
        ("in", "BYE", None),
        ("out", "BYE", 200),
    ]
    assert of("sip")[0]["peer"] == f"127.0.0.1:{peer.port}"
    asked = [(event["method"], event["url"], event["status"]) for event in of("webhook")]
    assert asked[0] == ("POST", f"{app.url}/voice", 200)
    assert asked[1][1].endswith("/chosen")
    assert "Gather" in of("webhook")[0]["body"]
    assert "secret" not in json.dumps(story)
    assert [event["key"] for event in of("key")] == ["4", "2"]
    assert of("sound")[0]["label"] == "Press two keys."
    assert [(event["verb"], event["outcome"]) for event in of("verb_over")] == [
        ("Gather", "keys 42"),
        ("Pause", "cut short: the call ended"),
    ]
    [gather] = of("gather")
    assert (gather["keys"], gather["status"], gather["listens_for"]) == ("42", "completed", "keys")
    [media] = of("media")
    assert media["received"] > 0
    assert media["sent"] > 0
    assert media["codec"] == "PCMU"
    assert len(of("callback")) == 3

    ladder = await words(either, "show", sid)
    for word in ("── INVITE ──", " 180 Ringing ──", "POST /voice", "key 4", "keys 42", "audio (PCMU)", "◄"):
        assert word in ladder
    assert "why      The far end hung up." in ladder


async def test_ls_lists_and_finds_calls_by_each_of_their_names(
    server: Server, app: Application, peer: Peer
) -> None:
    sid = await a_call_with_keys(server, app, peer, "7602")
    short = sid.partition("-")[2]
    [listed] = await shown(server, "ls", "--to", "7602", "--status", "completed", "--since", "1h")
    assert (listed["sid"], listed["from"], listed["direction"]) == (short, "+15550100", "inbound")
    assert await shown(server, "ls", "--to", "7602", "--since", "2999-01-01") == []
    assert short in await words(server, "ls", "--limit", "5")
    for name in (sid, short, listed["call_id"]):
        assert (await shown(server, "show", name))["call"]["sid"] == short


async def test_a_refused_call_says_why(server: Server, app: Application, peer: Peer) -> None:
    app.on("/busy", page(200, "<Response><Reject reason='busy'/></Response>"))
    server.give_number("7603", f"{app.url}/busy")
    assert (await peer.invite("7603", server.sip_port)).status == 486
    story = await shown(server, "show", server.call_to("7603")["sid"])
    assert story["why"] == "Offhook refused the call with 486 (the line is busy)."


async def test_tail_tells_each_change_until_it_is_interrupted(
    server: Server, app: Application, peer: Peer
) -> None:
    tail = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "offhook", "calls", "tail", "--json"),
        env={**os.environ, "OFFHOOK_DATA_DIR": str(server.data_dir), "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert tail.stdout is not None
    states: list[str] = []
    async with asyncio.timeout(60):
        # A call that runs already is told of first, so that what follows is known to be heard.
        await peer.invite("echo", server.sip_port)
        while True:
            told = json.loads(await tail.stdout.readline())
            if told["to"] == "echo" and told["status"] == "in-progress":
                break
        await peer.bye()
        while not states or states[-1] != "completed":
            told = json.loads(await tail.stdout.readline())
            if told["to"] == "echo":
                states.append(told["status"])
    assert states == ["completed"]
    tail.send_signal(signal.SIGINT)
    async with asyncio.timeout(20):
        assert await tail.wait() == 0


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("show", "CA" + 32 * "0"), 1, "`offhook calls ls` shows the newest"),
        (("show", "no\x1b[31msid"), 2, "no·[31msid names no call"),
        (("ls", "--status", "ringin"), 2, "the states are queued, ringing"),
        (("ls", "--since", "yesterday"), 2, "write 30m, 1h, 2d"),
        (("ls", "--since", "99999999999w"), 2, "longer ago than there are dates"),
        (("ls", "--account", "AC0"), 1, "no account"),
        (("reconcile", "--since", "x"), 2, "write 30m, 1h, 2d"),
    ],
)
def test_what_is_wrong_is_said(server: Server, arguments: tuple[str, ...], status: int, said: str) -> None:
    done = offhook("calls", *arguments, OFFHOOK_DATA_DIR=str(server.data_dir))
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_no_database_is_said(tmp_path: Any) -> None:
    done = offhook("calls", "ls", OFFHOOK_DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "`offhook serve` makes it" in done.stderr


def test_nothing_is_wrong_with_the_records_of_a_running_server(server: Server) -> None:
    done = offhook("calls", "reconcile", OFFHOOK_DATA_DIR=str(server.data_dir))
    assert (done.returncode, done.stdout) == (0, "Nothing is wrong.\n")


async def test_the_timeline_of_a_call_survives_its_worker(
    tmp_path: Path, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, "<Response><Say>hello</Say><Pause length='60'/></Response>"))
    with running_server(tmp_path) as server:
        server.give_number("7610", f"{app.url}/voice")
        assert (await peer.invite("7610", server.sip_port)).status == 200
        call = await asyncio.to_thread(server.running_call_to, "7610")
        async with asyncio.timeout(60):
            while not any(event["kind"] == "sound" for event in await events_of(server, call["sid"])):
                pass  # to ask takes a second
        os.kill(server.children()["worker"], signal.SIGKILL)
        assert (await asyncio.to_thread(server.call_to, "7610"))["status"] == "failed"
        story = await shown(server, "show", call["sid"])
    assert "(worker_lost)" in story["why"]
    told = {event.get("method") for event in story["events"] if event["kind"] == "sip"}
    assert told >= {"INVITE", "ACK"}


async def events_of(server: Server, sid: str) -> list[dict[str, Any]]:
    return list((await shown(server, "show", sid))["events"])


def test_reconcile_fixes_what_it_finds_and_says_so(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/offhook.db")
    migrate.upgrade(f"sqlite:///{tmp_path}/offhook.db")
    account, call_id = story.account(database), new_id()
    story.record(database, story.started(account.sid, call_id), worker_id="gone")
    database.close()
    here = {"OFFHOOK_DATA_DIR": str(tmp_path)}
    looked = offhook("calls", "reconcile", **here)
    assert looked.returncode == 1
    assert looked.stdout.startswith("wrong  call without end")
    assert (
        f"CA{call_id}  ringing since 2026-03-09 12:00:00 UTC, and its worker gone is unknown" in looked.stdout
    )
    fixed = offhook("calls", "reconcile", "--fix", **here)
    assert (fixed.returncode, fixed.stdout.splitlines()[-1]) == (0, "1 found, 0 left.")
    assert "waiting 10 s for workers" in fixed.stderr
    shown = offhook("calls", "show", call_id, **here)
    assert "inbound, failed" in shown.stdout
    assert "No timeline was kept of this call" in shown.stdout

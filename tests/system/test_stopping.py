"""A server that is told to stop: it takes nothing new, lets calls end, ends the rest politely, and says how it went."""

import asyncio
import signal
from pathlib import Path

import httpx2
import pytest

from tests.sip.peer import Message, Peer
from tests.system.ended_rows import ended_rows
from tests.system.server import CUT_SHORT, STOPPED, Server, running_server
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

LISTEN = "<Response><Gather timeout='600'><Say>Take your time.</Say></Gather></Response>"
RING = "<Response><Pause length='600'/></Response>"
CALLS = 20
DRAINED = "drained: the server was stopped"
OPTIONS = """OPTIONS sip:127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK-asks
From: <sip:asks@127.0.0.1>;tag=a
To: <sip:127.0.0.1>
Call-ID: asks{port}
CSeq: 1 OPTIONS
Max-Forwards: 70
Content-Length: 0

"""


async def talking(server: Server, name: str, count: int = 1) -> list[Peer]:
    """Callers who hear the application."""
    peers = [await Peer.open() for _ in range(count)]
    for peer in peers:
        assert (await peer.invite(name, server.sip_port)).status == 200
    async with asyncio.timeout(60):
        for peer in peers:
            await peer.hears_something()
    return peers


async def told_to_stop(server: Server, *, calls: int) -> str:
    """What it says once it drains."""
    server.process.send_signal(signal.SIGTERM)
    words = f"stopping: {calls} running call"
    return await asyncio.to_thread(server.output.until, words)


async def exit_status(server: Server) -> int:
    return await asyncio.to_thread(server.process.wait, 60)


def final_states(app: Application) -> list[str]:
    forms = [dict(received.form) for received in app.requests if received.path == "/state"]
    return [form["CallStatus"] for form in forms if form["CallStatus"] not in ("ringing", "in-progress")]


async def answer_to_options(server: Server) -> Message:
    phone = await Peer.open()
    lines = OPTIONS.format(port=phone.port).replace("\n", "\r\n")
    phone.sip.sendto(lines.encode(), ("127.0.0.1", server.sip_port))
    answer = await phone.reply(200, "OPTIONS")
    await phone.close()
    return answer


async def test_twenty_calls_come_to_their_own_end(tmp_path: Path, app: Application) -> None:
    app.on("/voice", page(200, LISTEN))
    app.on("/state", page(200))
    with running_server(tmp_path, DRAIN_S="120") as own:
        own.give_number("7601", f"{app.url}/voice", StatusCallback=f"{app.url}/state")
        peers = await talking(own, "7601", CALLS)
        said = await told_to_stop(own, calls=CALLS)
        assert "(worker-0 20)" in said
        assert "a second signal ends them now" in said
        late = await Peer.open()
        refused = await late.invite("7601", own.sip_port)
        assert (refused.status, refused.get("Retry-After")) == (503, "1")
        await late.close()
        assert (await answer_to_options(own)).status == 200
        asked = await asyncio.to_thread(own.post, "/Calls.json", From="1", To="sip:x@127.0.0.1", Url=app.url)
        assert asked.status_code == 503
        assert int(asked.headers["Retry-After"]) > 0
        assert httpx2.get(f"{own.url}/readyz", trust_env=False).status_code == 503
        heard = len(peers[0].heard)
        await peers[0].until(lambda: len(peers[0].heard) > heard + 10)
        for peer in peers:
            assert not peer.over.is_set()
            assert (await peer.bye()).status == 200
            await peer.close()
        assert await exit_status(own) == STOPPED
        assert "stopped; no running call was cut short" in own.output.text
    assert ended_rows(tmp_path, "7601") == [("completed", "")] * CALLS
    assert final_states(app) == ["completed"] * CALLS


async def test_what_runs_longer_is_ended_politely_and_told(tmp_path: Path, app: Application) -> None:
    app.on("/voice", page(200, LISTEN))
    app.on("/ring", page(200, RING))
    app.on("/state", page(200))
    with running_server(tmp_path, DRAIN_S="2") as own:
        own.give_number("7602", f"{app.url}/voice", StatusCallback=f"{app.url}/state")
        own.give_number("7603", f"{app.url}/ring", StatusCallback=f"{app.url}/state")
        peers = await talking(own, "7602", 2)
        rings = await Peer.open()
        assert (await rings.invite("7603", own.sip_port, until=180)).status == 180
        await app.has(lambda seen: any(received.path == "/ring" for received in seen.requests))
        await told_to_stop(own, calls=3)
        for peer in peers:
            await asyncio.wait_for(peer.over.wait(), 60)
            bye = next(message for message in peer.messages if message.method == "BYE")
            assert bye.get("Reason") == 'SIP;cause=503;text="the server is stopping"'
        refused = await rings.reply(300)
        assert (refused.status, refused.get("Retry-After")) == (503, "1")
        assert await exit_status(own) == CUT_SHORT
        assert "stopped; 3 running calls had to be ended" in own.output.text
    assert ended_rows(tmp_path, "7602") == [("completed", DRAINED)] * 2
    assert ended_rows(tmp_path, "7603") == [("failed", DRAINED)]
    assert sorted(final_states(app)) == ["completed", "completed", "failed"], (
        "told before the server was gone"
    )
    for peer in (*peers, rings):
        await peer.close()


async def test_a_second_signal_ends_the_waiting(tmp_path: Path, app: Application) -> None:
    app.on("/voice", page(200, LISTEN))
    app.on("/state", page(200))
    with running_server(tmp_path, DRAIN_S="3600") as own:
        own.give_number("7604", f"{app.url}/voice", StatusCallback=f"{app.url}/state")
        [peer] = await talking(own, "7604")
        await told_to_stop(own, calls=1)
        own.process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(peer.over.wait(), 60)
        assert await exit_status(own) == CUT_SHORT
        assert "stopped; 1 running call had to be ended" in own.output.text
    assert ended_rows(tmp_path, "7604") == [("completed", DRAINED)]
    assert final_states(app) == ["completed"]
    await peer.close()

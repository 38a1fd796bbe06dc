"""Calls made over REST: a real INVITE goes out, and what becomes of it is told."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.sip.peer import Peer
from tests.system.server import Server, running_server
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

HELLO = "<Response><Say>Hello, this is your call.</Say></Response>"


def forms(app: Application, path: str) -> list[dict[str, str]]:
    return [dict(received.form) for received in app.requests if received.path == path]


def statuses(app: Application) -> list[str]:
    return [form["CallStatus"] for form in forms(app, "/state")]


async def test_a_call_is_made_answered_and_told(server: Server, app: Application, peer: Peer) -> None:
    app.on("/voice", page(200, HELLO))
    app.on("/state", page(200))
    placed = await asyncio.to_thread(
        server.post,
        "/Calls.json",
        From="+15550001",
        To=f"sip:peer@127.0.0.1:{peer.port}?X-Order=7&X-Desk=Ada",
        Url=f"{app.url}/voice",
        StatusCallback=f"{app.url}/state",
        Metadata='{"ticket": 12}',
    )
    assert placed.status_code == 200, placed.text
    call = placed.json()
    assert (call["status"], call["direction"]) == ("queued", "outbound-api")
    assert call["metadata"] == {"ticket": 12}
    invite = await peer.expect()
    assert invite.get("X-Order") == "7"
    assert invite.get("X-Desk") == "Ada"
    assert "sip:+15550001@" in invite.get("From")
    peer.respond(180, "Ringing")
    peer.respond(200, "OK")
    async with asyncio.timeout(60):
        await peer.over.wait()
        await app.has(lambda seen: len(statuses(seen)) == 4, within_s=30)
    assert peer.sounds()
    [asked] = forms(app, "/voice")
    assert (asked["CallSid"], asked["Direction"], asked["CallStatus"]) == (
        call["sid"],
        "outbound-api",
        "in-progress",
    )
    assert json.loads(asked["Metadata"]) == {"ticket": 12}
    assert statuses(app) == ["initiated", "ringing", "answered", "completed"]
    assert [form["SequenceNumber"] for form in forms(app, "/state")] == ["0", "1", "2", "3"]
    kept = server.get(f"/Calls/{call['sid']}")
    assert kept["status"] == "completed"
    assert kept["duration"] >= 1


@pytest.mark.parametrize(
    ("sip_status", "status"), [(486, "busy"), (603, "failed"), (404, "failed"), (480, "no-answer")]
)
async def test_a_refusal_is_the_calls_status(
    server: Server, app: Application, peer: Peer, sip_status: int, status: str
) -> None:
    app.on("/voice", page(200, HELLO))
    app.on("/state", page(200))
    to = f"sip:peer@127.0.0.1:{peer.port}"
    placed = await asyncio.to_thread(
        server.post,
        "/Calls.json",
        From="1000",
        To=to,
        Url=f"{app.url}/voice",
        StatusCallback=f"{app.url}/state",
        StatusCallbackEvent="completed",
    )
    await peer.expect()
    peer.respond(sip_status, "No")
    await app.has(lambda seen: bool(statuses(seen)), within_s=60)
    call = server.get(f"/Calls/{placed.json()['sid']}")
    assert call["status"] == status
    assert forms(app, "/voice") == []
    assert statuses(app) == ["completed"]


async def test_nobody_answers_in_time(server: Server, app: Application, peer: Peer) -> None:
    app.on("/state", page(200))
    placed = await asyncio.to_thread(
        server.post,
        "/Calls.json",
        From="1000",
        To=f"sip:peer@127.0.0.1:{peer.port}",
        Url=f"{app.url}/voice",
        Timeout="1",
        StatusCallback=f"{app.url}/state",
        StatusCallbackEvent="completed",
    )
    await peer.expect()
    peer.respond(180, "Ringing")
    async with asyncio.timeout(60):
        await peer.over.wait()  # CANCEL came
    await app.has(lambda seen: bool(statuses(seen)), within_s=60)
    assert server.get(f"/Calls/{placed.json()['sid']}")["status"] == "no-answer"


async def test_a_number_goes_to_the_trunk_and_needs_one(
    server: Server, tmp_path: Path, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, HELLO))
    wanted = {"From": "+15550001", "To": "+15550002", "Url": f"{app.url}/voice"}
    refused = await asyncio.to_thread(server.post, "/Calls.json", **wanted)
    assert refused.status_code == 400
    assert "OFFHOOK_TRUNK" in refused.json()["message"]
    with running_server(tmp_path, TRUNK=f"sip:127.0.0.1:{peer.port}") as own:
        placed = await asyncio.to_thread(own.post, "/Calls.json", **wanted)
        assert placed.status_code == 200
        invite = await peer.expect()
        assert invite.start.startswith(f"INVITE sip:+15550002@127.0.0.1:{peer.port}")
        peer.respond(486, "Busy")


async def test_a_full_worker_answers_503(small: Server, app: Application) -> None:
    server, phones = small, [await Peer.open() for _ in range(5)]
    try:
        for phone in phones[:4]:
            assert (await phone.invite("echo", server.sip_port)).status == 200
        full = await asyncio.to_thread(
            server.post,
            "/Calls.json",
            From="1000",
            To=f"sip:peer@127.0.0.1:{phones[4].port}",
            Url=f"{app.url}/voice",
        )
        assert full.status_code == 503
        assert full.headers["Retry-After"]
        for phone in phones[:4]:
            await phone.bye()
    finally:
        for phone in phones:
            await phone.close()

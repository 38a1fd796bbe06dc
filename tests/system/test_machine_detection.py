"""Calls made over REST to a telephone that speaks: who answered is told, and a machine is hung up."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.sip.peer import Peer
from tests.speech_audio import caller_says
from tests.system.server import ACCOUNT_SID, TOKEN, Server
from tests.system.test_vobiz import asked, assert_is_signed, ended, forms, post
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

ANSWER = '<Response><Speak>Hello Ada.</Speak><Wait length="20"/></Response>'
MAILBOX = "You have reached the voicemail of Ada Smith. Please leave your message after the tone."


def told_by(server: Server, path: str) -> dict[str, Any]:
    """The answer to a GET."""
    url = f"{server.url}/api/v1/Account/{ACCOUNT_SID}{path}"
    signed_in = {"X-Auth-ID": ACCOUNT_SID, "X-Auth-Token": TOKEN}
    told: dict[str, Any] = httpx2.get(url, headers=signed_in, trust_env=False, timeout=10).json()
    return told


async def called(server: Server, app: Application, peer: Peer, words: str, **more: str) -> str:
    """Make a call to a telephone at which this is said once it was answered; its UUID."""
    app.on("/answer", page(200, ANSWER, "application/xml"))
    app.on("/hangup", page(200))
    app.on("/detected", page(200))
    to = f"sip:peer@127.0.0.1:{peer.port}"
    wanted = {"from": "15550001", "to": to, "answer_url": f"{app.url}/answer"}
    more = {name: value.replace("APP", app.url) for name, value in more.items()}
    wanted |= {"hangup_url": f"{app.url}/hangup", **more}
    made = await asyncio.to_thread(post, server, "/Call/", wanted)
    await peer.expect()
    peer.respond(200, "OK")
    peer.say(await asyncio.to_thread(caller_says, words, silence_s=0.6))
    return str(made["request_uuid"])


async def test_a_person_is_told_to_the_answer_url_and_talked_to(
    server: Server, app: Application, peer: Peer
) -> None:
    async with asyncio.timeout(60):
        name = await called(server, app, peer, "Hello?", machine_detection="hangup")
        await peer.hears_something()
        [first] = forms(app, "/answer")
        assert (first["CallUUID"], first["Machine"], first["Event"]) == (name, "false", "StartApp")
        await peer.bye()
        assert (await ended(app))["HangupCauseCode"] == "4000"


async def test_a_machine_is_told_beside_the_document_and_hung_up(
    server: Server, app: Application, peer: Peer
) -> None:
    async with asyncio.timeout(60):
        url = "APP/detected"
        name = await called(server, app, peer, MAILBOX, machine_detection="hangup", machine_detection_url=url)
        await peer.over.wait()
        await app.has(lambda seen: bool(forms(seen, "/detected")), within_s=30)
        end = await ended(app)
    [told] = forms(app, "/detected")
    assert (told["CallUUID"], told["RequestUUID"], told["Event"]) == (name, name, "MachineDetection")
    assert (told["Machine"], told["IfMachine"], told["CallStatus"]) == ("true", "hangup", "in-progress")
    assert "Machine" not in forms(app, "/answer")[0]
    assert (end["HangupCauseCode"], end["HangupCauseName"]) == ("9100", "Machine Detected")
    assert_is_signed(asked(app, "/detected")[0], app.url)
    record = (await asyncio.to_thread(told_by, server, f"/cdr/{name}"))["data"]
    assert (record["hangup_cause_code"], record["hangup_source"]) == (9100, "Vobiz")

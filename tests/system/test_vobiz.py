"""The examples of Vobiz' page on Gather, over real SIP and RTP: applications and numbers are set up over its REST."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from plivo.utils import validate_signature, validate_v3_signature

from tests.dialects.vobiz.test_seed_examples import ACCOUNT, CHOICE, INTENT, MENU
from tests.sip.peer import Peer
from tests.system.server import ACCOUNT_SID, TOKEN, Server
from tests.webhooks.server import Application, Received, page

pytestmark = pytest.mark.sip

Said = Callable[[str], bytes]
DONE = "<Response><Speak>Thank you.</Speak></Response>"


def asked(app: Application, path: str) -> list[Received]:
    return [received for received in app.requests if received.path == path]


def forms(app: Application, path: str) -> list[dict[str, str]]:
    return [dict(received.form) for received in asked(app, path)]


def post(server: Server, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = httpx2.post(
        f"{server.url}/api/v1/Account/{ACCOUNT_SID}{path}",
        json=body,
        headers={"X-Auth-ID": ACCOUNT_SID, "X-Auth-Token": TOKEN},
        trust_env=False,
    )
    assert answer.status_code in (200, 201, 202), answer.text
    told: dict[str, Any] = answer.json()
    return told


def attach(server: Server, app: Application, number: str, document: str) -> None:
    """Have `document` answer the calls to `number`, with its URLs at `app`."""
    app.on("/answer", page(200, document.replace("http://app.example", app.url)))
    app.on("/hangup", page(200))
    app.on("/fallback", page(200, DONE))
    made = post(
        server,
        "/Application/",
        {
            "app_name": f"example-{number}",
            "answer_url": f"{app.url}/answer",
            "hangup_url": f"{app.url}/hangup",
            "fallback_answer_url": f"{app.url}/fallback",
        },
    )
    post(server, f"/numbers/{number}/application", {"application_id": made["app_id"]})


async def ended(app: Application) -> dict[str, str]:
    """What the hangup URL was told."""
    await app.has(lambda seen: bool(forms(seen, "/hangup")), within_s=30)
    [told] = forms(app, "/hangup")
    return told


async def test_a_menu(server: Server, app: Application, peer: Peer) -> None:
    attach(server, app, "88001", MENU)
    app.on("/menu-choice", page(200, DONE))
    answer = await peer.invite("88001", server.sip_port, headers=("X-VH-Order: 42",))
    assert answer.status == 200
    async with asyncio.timeout(60):
        await peer.hears_something()
        peer.press("2")
        await peer.over.wait()
    [first], [chosen] = forms(app, "/answer"), forms(app, "/menu-choice")
    assert (first["Event"], first["CallStatus"], first["To"]) == ("StartApp", "ringing", "88001")
    assert first["X-VH-Order"] == "42"
    assert first["ParentAuthID"].startswith("MA")
    assert (chosen["InputType"], chosen["Digits"], chosen["Speech"]) == ("dtmf", "2", "")
    assert chosen["CallUUID"] == first["CallUUID"]
    told = await ended(app)
    assert (told["Event"], told["CallStatus"], told["HangupCauseCode"]) == ("Hangup", "completed", "4010")
    for request in (*asked(app, "/answer"), *asked(app, "/hangup")):
        assert_is_signed(request, app.url)


def assert_is_signed(request: Received, base: str) -> None:
    headers = {name.lower(): value for name, value in request.headers}
    nonce = headers["x-vobiz-signature-v3-nonce"]
    signed = f"{base}{urlsplit(request.path).path}.{nonce}".encode()
    wanted = base64.b64encode(hmac.new(TOKEN.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["x-vobiz-signature-v3"] == wanted
    assert validate_v3_signature(
        request.method,
        base + request.target,
        headers["x-plivo-signature-v3-nonce"],
        TOKEN,
        headers["x-plivo-signature-v3"],
        dict(request.form),
    )
    nonce, v2 = headers["x-plivo-signature-v2-nonce"], headers["x-plivo-signature-v2"]
    assert validate_signature(base + request.target, nonce, v2, TOKEN)
    assert not validate_signature(base + request.target, nonce, v2, "another token")


async def test_an_account_number_with_its_finish_key(server: Server, app: Application, peer: Peer) -> None:
    attach(server, app, "88002", ACCOUNT)
    app.on("/account", page(200, DONE))
    await peer.invite("88002", server.sip_port)
    async with asyncio.timeout(60):
        await peer.hears_something()
        for key in "4711#":
            peer.press(key)
            await asyncio.sleep(0.4)
        await peer.over.wait()
    [told] = forms(app, "/account")
    assert (told["InputType"], told["Digits"], told["Event"]) == ("dtmf", "4711", "Redirect")


async def test_an_intent_that_is_spoken(server: Server, app: Application, peer: Peer, said: Said) -> None:
    attach(server, app, "88003", INTENT)
    app.on("/intent", page(200, DONE))
    await peer.invite("88003", server.sip_port)
    async with asyncio.timeout(60):
        await peer.hears_quiet()
        peer.say(said("support"))
        await peer.over.wait()
    [told] = forms(app, "/intent")
    assert (told["InputType"], told["Speech"], told["Digits"]) == ("speech", "support", "")
    assert 0.0 <= float(told["SpeechConfidenceScore"]) <= 1.0
    assert told["BilledAmount"] == "0.0000"


@pytest.mark.parametrize("how", ["key", "word"])
async def test_speech_or_keys(server: Server, app: Application, peer: Peer, said: Said, how: str) -> None:
    number = "88004" if how == "key" else "88005"
    # The recogniser that is always there understands only phrases that it is told of.
    attach(server, app, number, CHOICE.replace("<Gather ", '<Gather hints="hello,sales" '))
    app.on("/choice", page(200, DONE))
    await peer.invite(number, server.sip_port)
    async with asyncio.timeout(60):
        await peer.hears_quiet()
        if how == "key":
            peer.press("1")
        else:
            peer.say(said("hello"))
        await peer.over.wait()
    [told] = forms(app, "/choice")
    wanted = ("dtmf", "1", "") if how == "key" else ("speech", "", "hello")
    assert (told["InputType"], told["Digits"], told["Speech"]) == wanted


async def test_the_fallback_answers_where_the_answer_url_does_not(
    server: Server, app: Application, peer: Peer
) -> None:
    attach(server, app, "88006", MENU)
    app.on("/answer", page(500))
    assert (await peer.invite("88006", server.sip_port)).status == 200
    async with asyncio.timeout(60):
        await peer.over.wait()
    assert len(forms(app, "/fallback")) == 1
    told = await ended(app)
    assert (told["CallStatus"], told["HangupCauseName"]) == ("completed", "End Of XML Instructions")


async def accepted(callee: Peer, app: Application) -> None:
    """Press the key, as people do who hear nothing happen: once more each second until something does."""
    while len(forms(app, "/legs")) < 2:
        callee.press("5")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await app.has(lambda seen: len(forms(seen, "/legs")) == 2, within_s=30)


async def test_a_dial_tells_its_callback_over_the_outbox(
    server: Server, app: Application, peer: Peer
) -> None:
    callee = await Peer.open()
    dial = (
        '<Response><Dial action="http://app.example/dialled" callbackUrl="http://app.example/legs" '
        f'confirmKey="5"><User>sip:ann@127.0.0.1:{callee.port}</User></Dial></Response>'
    )
    attach(server, app, "88007", dial)
    app.on("/legs", page(200))
    app.on("/dialled", page(200, "<Response/>"))
    try:
        async with asyncio.timeout(60):
            calling = asyncio.create_task(peer.invite("88007", server.sip_port))
            await callee.expect()
            callee.respond(180, "Ringing")
            callee.respond(200, "OK")
            await calling
            await app.has(lambda seen: len(forms(seen, "/legs")) == 1, within_s=30)
            await accepted(callee, app)
            await callee.bye()
            await peer.over.wait()
        await ended(app)
    finally:
        await callee.close()
    told = forms(app, "/legs")
    assert [one["DialAction"] for one in told] == ["answer", "connected", "hangup"], told
    assert told[-1]["DialBLegHangupCauseCode"] == "4000"
    [action] = forms(app, "/dialled")
    assert (action["DialStatus"], action["DialBLegUUID"]) == ("completed", told[0]["DialBLegUUID"])


def being_written(server: Server) -> set[str]:
    """The recordings whose files a process of the server holds open."""
    opened = set()
    for pid in server.children().values():
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                opened.add(descriptor.readlink().name)
    return {name for name in opened if name.startswith("RE")}


async def test_a_recording_in_the_background_is_over_with_its_call(
    server: Server, app: Application, peer: Peer
) -> None:
    record = '<Record recordSession="true" fileFormat="wav" callbackUrl="http://app.example/ready"/>'
    attach(server, app, "88008", f'<Response>{record}<Wait length="60"/></Response>')
    app.on("/ready", page(200))
    before = being_written(server)
    await peer.invite("88008", server.sip_port)
    async with asyncio.timeout(60):
        await peer.until(lambda: len(peer.heard) > 100)
    [recording] = being_written(server) - before
    await peer.bye()
    await app.has(lambda seen: bool(forms(seen, "/ready")), within_s=30)
    [told] = forms(app, "/ready")
    assert recording not in being_written(server)
    assert 1.0 <= float(told["RecordingDurationMs"]) / 1000 <= 10.0
    assert told["RecordingEndReason"] == "HungUp"

"""A plain server takes calls from wherever a client is: it asks for the password, and knows who calls by nothing else."""

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.edge.phone_stub import phone
from tests.system import test_phones as phones
from tests.system.server import Server, free_port
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

SCENARIO = Path(__file__).parent / "sipp" / "client.xml"
LOGIN, PASSWORD = "pbx-7466", "what-only-pbx-7466-knows"
ELSEWHERE, NUMBER = "127.0.0.46", "74660"
WITHIN_S = 30.0


async def strangers_get(server: Server, status: int) -> None:
    """Return once they do."""
    async with asyncio.timeout(WITHIN_S), phone(server.sip_port, host="127.0.0.47") as stranger:
        while (await stranger.say("INVITE", NUMBER)).status != status:  # noqa: ASYNC110 - only answers tell
            await asyncio.sleep(0.2)


@asynccontextmanager
async def client(server: Server, **properties: str) -> AsyncIterator[None]:
    """A block in which there is one client, which the server has heard of."""
    form = {"Login": LOGIN, "Password": PASSWORD, **properties}
    made = await asyncio.to_thread(server.post, "/Clients.json", **form)
    assert made.status_code == 200, made.text
    try:
        await strangers_get(server, 407)
        yield
    finally:
        gone = await asyncio.to_thread(server.post, f"/Clients/{made.json()['sid']}.json", Status="0")
        assert gone.status_code == 200, gone.text
        await strangers_get(server, 403)


async def pbx(server: Server, password: str) -> tuple[int, str]:
    """Have SIPp call as the client from an address that nobody knows; its exit status and what it printed."""
    target = f"{NUMBER}@127.0.0.1:{server.sip_port}"
    process = await asyncio.create_subprocess_exec(
        *("sipp", f"127.0.0.1:{server.sip_port}", "-sf", str(SCENARIO), "-s", NUMBER, "-m", "1", "-nostdin"),
        *("-i", ELSEWHERE, "-mi", ELSEWHERE, "-p", str(free_port(socket.SOCK_DGRAM))),
        *("-au", LOGIN, "-ap", password, "-auth_uri", target, "-timeout", "60", "-timeout_error"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode(errors="replace")


async def test_a_pbx_and_a_phone_call_by_name_and_password(
    guarded: Server, app: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.on("/voice", page(200, "<Response><Say>Hello.</Say></Response>"))
    monkeypatch.setattr(phones, "CONFIG", phones.CONFIG.replace("127.0.0.1", ELSEWHERE))
    monkeypatch.setattr(phones, "ACCOUNT", phones.ACCOUNT.replace("regint=60", "regint=0"))
    port = guarded.sip_port
    async with client(guarded, VoiceUrl=f"{app.url}/voice"):
        status, printed = await pbx(guarded, PASSWORD)
        assert status == 0, printed[-4000:]
        call = await asyncio.to_thread(guarded.call_to, NUMBER)
        assert (call["from"], call["status"]) == (LOGIN, "completed")
        # It is known by now to speak MD5, without which this baresip would give up.
        async with phones.softphone(tmp_path / "a", LOGIN, port, password=PASSWORD, dials="74661") as desk:
            assert await desk.says("Call established", "403", "407") == "Call established"
        async with phones.softphone(
            tmp_path / "b", LOGIN, port, password="a guess", dials="74662"
        ) as guesser:
            assert await guesser.says("Call established", "403 Wrong") == "403 Wrong"
        assert await asyncio.to_thread(guarded.calls_to, "74662") == []
    assert {dict(each.form)["From"] for each in app.requests} == {LOGIN}
    assert len(app.requests) == 2

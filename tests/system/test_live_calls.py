"""Calls that are changed over REST while they run, with real SIP: none is left behind."""

import asyncio
import os
import random
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from offhook.pjsua.build import installed_build
from tests.contract.phone import Phone
from tests.system.server import ACCOUNT_SID, RUNNING, TOKEN, Server
from tests.system.test_recordings import until
from tests.system.test_sipp import sipp
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

CALLERS, PER_S, CHANGES, FOR_S = 50, 20, 200, 4.0
NUMBER = "7710"
DOCUMENTS = {
    "/voice": '<Response><Say>hello</Say><Pause length="20"/></Response>',
    "/other": '<Response><Say>other</Say><Pause length="20"/></Response>',
    "/record": '<Response><Record timeout="20" maxLength="20" playBeep="false" action="/other"/></Response>',
    "/gather": '<Response><Gather timeout="20"><Say>press</Say></Gather></Response>',
}


class Rest:
    """The API as an application would call it, many requests at once."""

    def __init__(self, server: Server) -> None:
        self._client = httpx2.AsyncClient(
            base_url=server.url + server.account_path,
            auth=(ACCOUNT_SID, TOKEN),
            headers={"accept": "application/json"},
            trust_env=False,
            timeout=30.0,
        )

    async def calls(self) -> list[dict[str, str]]:
        answer = await self._client.get("/Calls", params={"To": NUMBER, "PageSize": "1000"})
        return list(answer.json()["calls"])

    async def running(self) -> list[str]:
        return [call["sid"] for call in await self.calls() if call["status"] in RUNNING]

    async def until(self, are_enough: Callable[[list[str]], bool]) -> list[str]:
        """The running calls, once they are as wanted."""
        for _ in range(600):
            running = await self.running()
            if are_enough(running):
                return running
            await asyncio.sleep(0.05)
        raise AssertionError(f"{len(running)} calls run")

    async def post(self, path: str, form: dict[str, str]) -> int:
        return (await self._client.post(path, data=form)).status_code

    async def act(self, resource: str, sid: str) -> dict[str, str]:
        """What is answered to doing something to a call."""
        answer = await self._client.post(f"/{resource}", data={"CallSid": sid})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def close(self) -> None:
        await self._client.aclose()


def some_change(chance: random.Random, app: Application, sid: str) -> tuple[str, dict[str, str]]:
    """Where to post what."""
    if chance.random() < 0.2:
        return "/Says", {"CallSid": sid, "Text": "beside"}
    forms: list[dict[str, str]] = [
        {"Url": f"{app.url}{chance.choice(list(DOCUMENTS))}"},
        {"Url": f"{app.url}/record", "MoveConnectedCallLeg": "true", "Mute": "true"},
        {"Url": f"{app.url}/gone"},
        {"Mute": "false"},
        {"Status": "canceled"},
        {"Status": "completed"},
    ]
    weights = [8, 4, 1, 2, 2, 1]
    return f"/Calls/{sid}", chance.choices(forms, weights)[0]


async def test_200_changes_of_50_calls_leave_none_behind(server: Server, app: Application) -> None:
    for path, document in DOCUMENTS.items():
        app.on(path, page(200, document))
    server.give_number(NUMBER, f"{app.url}/voice")
    callers = min(CALLERS, installed_build().call_slots)
    options = ("-m", str(callers), "-l", str(callers), "-r", str(PER_S), "-recv_timeout", "60000")
    rest, chance = Rest(server), random.Random(7)
    try:
        calling = asyncio.create_task(sipp(server, "listener", NUMBER, *options))
        statuses = await change_at_random(rest, app, chance)
        for sid in await rest.running():
            await rest.post(f"/Calls/{sid}", {"Status": "completed"})
        async with asyncio.timeout(60):
            status, printed = await calling
            await rest.until(lambda running: not running)
        calls = await rest.calls()
    finally:
        await rest.close()
    assert status == 0, printed[-2000:]
    assert len(calls) == callers
    assert {call["status"] for call in calls} <= {"completed", "canceled"}
    assert len(statuses) == CHANGES
    assert set(statuses) <= {200, 410}
    assert statuses.count(200) > CHANGES / 2
    await until(lambda: not open_recordings(server))
    rows = await asyncio.to_thread(server.get, "/Recordings")
    assert not [row for row in rows["recordings"] if row.get("status") == "in-progress"]


async def change_at_random(rest: Rest, app: Application, chance: random.Random) -> list[int]:
    """Post 200 changes at any moments; the statuses of the answers."""
    posting: list[asyncio.Task[int]] = []
    sids = await rest.until(bool)
    for number in range(CHANGES):
        if number % 20 == 0:
            sids = await rest.running() or sids
        await asyncio.sleep(chance.expovariate(CHANGES / FOR_S))
        path, form = some_change(chance, app, chance.choice(sids))
        posting.append(asyncio.create_task(rest.post(path, form)))
    return await asyncio.gather(*posting)


def open_recordings(server: Server) -> list[str]:
    """Sound files that the worker still holds open."""
    folder = Path(f"/proc/{server.children()['worker']}/fd")
    held = [os.readlink(entry) for entry in folder.iterdir() if entry.is_symlink()]
    return [name for name in held if "/recordings/" in name]


async def test_a_call_is_held_resumed_and_transferred_by_whom_it_dialled(
    server: Server, app: Application
) -> None:
    caller, callee, target = [await Phone.open() for _ in range(3)]
    app.on(
        "/voice",
        page(200, f"<Response><Dial><Sip>sip:callee@127.0.0.1:{callee.port}</Sip></Dial></Response>"),
    )
    app.on(
        "/refer",
        page(200, f"<Response><Dial><Sip>sip:target@127.0.0.1:{target.port}</Sip></Dial></Response>"),
    )
    server.give_number("7711", f"{app.url}/voice", ReferUrl=f"{app.url}/refer")
    rest = Rest(server)
    try:
        async with asyncio.timeout(60):
            await caller.invite("7711", server.sip_port)
            await answer(callee)
            sid = server.running_call_to("7711")["sid"]
            held = await rest.act("Holds", sid)
            resumed = await rest.act("Resumes", sid)
            callee.transfer(f"sip:target@127.0.0.1:{target.port}")
            await answer(target)
            await callee.until(lambda: bool(callee.transfers_told))
            await callee.bye()
            await caller.bye()
            await target.over.wait()
    finally:
        await rest.close()
        for phone in (caller, callee, target):
            await phone.close()
    assert [held["status"], resumed["status"], caller.offers] == ["held", "resumed", ["sendonly", "sendrecv"]]
    assert (callee.transfers_answered, callee.transfers_told) == ([202], [200])
    told = next(dict(received.form) for received in app.requests if received.path == "/refer")
    assert (told["Transferor"], told["Transferee"], told["CallSid"]) == ("boss", "+15550100", sid)
    assert server.call_to("7711")["status"] == "completed"


async def answer(phone: Phone) -> None:
    """Answer the call that comes in."""
    await phone.expect()
    phone.respond(180, "Ringing")
    phone.respond(200, "OK")


async def test_a_call_is_made_with_keys_and_what_cannot_be_done_is_told(
    server: Server, app: Application
) -> None:
    app.on("/keys", page(200, '<Response><Pause length="1"/></Response>'))
    phone = await Phone.open()
    try:
        placed = await asyncio.to_thread(
            server.post,
            "/Calls",
            From="+15550001",
            To=f"sip:phone@127.0.0.1:{phone.port}",
            Url=f"{app.url}/keys",
            SendDigits="w42#",
            MachineDetection="Enable",
        )
        assert placed.status_code == 200, placed.text
        await answer(phone)
        async with asyncio.timeout(30):
            await phone.over.wait()
        assert phone.keys_heard() == "42#"
        await asyncio.to_thread(server.call_to, f"sip:phone@127.0.0.1:{phone.port}")
        [notice] = server.notifications_of(placed.json()["sid"])
        assert (notice["log"], "MachineDetection" in notice["message_text"]) == (1, True)
    finally:
        await phone.close()

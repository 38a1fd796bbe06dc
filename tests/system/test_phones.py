"""baresip as a telephone of an account's own: it registers, is called, calls, and is found again after a restart."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from offhook.edge.rpc import RpcFailed
from offhook.records.database import Database
from offhook.records.phones import Phones
from tests.system.server import RUNNING, Server, running_server
from tests.system.test_edge import behind_kamailio, kamailio_rpc
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

CONFIG = """
module_path /usr/lib/baresip/modules
module g711.so
module aubridge.so
module account.so
module menu.so
sip_listen 127.0.0.1:0
net_interface 127.0.0.1
audio_source aubridge,nowhere
audio_player aubridge,nowhere
audio_alert aubridge,nowhere
"""
ACCOUNT = "<sip:{login}@127.0.0.1:{port}{transport}>;auth_user={login};auth_pass={password};regint=60;answermode={mode}\n"
WITHIN_S, GOODBYE_S = 30.0, 20.0


def password_of(login: str) -> str:
    return f"what-only-{login}-knows"


class Softphone:
    """A baresip that runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""

    async def says(self, *words: str) -> str:
        """Return once it has printed one of these; which."""
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(WITHIN_S):
                while not any(each in self.said for each in words):
                    more = await self.process.stdout.read(4096)
                    assert more, self.said
                    self.said += more.decode(errors="replace")
        except TimeoutError:
            raise AssertionError(f"none of {words} in {self.said}") from None
        return next(each for each in words if each in self.said)


@asynccontextmanager
async def softphone(
    folder: Path,
    login: str,
    port: int,
    *,
    password: str | None = None,
    dials: str | None = None,
    transport: str = "",
    mode: str = "auto",
) -> AsyncIterator[Softphone]:
    """A block in which a softphone runs, with a folder of its own."""
    folder.mkdir()
    (folder / "config").write_text(CONFIG)
    (folder / "contacts").write_text("")
    account = ACCOUNT.format(
        login=login, port=port, password=password or password_of(login), transport=transport, mode=mode
    )
    (folder / "accounts").write_text(account)
    dialling = ("-e", f"/dial sip:{dials}@127.0.0.1:{port}{transport}") if dials else ()
    process = await asyncio.create_subprocess_exec(
        *("baresip", "-f", str(folder), *dialling, "-t", "60"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield Softphone(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(GOODBYE_S):
                await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()


async def places_are(server: Server, count: int) -> tuple[str, ...]:
    """The places where phones are registered, once there are so many."""
    database = Database(f"sqlite:///{server.data_dir}/offhook.db")
    try:
        async with asyncio.timeout(WITHIN_S):
            while True:
                places = await asyncio.to_thread(Phones(database).registered)
                if len(places) == count:
                    return tuple(place.contact for place in places)
                await asyncio.sleep(0.05)
    finally:
        database.close()


async def is_told(server: Server, *logins: str) -> None:
    """Return once Kamailio has been told of these clients."""
    with kamailio_rpc(server) as rpc:
        async with asyncio.timeout(WITHIN_S):
            for login in logins:
                while True:
                    try:
                        await asyncio.to_thread(rpc.call, "htable.get", "clients", login)
                        break
                    except RpcFailed:
                        await asyncio.sleep(0.05)


async def calls_become(server: Server, to: str, *, running: int = 0, ended: int = 0) -> list[str]:
    """Return once so many calls to somebody run, and so many are over: how those ended."""
    statuses: list[str] = []
    try:
        async with asyncio.timeout(WITHIN_S):
            while True:
                calls = await asyncio.to_thread(server.calls_to, to)
                statuses = [call["status"] for call in calls]
                over = [status for status in statuses if status not in RUNNING]
                if (len(statuses) - len(over), len(over)) == (running, ended):
                    return over
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"calls to {to}: {statuses}") from None


def call_ada(server: Server, url: str) -> Any:
    """What REST answers when a call to her is asked for."""
    return server.post("/Calls.json", From="1000", To="client:ada", Url=url)


async def test_phones_register_ring_call_and_are_found_after_a_restart(
    tmp_path: Path, app: Application
) -> None:
    settings = behind_kamailio(WORKERS="1", SIP_DIGESTS="md5")
    app.on("/greeting", page(200, "<Response><Say>Hello.</Say></Response>"))
    app.on("/own", page(200, "<Response><Say>This is yours.</Say></Response>"))
    greeting = f"{app.url}/greeting"
    async with AsyncExitStack() as ends:
        with running_server(tmp_path / "data", **settings) as server:
            for login, more in (("ada", {}), ("bob", {}), ("eve", {"VoiceUrl": f"{app.url}/own"})):
                assert (
                    server.post("/Clients", Login=login, Password=password_of(login), **more).status_code
                    == 200
                )
            assert (await asyncio.to_thread(call_ada, server, greeting)).status_code == 400, "nobody is there"
            await is_told(server, "ada", "bob", "eve")
            port, tcp = server.sip_port, ";transport=tcp"
            async with softphone(tmp_path / "guess", "ada", port, password="a-guess-of-mine") as guesser:
                assert await guesser.says("403 Wrong", "200 OK") == "403 Wrong"
            async with softphone(tmp_path / "pocket", "ada", port, transport=tcp) as pocket:
                desk = await ends.enter_async_context(softphone(tmp_path / "desk", "ada", port))
                assert sum("transport=tcp" in place for place in await places_are(server, 2)) == 1
                placed = await asyncio.to_thread(call_ada, server, greeting)
                assert len(placed.json()) == 2
                for device in (desk, pocket):
                    await device.says("answering call")
                assert "completed" in await calls_become(server, "client:ada", ended=2)
                async with softphone(tmp_path / "bob", "bob", port, dials="ada"):
                    await calls_become(server, "ada", running=2, ended=1)
                assert (await calls_become(server, "ada", ended=3)).count("completed") >= 2
            async with softphone(tmp_path / "eve", "eve", port, dials="anybody"):
                await app.has(lambda seen: any(each.path == "/own" for each in seen.requests))
            [own] = [each for each in app.requests if each.path == "/own"]
            assert dict(own.form)["From"] == "eve"
            assert len(await places_are(server, 1)) == 1
        with running_server(tmp_path / "data", **settings) as server:
            assert (await asyncio.to_thread(call_ada, server, greeting)).status_code == 200
            assert (await calls_become(server, "client:ada", ended=3)).count("completed") >= 2
            with kamailio_rpc(server) as rpc:
                restored = await asyncio.to_thread(rpc.call, "ul.lookup", "location", "ada")
            assert len(restored["Contacts"]) == 1
        desk.process.kill()  # or it would wait long for an answer to its goodbye
    assert "banned" not in server.output.text

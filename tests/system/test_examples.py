"""Three of the examples as they are run: by uvicorn, asked by a real server, called over real SIP and RTP."""

import asyncio
import importlib.util
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from tests.sip.peer import Peer
from tests.system.server import ACCOUNT_SID, TOKEN, Server

pytestmark = pytest.mark.sip

EXAMPLES = Path(__file__).parents[2] / "examples"
Said = Callable[[str], bytes]
SOON = bytes(16_000)
"""A second of silence: whoever has just been connected listens by then."""


@asynccontextmanager
async def example(name: str, awaited: str = "/voice") -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A block in which an example serves: its URL, and what is set once it has answered at the path `awaited`, or taken
    the WebSocket there."""
    spec = importlib.util.spec_from_file_location(f"served_{name}", EXAMPLES / name / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    answered = asyncio.Event()

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            await send(message)
            if scope["path"] == awaited and message["type"] == "websocket.accept":
                answered.set()

        await module.app(scope, receive, sending)
        if scope["path"] == awaited:
            answered.set()

    with socket.create_server(("127.0.0.1", 0)) as bound:
        server = uvicorn.Server(uvicorn.Config(noting, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve([bound]))
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}", answered
        finally:
            server.should_exit = True
            await serving


def attach(server: Server, url: str, number: str) -> None:
    """Have the application at `url` answer the calls to `number`, over the REST of its own language."""
    with httpx2.Client(
        base_url=f"{server.url}/api/v1/Account/{ACCOUNT_SID}",
        headers={"X-Auth-ID": ACCOUNT_SID, "X-Auth-Token": TOKEN},
        trust_env=False,
    ) as client:
        made = client.post("/Application/", json={"app_name": f"at-{number}", "answer_url": f"{url}/answer"})
        client.post(
            f"/numbers/{number}/application", json={"application_id": made.json()["app_id"]}
        ).raise_for_status()


async def test_the_menu_hears_a_key(server: Server, peer: Peer) -> None:
    async with example("sales_menu") as (url, _):
        server.give_number("8101", f"{url}/voice")
        await peer.invite("8101", server.sip_port)
        async with asyncio.timeout(60):
            await peer.hears_something()
            peer.press("2")
            await peer.over.wait()
    sid = server.call_to("8101")["sid"]
    [gather] = server.get("/Gathers/Speech", CallSid=sid, Extended="true")["gathers"]
    assert (gather["digits"], gather["ended_by"]) == ("2", "keys")
    kinds = {trace["kind"] for trace in server.get(f"/Calls/{sid}/Traces", PageSize="1000")["traces"]}
    assert {"sip", "webhook", "verb", "key", "gather"} <= kinds


async def test_the_voicemail_keeps_a_message_that_can_be_fetched(
    server: Server, peer: Peer, said: Said
) -> None:
    async with example("voicemail", "/words") as (url, transcribed):
        server.give_number("8102", f"{url}/voice")
        await peer.invite("8102", server.sip_port)
        async with asyncio.timeout(60):
            await peer.hears_something()
            await peer.hears_quiet(1.0)
            peer.say(said("support"))
            await peer.until(lambda: not peer.is_speaking)
            peer.press("#")
            await peer.over.wait()
            await transcribed.wait()
        async with httpx2.AsyncClient(trust_env=False) as client:
            shown = (await client.get(f"{url}/messages")).json()
    [(recording, message)] = shown.items()
    assert message["from"] == "+15550100"
    assert 0.3 < float(message["seconds"]) < 8
    assert message["text"]  # the embedded recogniser understands words that it expects, and here expects none
    [row] = server.get("/Recordings", CallSid=server.call_to("8102")["sid"])["recordings"]
    assert row["sid"] in recording


async def test_the_parrot_says_back_what_it_hears(server: Server, peer: Peer, said: Said) -> None:
    async with example("parrot", "/audio") as (url, is_connected):
        attach(server, url, "8105")
        await peer.invite("8105", server.sip_port)
        async with asyncio.timeout(60):
            await is_connected.wait()
            peer.say(SOON + said("support"))
            await peer.until(lambda: not peer.is_speaking)
            await peer.hears_something()
            await peer.hears_quiet()
            repeated = peer.sounds()
            peer.press("#")
            await peer.over.wait()
    length_s = repeated[-1][1] - repeated[0][0]
    assert 0.5 * len(said("support")) / 16_000 <= length_s <= 1.5 * len(said("support")) / 16_000 + 0.5
    assert peer.sounds()[-1][0] > repeated[-1][1]  # the goodbye after the stream

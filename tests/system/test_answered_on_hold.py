"""Called sides that answer on hold, over real SIP: Dial connects them, and a call made over REST goes on, once they hold no more."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.contract.holding import Holding
from tests.contract.tones import sine, tone_spans
from tests.sip.peer import Peer
from tests.system.server import Server
from tests.system.test_dial import give_number, is_told, told
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

PATIENCE_S = 60
FAR_END_HZ = 700


@pytest_asyncio.fixture
async def called() -> AsyncIterator[Holding]:
    phone = await Holding.open()
    try:
        yield phone
    finally:
        await phone.close()


async def is_in_progress(app: Application) -> None:
    await app.has(lambda seen: any(request.path == "/state" for request in seen.requests), within_s=30)


async def hears_tone(peer: Peer) -> None:
    await peer.until(lambda: bool(tone_spans(peer.heard, FAR_END_HZ)))


async def test_dial_connects_who_answers_on_hold_and_they_hear_each_other_once_it_ends(
    server: Server, app: Application, peer: Peer, called: Holding
) -> None:
    told_at = f'statusCallback="{app.url}/state" statusCallbackEvent="answered"'
    noun = f"<Sip {told_at}>sip:peer@127.0.0.1:{called.port}</Sip>"
    app.on("/state", page(200))
    give_number(server, app, "7411", noun, timeout="5")
    async with asyncio.timeout(PATIENCE_S):
        await peer.invite("7411", server.sip_port)
        await called.expect()
        called.respond(200)
        await is_in_progress(app)
        await called.hold_no_more()
        for phone in (peer, called):
            phone.say(sine(FAR_END_HZ, 20.0))
        await asyncio.gather(hears_tone(peer), hears_tone(called))
        await called.bye()
        await is_told(app)
        await peer.over.wait()
    assert (told(app)["DialCallStatus"], told(app)["DialSipResponseCode"]) == ("completed", "200")


async def test_dial_lets_the_caller_hear_who_only_speaks(
    server: Server, app: Application, peer: Peer, called: Holding
) -> None:
    called.how = "sendonly"
    give_number(server, app, "7412", f"sip:peer@127.0.0.1:{called.port}", timeout="5")
    async with asyncio.timeout(PATIENCE_S):
        await peer.invite("7412", server.sip_port)
        await called.expect()
        called.respond(200)
        called.say(sine(FAR_END_HZ, 20.0))
        await hears_tone(peer)
        await called.bye()
        await is_told(app)
        await peer.over.wait()
    assert told(app)["DialCallStatus"] == "completed"


async def test_a_made_call_is_in_progress_at_its_answer_and_speaks_once_it_is_held_no_more(
    server: Server, app: Application, called: Holding
) -> None:
    app.on("/voice", page(200, "<Response><Say>Hello.</Say></Response>"))
    app.on("/state", page(200))
    async with asyncio.timeout(PATIENCE_S):
        placed = await asyncio.to_thread(
            server.post,
            "/Calls.json",
            From="1000",
            To=f"sip:peer@127.0.0.1:{called.port}",
            Url=f"{app.url}/voice",
            Timeout="5",
            StatusCallback=f"{app.url}/state",
            StatusCallbackEvent="answered",
        )
        await called.expect()
        called.respond(200)
        await is_in_progress(app)
        assert called.heard == []
        await called.hold_no_more()
        await called.over.wait()
    assert placed.status_code == 200
    assert called.sounds()

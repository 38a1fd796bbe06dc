"""Trunks of a running server: added while it runs, called one after the other, asked how they do, and called from."""

import asyncio

import pytest

from tests.sip.carrier import Carrier
from tests.sip.peer import Peer
from tests.system.desk import PREFIX, desk_of, offhook_here
from tests.system.server import Server
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

HELLO = "<Response><Say>Hello.</Say></Response>"
PATIENCE_S = 30


async def test_calls_go_on_to_the_next_trunk_and_a_trunks_calls_are_taken(
    server: Server, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, HELLO))
    app.on("/dial", page(200, f"<Response><Dial><Number>{PREFIX}2</Number></Dial></Response>"))
    app.on("/state", page(200))
    server.give_number("88190", f"{app.url}/dial")
    failing, working = await Carrier.begin(503), await Carrier.begin(486, secret=("desk", "open sesame"))
    try:
        async with desk_of(server) as desk:
            await desk.add("failing", failing, "--priority", "1", "--inbound", "127.0.0.0/8")
            await desk.add("working", working, "--user", "desk", "--password", "open sesame", "--register")
            await desk.until(
                lambda told: told["failing"]["is_up"] and told["working"]["registration"] == "registered"
            )
            await a_call_over_rest(server, app, failing, working)
            await a_call_that_dials(server, peer, failing, working)
        assert (await working.hears(lambda message: message.get("Expires") == "0")).method == "REGISTER"
    finally:
        await failing.close()
        await working.close()


async def a_call_over_rest(server: Server, app: Application, failing: Carrier, working: Carrier) -> None:
    form = {
        "From": "1000",
        "To": f"{PREFIX}1",
        "Url": f"{app.url}/voice",
        "StatusCallback": f"{app.url}/state",
    }
    placed = await asyncio.to_thread(server.post, "/Calls.json", **form)
    assert placed.status_code == 200, placed.text
    call = await asyncio.to_thread(server.call_to, f"{PREFIX}1")
    assert call["status"] == "busy"
    assert [len(failing.invites), len(working.invites)] == [1, 2]  # the second one with the password
    [notice] = server.notifications_of(call["sid"])
    assert notice["error_code"] == 11008
    assert notice["message_text"] == "The trunk failing answered 503 Answer 503; working is tried next."
    story = await asyncio.to_thread(offhook_here, server, "calls", "show", call["sid"], "--json")
    assert '"working"' in story.stdout


async def a_call_that_dials(server: Server, peer: Peer, failing: Carrier, working: Carrier) -> None:
    before = len(working.invites)
    assert (await peer.invite("88190", server.sip_port)).status == 200
    await asyncio.wait_for(peer.over.wait(), PATIENCE_S)
    leg = await asyncio.to_thread(server.call_to, f"{PREFIX}2")
    assert (leg["status"], leg["direction"]) == ("busy", "outbound-dial")
    assert len(working.invites) == before + 2
    parent = await asyncio.to_thread(server.call_to, "88190")
    story = await asyncio.to_thread(offhook_here, server, "calls", "show", parent["sid"], "--json")
    assert '"failing"' in story.stdout  # the trunk that the call came by

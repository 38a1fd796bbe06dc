"""Calls that would never end, over real SIP: each ends, and its row says why."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.sip.peer import Peer
from tests.system.ended_rows import ended_rows
from tests.system.server import Server, running_server
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

LISTEN = "<Response><Gather timeout='600'/></Response>"
RING = "<Response><Pause length='600'/></Response>"
CIRCLE = "<Response><Redirect>circle</Redirect></Response>"
PATIENCE_S = 60
FREE_REQUESTS, REQUESTS = 6, 10
"""How many requests of a circle may come at once, and how many are waited for."""


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that is not patient with calls."""
    settings = {"MAX_CALL_S": "8", "MAX_RING_S": "2", "MEDIA_TIMEOUT_S": "2"}
    with running_server(tmp_path_factory.mktemp("strict"), **settings) as running:
        yield running


async def test_a_caller_who_is_gone_is_hung_up(strict: Server, app: Application, peer: Peer) -> None:
    app.on("/voice", page(200, LISTEN))
    strict.give_number("7701", f"{app.url}/voice")
    assert (await peer.invite("7701", strict.sip_port)).status == 200
    assert peer._sending is not None
    peer._sending.cancel()
    await asyncio.wait_for(peer.over.wait(), PATIENCE_S)
    assert strict.call_to("7701")["status"] == "completed"
    [(_, reason)] = ended_rows(strict.data_dir, "7701")
    assert reason.startswith("media_timeout: no audio packets came for ")


async def test_a_call_over_its_maximum_is_hung_up(strict: Server, app: Application, peer: Peer) -> None:
    app.on("/voice", page(200, LISTEN))
    strict.give_number("7702", f"{app.url}/voice")
    assert (await peer.invite("7702", strict.sip_port)).status == 200
    await asyncio.wait_for(peer.over.wait(), PATIENCE_S)
    call = strict.call_to("7702")
    assert call["status"] == "completed"
    assert int(call["duration"]) >= 8
    assert ended_rows(strict.data_dir, "7702") == [
        ("completed", "max_duration: the call lasted 8 s, the most that it may last")
    ]


async def test_a_call_that_no_verb_answers_stops_ringing(
    strict: Server, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, RING))
    strict.give_number("7703", f"{app.url}/voice")
    assert (await peer.invite("7703", strict.sip_port)).status == 480
    assert strict.call_to("7703")["status"] == "no-answer"
    [(_, reason)] = ended_rows(strict.data_dir, "7703")
    assert reason.startswith("max_ring: no verb answered the call for 2 s")


async def test_a_redirect_to_itself_does_not_flood_the_application(
    server: Server, app: Application, peer: Peer
) -> None:
    app.on("/circle", page(200, CIRCLE))
    server.give_number("7704", f"{app.url}/circle")
    began_at = asyncio.get_running_loop().time()
    assert (await peer.invite("7704", server.sip_port)).status == 200
    await app.has(lambda seen: len(seen.requests) >= REQUESTS, within_s=PATIENCE_S)
    assert asyncio.get_running_loop().time() - began_at >= REQUESTS - FREE_REQUESTS - 1
    assert (await peer.bye()).status == 200
    assert server.call_to("7704")["status"] == "completed"

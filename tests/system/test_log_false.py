"""A PIN typed into a running server with `log="false"`: its application gets it, and nothing else has it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sip.peer import Peer
from tests.system.server import running_server
from tests.system.test_eyes import Spans
from tests.webhooks.server import Application, page, redirect

pytestmark = pytest.mark.sip

PIN = "83461092"
VOICE = f"""<Response>
  <Gather log="false" numDigits="{len(PIN)}" action="pin" timeout="20"><Say>Your PIN, please.</Say></Gather>
</Response>"""


@pytest.fixture
def spans() -> Iterator[Spans]:
    """A collector of traces."""
    collector = Spans()
    yield collector
    collector.close()


async def test_what_is_typed_is_in_no_file_line_or_span(
    tmp_path: Path, app: Application, peer: Peer, spans: Spans
) -> None:
    app.on("/voice", page(200, VOICE))
    app.on("/pin", redirect(f"/checked?pin={PIN}"))
    app.on("/checked", page(500, f"no such PIN: {PIN}"))
    app.on("/fallback", page(200, f"<Response><Redirect>/bye?pin={PIN}</Redirect></Response>"))
    app.on("/bye", page(200, "<Response><Hangup/></Response>"))
    with running_server(
        tmp_path, LOG_JSON="1", LOG_LEVEL="debug", OTLP_ENDPOINT=spans.url, WEBHOOK_RETRY_S="1"
    ) as server:
        fallback = f"{app.url}/fallback"
        server.give_number("7421", f"{app.url}/voice", VoiceFallbackUrl=fallback)
        async with asyncio.timeout(60):
            await peer.invite("7421", server.sip_port)
            await peer.hears_something()
            for number, key in enumerate(PIN):
                if number % 2:
                    assert (await peer.info(key)).status == 200
                else:
                    peer.press(key)
                    await asyncio.sleep(0.3)
            await peer.over.wait()
        call = await asyncio.to_thread(server.call_to, "7421")
        told = {request.path: dict(request.form) for request in app.requests}
        [gathered] = server.get("/Gathers/DTMF", Extended="true")["gathers"]
        traced = server.get("/Traces", CallSid=call["sid"])
        notified = server.notifications_of(call["sid"])
        traces = spans.until("call", "Gather", "Hangup", "webhook document")
        output = server.output
    assert told["/pin"]["Digits"] == PIN
    assert told["/checked"]["Digits"] == PIN
    assert (gathered["digits"], gathered["ended_by"], gathered["log"]) == ("", "keys", "false")
    assert [notice["error_code"] for notice in notified] == [11200]
    keys = [event["details"]["key"] for event in traced["traces"] if event["kind"] == "key"]
    assert keys == ["…"] * len(PIN)
    seen = f"{gathered}{notified}{traced}{traces}{output.text}"
    assert PIN not in seen
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name.endswith(".db") for path in files)
    assert [path.name for path in files if PIN.encode() in path.read_bytes()] == []

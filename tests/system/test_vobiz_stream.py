"""A stream against a whole server: over real SIP, to a real WebSocket, seen and ended over REST, told in order."""

import asyncio
import base64
import json

import httpx2
import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.contract.tones import ANNOUNCEMENT_HZ, sine, tone_spans
from tests.sip.peer import Peer
from tests.system.server import ACCOUNT_SID, TOKEN, Server
from tests.system.test_vobiz import attach, forms
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

STREAM = """<Response>
    <PreAnswer><Wait length="1"/></PreAnswer>
    <Stream bidirectional="true" keepCallAlive="true" contentType="audio/x-mulaw;rate=8000"
        statusCallbackUrl="http://app.example/status">ws://127.0.0.1:{port}/audio</Stream>
    <Speak>Goodbye.</Speak>
</Response>"""


async def test_a_stream_from_its_document_to_its_end_over_rest(
    server: Server, app: Application, peer: Peer
) -> None:
    heard: list[dict[str, object]] = []
    upgrades: list[str] = []

    async def listen(connection: ServerConnection) -> None:
        assert connection.request is not None
        upgrades.append(connection.request.headers["X-Vobiz-Signature-V3"])
        async for message in connection:
            heard.append(json.loads(message))
            if heard[-1]["event"] == "start":
                payload = base64.b64encode(sine(ANNOUNCEMENT_HZ, 1.0)).decode()
                media = {"contentType": "audio/x-l16", "sampleRate": 8000, "payload": payload}
                await connection.send(json.dumps({"event": "playAudio", "media": media}))
                await connection.send(json.dumps({"event": "checkpoint", "name": "tone"}))

    async with serve(listen, "127.0.0.1", 0, ping_interval=None) as running:
        attach(server, app, "88011", STREAM.format(port=running.sockets[0].getsockname()[1]))
        app.on("/status", page(200))
        await peer.invite("88011", server.sip_port)
        await app.has(lambda seen: len(forms(seen, "/status")) >= 2, within_s=30)
        [start] = [event for event in heard if event["event"] == "start"]
        call_uuid, stream_id = start["start"]["callId"], start["start"]["streamId"]  # type: ignore[index]
        url = f"{server.url}/api/v1/Account/{ACCOUNT_SID}/Call/{call_uuid}/Stream/"
        signed_in = {"X-Auth-ID": ACCOUNT_SID, "X-Auth-Token": TOKEN}
        async with httpx2.AsyncClient(headers=signed_in, trust_env=False) as client:
            listed = (await client.get(url)).json()
            assert [one["stream_id"] for one in listed["objects"]] == [stream_id]
            assert (await client.delete(f"{url}{stream_id}/")).status_code == 204
        async with asyncio.timeout(30):
            await peer.over.wait()
        await app.has(lambda seen: len(forms(seen, "/hangup")) == 1, within_s=30)
        async with httpx2.AsyncClient(headers=signed_in, trust_env=False) as client:
            over = (await client.get(f"{url}{stream_id}/")).json()
            assert (over["stream_id"], over["status"], over["bidirectional"]) == (stream_id, "stopped", True)
            assert over["end_time"] > over["start_time"]
    told = forms(app, "/status")
    assert [one["Event"] for one in told] == ["StartStream", "PlayedStream", "StopStream"]
    assert {(one["StreamID"], one["CallUUID"]) for one in told} == {(stream_id, call_uuid)}
    assert upgrades[0]
    [tone] = tone_spans(peer.heard, ANNOUNCEMENT_HZ)
    assert tone[1] - tone[0] == pytest.approx(1.0, abs=0.1)
    assert heard[-1]["event"] == "stop"
    [hangup] = forms(app, "/hangup")
    assert hangup["HangupCauseName"] == "End Of XML Instructions"

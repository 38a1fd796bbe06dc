"""A whole call with an operator's own recogniser: Offhook in processes of its own, the speech engine here."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sip.peer import Peer
from tests.system.server import free_port, running_server
from tests.system.spoken_call import gathers_of_a_call
from tests.vendors.custom_server import AfterAudio, AfterStop, custom_server, interim, transcription
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

GATHER = """<Response>
  <Gather input="speech" hints="sales, support" language="en-GB" action="heard" partialResultCallback="partial"
          preTimeout="20" postTimeout="1" actionOnEmptyResult="true"><Say>Yes?</Say></Gather>
</Response>"""
BYE = "<Response><Hangup/></Response>"


async def test_an_own_engine_hears_calls_and_its_failure_is_a_record(
    tmp_path: Path, app: Application, said: Callable[[str], bytes]
) -> None:
    app.on("/voice", page(200, GATHER))
    app.on("/heard", page(200, BYE))
    app.on("/partial", page(200))
    script = (AfterAudio(5), interim("sales"), AfterStop(), transcription("sales please", confidence=0.9))
    async with custom_server(*script) as works:
        settings = {
            "ASR": "custom:mine",
            "ASR_CUSTOM": f"mine={works.url}",
            "ASR_CUSTOM_TOKENS": "mine=a-token",
        }
        [gather] = await gathers_of_a_call(tmp_path / "works", app, said("sales"), **settings)
        assert (gather["provider"], gather["language"]) == ("custom:mine", "en-GB")
        assert (gather["status"], gather["reason"]) == ("completed", "")
    async with custom_server('{"type":"error","error":"the model is gone"}') as fails:
        settings = {"ASR": "custom:other", "ASR_CUSTOM": f"mine={works.url},other={fails.url}"}
        [gather] = await gathers_of_a_call(tmp_path / "fails", app, said("sales"), **settings)
        assert (gather["provider"], gather["status"]) == ("custom:other", "failed")
        assert gather["reason"] == "recogniser_failed: the engine says: the model is gone"
    spoken, empty = (dict(received.form) for received in app.requests if received.path == "/heard")
    assert (spoken["SpeechResult"], spoken["Digits"]) == ("sales please", "")
    assert empty["SpeechResult"] == ""
    partials = [dict(received.form) for received in app.requests if received.path == "/partial"]
    assert "sales" in [partial["UnstableSpeechResult"] for partial in partials]
    [connection] = works.connections
    assert connection.headers["Authorization"] == "Bearer a-token"
    assert connection.start["language"] == "en-GB"
    assert connection.start["options"] == {"hints": ["sales", "support"]}
    assert connection.order == ["start", "audio", "stop"]
    assert {len(frame) for frame in connection.frames} == {320}
    assert len(connection.frames) >= 25
    assert len(fails.connections) == 1


async def test_keys_still_work_where_the_engine_refuses(tmp_path: Path, app: Application, peer: Peer) -> None:
    app.on("/voice", page(200, GATHER.replace('input="speech"', 'input="dtmf speech" numDigits="1"')))
    app.on("/heard", page(200, BYE))
    app.on("/partial", page(200))
    nobody = f"mine=ws://127.0.0.1:{free_port(socket.SOCK_STREAM)}"
    with running_server(tmp_path, ASR="custom:mine", ASR_CUSTOM=nobody) as server:
        server.give_number("7001", f"{app.url}/voice")
        async with asyncio.timeout(60):
            assert (await peer.invite("7001", server.sip_port)).status == 200
            await peer.hears_quiet()
            peer.press("4")
            await peer.over.wait()
        [gather] = server.gathers_of(server.call_to("7001")["sid"])
        assert (gather["provider"], gather["status"], gather["ended_by"]) == (
            "custom:mine",
            "completed",
            "keys",
        )
    [heard] = [dict(received.form) for received in app.requests if received.path == "/heard"]
    assert (heard["Digits"], heard["SpeechResult"]) == ("4", "")

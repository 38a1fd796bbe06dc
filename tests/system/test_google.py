"""A whole call with the cloud recogniser: Google's client in the worker, a local server that speaks its protocol."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from tests.sip.peer import Peer
from tests.system.server import running_server
from tests.vendors.google_server import AfterFirstAudio, Failure, final, google_server, interim
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

GATHER = """<Response>
  <Gather input="speech" hints="sales, support" language="en-GB" action="heard" partialResultCallback="partial"
          postTimeout="1" actionOnEmptyResult="true"><Say>Yes?</Say></Gather>
</Response>"""
BYE = "<Response><Hangup/></Response>"


async def test_google_hears_a_call_and_its_failure_is_a_record(
    tmp_path: Path, app: Application, said: Callable[[str], bytes]
) -> None:
    app.on("/voice", page(200, GATHER))
    app.on("/heard", page(200, BYE))
    app.on("/partial", page(200))
    script = (AfterFirstAudio(), interim("sales"), final("sales please", confidence=0.9))
    async with (
        google_server(*script) as works,
        google_server(Failure(grpc.StatusCode.PERMISSION_DENIED)) as fails,
    ):
        for name, google in (("works", works), ("fails", fails)):
            await _call(tmp_path / name, google.endpoint, app, said("sales"))
    spoken, empty = (dict(received.form) for received in app.requests if received.path == "/heard")
    assert (spoken["SpeechResult"], spoken["Digits"]) == ("sales please", "")
    assert empty["SpeechResult"] == ""
    partials = [dict(received.form) for received in app.requests if received.path == "/partial"]
    assert "sales" in [partial["UnstableSpeechResult"] for partial in partials]
    [stream] = works.streams
    assert stream.config is not None
    assert stream.config.config.language_code == "en-GB"
    assert [list(context.phrases) for context in stream.config.config.speech_contexts] == [
        ["sales", "support"]
    ]
    assert len(stream.audio) >= 8000


async def _call(folder: Path, endpoint: str, app: Application, pcm: bytes) -> None:
    """One call on a server of its own; leaves once the server has its record."""
    folder.mkdir()
    fails = folder.name == "fails"
    environment = {"ASR": "google", "GOOGLE_ENDPOINT": endpoint}
    with running_server(folder, **environment) as server:
        server.give_number("7001", f"{app.url}/voice")
        peer = await Peer.open()
        async with asyncio.timeout(60):
            assert (await peer.invite("7001", server.sip_port)).status == 200
            await peer.hears_quiet()
            peer.say(pcm)
            await peer.over.wait()
        await peer.close()
        call = server.call_to("7001")
        assert call["status"] == "completed"
        [gather] = server.gathers_of(call["sid"])
        assert (gather["provider"], gather["language"]) == ("google", "en-GB")
        assert (gather["status"], gather["reason"] != "") == (
            ("failed", True) if fails else ("completed", False)
        )

"""A whole call with the cloud recogniser: Google's client in the worker, a local server that speaks its protocol."""

from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from tests.system.spoken_call import gathers_of_a_call
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
    """One call, and what its record must say."""
    fails = folder.name == "fails"
    [gather] = await gathers_of_a_call(folder, app, pcm, ASR="google", GOOGLE_ENDPOINT=endpoint)
    assert (gather["provider"], gather["language"]) == ("google", "en-GB")
    assert (gather["status"], gather["reason"] != "") == (("failed", True) if fails else ("completed", False))

"""Recordings over real SIP: a voicemail, a whole call in two channels, and one whose worker is killed."""

import asyncio
import io
import os
import signal
import wave
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from offhook.testing.caller_voice import VOWEL
from tests.sip.peer import Peer
from tests.system.server import ACCOUNT_SID, TOKEN, Server
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

SECOND = b"".join(VOWEL)
VOICEMAIL = """<Response>
  <Record action="done" timeout="1" transcribeCallback="words"/>
</Response>"""


def sound_of(server: Server, recording: dict[str, Any]) -> wave.Wave_read:
    """What REST hands out."""
    path = f"{server.account_path}/Recordings/{recording['sid']}.wav"
    answer = httpx2.get(server.url + path, auth=(ACCOUNT_SID, TOKEN), trust_env=False)
    answer.raise_for_status()
    return wave.open(io.BytesIO(answer.content), "rb")


def seconds_of(sound: wave.Wave_read) -> float:
    return sound.getnframes() / sound.getframerate()


async def until(look: Callable[[], Any], within_s: float = 40.0) -> Any:
    """What `look` sees, once it is something."""
    async with asyncio.timeout(within_s):
        while not (seen := await asyncio.to_thread(look)):  # noqa: ASYNC110 (another process does it)
            await asyncio.sleep(0.1)
    return seen


async def test_a_voicemail_is_recorded_told_and_put_into_words(
    server: Server, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, VOICEMAIL))
    app.on("/done", page(200, "<Response><Hangup/></Response>"))
    app.on("/words", page(200, ""))
    server.give_number("8103", f"{app.url}/voice")
    async with asyncio.timeout(60):
        assert (await peer.invite("8103", server.sip_port)).status == 200
        await peer.hears_something()
        # From the beep on: a pause after it, on a busy machine, would be the end of the message.
        peer.say(3 * SECOND)
        await peer.over.wait()
        await app.has(lambda seen: any(one.path == "/words" for one in seen.requests), within_s=40)
    told = next(dict(one.form) for one in app.requests if one.path == "/done")
    [recording] = server.get(f"/Calls/{told['CallSid']}/Recordings")
    assert told["RecordingUrl"].endswith(f"/Recordings/{recording['sid']}.wav")
    assert (recording["status"], recording["duration"]) == ("completed", told["RecordingDuration"])
    sound = sound_of(server, recording)
    assert seconds_of(sound) == pytest.approx(float(told["RecordingDuration"]), abs=0.05)
    assert 2.5 < seconds_of(sound) < 8.0
    assert max(abs(sample) for sample in memoryview(sound.readframes(80_000)).cast("h")) > 3000
    words = next(dict(one.form) for one in app.requests if one.path == "/words")
    assert (words["TranscriptionStatus"], words["RecordingSid"]) == ("failed", recording["sid"])
    shown = server.get(f"/Transcriptions/{words['TranscriptionSid']}")
    assert shown["reason"].startswith("needs_model")


async def test_a_number_has_its_calls_recorded_on_two_channels(
    server: Server, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, "<Response><Say>one two three</Say><Pause length='0.5'/></Response>"))
    server.give_number("7502", f"{app.url}/voice", RecordAll="stereo")
    async with asyncio.timeout(60):
        assert (await peer.invite("7502", server.sip_port)).status == 200
        peer.say(SECOND)
        await peer.over.wait()
    call = await asyncio.to_thread(server.call_to, "7502")
    [recording] = await until(
        lambda: [
            one for one in server.get(f"/Calls/{call['sid']}/Recordings") if one["status"] == "completed"
        ]
    )
    assert (recording["source"], recording["channels"]) == ("call", 2)
    sound = sound_of(server, recording)
    assert sound.getnchannels() == 2
    assert seconds_of(sound) == pytest.approx(float(recording["duration"]), abs=0.05)
    samples = memoryview(sound.readframes(sound.getnframes())).cast("h").tolist()
    assert max(samples[0::2]) > 3000
    assert max(samples[1::2]) > 1000


async def test_a_recording_whose_worker_is_killed_is_repaired(
    server: Server, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, "<Response><Record timeout='30' playBeep='false'/></Response>"))
    server.give_number("7503", f"{app.url}/voice")
    async with asyncio.timeout(60):
        assert (await peer.invite("7503", server.sip_port)).status == 200
        sid = (await asyncio.to_thread(server.running_call_to, "7503"))["sid"]
        [running] = await until(lambda: server.get(f"/Calls/{sid}/Recordings"))
        assert running["status"] == "in-progress"
        file = server.data_dir / "recordings" / ACCOUNT_SID / f"{running['sid']}.wav"
        await until(lambda: file.stat().st_size > 40_000)
        mark = server.output.mark
        os.kill(server.children()["worker"], signal.SIGKILL)
        [repaired] = await until(
            lambda: [one for one in server.get(f"/Calls/{sid}/Recordings") if one["status"] == "failed"]
        )
        await asyncio.to_thread(server.output.until, "worker-0 is ready again", since=mark)
    assert repaired["reason"].startswith("worker_lost")
    assert float(repaired["duration"]) >= 2.0
    assert seconds_of(sound_of(server, repaired)) == pytest.approx(float(repaired["duration"]), abs=0.01)

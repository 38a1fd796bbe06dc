"""The main job, end to end, over real SIP and RTP: a caller says a word, the application hears it, REST shows it."""

import asyncio
import re
from collections.abc import Callable

import pytest

from tests.sip.peer import Peer
from tests.system.server import Server
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

Said = Callable[[str], bytes]
GATHER = """<?xml version="1.0" encoding="UTF-8"?>
<Response>
  <Gather input="dtmf speech" hints="sales, support" action="heard" preTimeout="4" postTimeout="1" {more}>
    <Say>Sales or support?</Say>
  </Gather>
  <Say>Nothing was heard.</Say>
</Response>"""
BYE = "<Response><Say>Thank you.</Say></Response>"


def forms(app: Application, path: str) -> list[dict[str, str]]:
    return [dict(received.form) for received in app.requests if received.path == path]


async def test_a_caller_says_sales_and_rest_shows_the_record(
    server: Server, app: Application, peer: Peer, said: Said
) -> None:
    app.on("/voice", page(200, GATHER.format(more="")))
    app.on("/heard", page(200, BYE))
    app.on("/state", page(200))
    server.give_number("7001", f"{app.url}/voice", StatusCallback=f"{app.url}/state")
    answer = await peer.invite("7001", server.sip_port, headers=("X-Order: 42",))
    assert answer.status == 200
    async with asyncio.timeout(60):
        await peer.hears_quiet()
        peer.say(said("sales"))
        await peer.over.wait()
    await app.has(lambda seen: len(forms(seen, "/state")) == 3, within_s=30)

    [first] = forms(app, "/voice")
    assert (first["From"], first["To"], first["CallStatus"]) == ("+15550100", "7001", "ringing")
    assert first["SipHeader_X-Order"] == "42"
    assert first["CallerName"] == "Peer"
    [heard] = forms(app, "/heard")
    assert (heard["SpeechResult"], heard["Digits"]) == ("sales", "")
    states = [state["CallStatus"] for state in forms(app, "/state")]
    assert states == ["ringing", "in-progress", "completed"]

    call = server.call_to("7001")
    assert call["sid"] == first["CallSid"]
    assert (call["status"], call["direction"], call["from"]) == ("completed", "inbound", "+15550100")
    assert call["duration"] >= 3
    [gather] = server.gathers_of(call["sid"])
    assert (gather["status"], gather["reason"], gather["speech_result"]) == ("completed", "", "sales")
    assert (gather["provider"], gather["language"], gather["hints"]) == ("embedded", "en-US", "sales,support")
    assert (gather["preTimeout"], gather["postTimeout"]) == (4, 1)
    assert re.fullmatch(r"GA[0-9a-f]{32}", gather["sid"])


async def test_speech_cuts_the_prompt_short(server: Server, app: Application, peer: Peer, said: Said) -> None:
    prompt = "Sales or support? " + "This is a very long announcement that nobody waits for. " * 4
    app.on("/voice", page(200, GATHER.format(more="").replace("Sales or support?", prompt)))
    app.on("/heard", page(200, BYE))
    server.give_number("7002", f"{app.url}/voice")
    await peer.invite("7002", server.sip_port)
    async with asyncio.timeout(60):
        await peer.hears_something()
        spoke_at = peer.loop.time()
        peer.say(said("support"))
        await app.has(lambda seen: bool(forms(seen, "/heard")), within_s=60)
        await peer.over.wait()
    assert forms(app, "/heard")[0]["SpeechResult"] == "support"
    first = peer.sounds(gap_s=0.6)[0]
    assert first[1] - spoke_at < 3 * 0.5


@pytest.mark.parametrize("how", ["RFC 4733", "SIP INFO"])
async def test_a_key_ends_the_prompt_and_is_posted(
    server: Server, app: Application, peer: Peer, how: str
) -> None:
    number = "7003" if how == "SIP INFO" else "7004"
    app.on("/voice", page(200, GATHER.format(more='numDigits="2"')))
    app.on("/heard", page(200, BYE))
    server.give_number(number, f"{app.url}/voice")
    await peer.invite(number, server.sip_port)
    async with asyncio.timeout(60):
        await peer.hears_something()
        for key in "*5":
            if how == "SIP INFO":
                assert (await peer.info(key)).status == 200
            else:
                peer.press(key)
            await asyncio.sleep(0.4)
        await peer.over.wait()
    assert forms(app, "/heard")[0]["Digits"] == "*5"
    call = server.call_to(number)
    assert server.gathers_of(call["sid"])[0]["ended_by"] == "keys"


async def test_a_silent_caller_goes_on_with_the_next_verb(
    server: Server, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, GATHER.format(more="").replace('preTimeout="4"', 'preTimeout="1"')))
    server.give_number("7005", f"{app.url}/voice")
    await peer.invite("7005", server.sip_port)
    async with asyncio.timeout(60):
        await peer.over.wait()
    assert len(peer.sounds(gap_s=0.6)) == 2
    [gather] = server.gathers_of(server.call_to("7005")["sid"])
    assert (gather["status"], gather["reason"]) == ("completed", "no_input")


async def test_partial_results_arrive_before_the_result(
    server: Server, app: Application, peer: Peer, said: Said
) -> None:
    app.on("/voice", page(200, GATHER.format(more='partialResultCallback="partly"')))
    app.on("/heard", page(200, BYE))
    app.on("/partly", page(200))
    server.give_number("7006", f"{app.url}/voice")
    await peer.invite("7006", server.sip_port)
    async with asyncio.timeout(60):
        await peer.hears_quiet()
        peer.say(said("support"))
        await peer.over.wait()
    told = [form["UnstableSpeechResult"] for form in forms(app, "/partly")]
    assert told
    assert told[-1] == "support"
    paths = [received.path for received in app.requests]
    assert paths.index("/partly") < paths.index("/heard")


async def test_an_unknown_number_is_not_found_and_asks_nobody(
    server: Server, app: Application, peer: Peer
) -> None:
    assert (await peer.invite("no-such-number", server.sip_port)).status == 404
    assert app.requests == []


async def test_echo_and_demo_answer_by_themselves(server: Server, peer: Peer, said: Said) -> None:
    assert (await peer.invite("echo", server.sip_port)).status == 200
    peer.say(said("hello"))
    async with asyncio.timeout(60):
        await peer.hears_something()
    await peer.bye()
    other = await Peer.open()
    try:
        assert (await other.invite("demo", server.sip_port)).status == 200
        async with asyncio.timeout(60):
            await other.hears_something()
        await other.bye()
    finally:
        await other.close()


async def test_sounds_of_many_kinds_are_played(
    server: Server, app: Application, peer: Peer, said: Said
) -> None:
    import io

    import numpy as np
    import soundfile

    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)).astype("int16")
    for name, kind in (("a.wav", "WAV"), ("b.mp3", "MP3"), ("c.ogg", "OGG")):
        written = io.BytesIO()
        soundfile.write(written, tone, 22050, format=kind)
        app.on(f"/{name}", page(200, written.getvalue(), "audio/x"))
    plays = "".join(f"<Play>{name}</Play><Pause length='1'/>" for name in ("a.wav", "b.mp3", "c.ogg"))
    app.on("/voice", page(200, f"<Response>{plays}</Response>"))
    server.give_number("7007", f"{app.url}/voice")
    await peer.invite("7007", server.sip_port)
    async with asyncio.timeout(60):
        await peer.over.wait()
    spans = peer.sounds(gap_s=0.3)
    assert len(spans) == 3
    assert all(end - begin == pytest.approx(1.0, abs=0.15) for begin, end in spans)

"""Dial over real SIP: SIPp, baresip and a telephone of raw sockets are called."""

import asyncio
import socket
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from offhook.testing.caller_voice import VOWEL
from tests.sip.peer import Peer
from tests.system.conftest import write_wav
from tests.system.server import Server, free_port
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

SECOND = b"".join(VOWEL)
SIPP = Path(__file__).parent / "sipp" / "callee.xml"
BARESIP = """
module_path /usr/lib/baresip/modules
module stdio.so
module g711.so
module aufile.so
module aubridge.so
module account.so
module menu.so
sip_listen 127.0.0.1:{port}
net_interface 127.0.0.1
audio_source aufile,{folder}/in.wav
audio_player aubridge,nowhere
audio_alert aubridge,nowhere
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
"""


def told(app: Application) -> dict[str, str]:
    """What the action was told."""
    return next(dict(received.form) for received in app.requests if received.path == "/dialled")


async def is_told(app: Application) -> None:
    await app.has(lambda seen: any(received.path == "/dialled" for received in seen.requests), within_s=60)


def give_number(server: Server, app: Application, name: str, nouns: str, **attributes: str) -> None:
    given = "".join(f' {key}="{value}"' for key, value in attributes.items())
    app.on("/voice", page(200, f'<Response><Dial action="dialled"{given}>{nouns}</Dial></Response>'))
    app.on("/dialled", page(200, "<Response><Hangup/></Response>"))
    server.give_number(name, f"{app.url}/voice")


async def spawned(stack: AsyncExitStack, *command: str) -> asyncio.subprocess.Process:
    """A process that is ended with the stack."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )

    async def end() -> None:
        if process.returncode is None:
            process.terminate()
        await process.wait()

    stack.push_async_callback(end)
    return process


async def test_sipp_sees_the_custom_header_and_its_own_reach_the_action(
    server: Server, app: Application, peer: Peer
) -> None:
    port = free_port(socket.SOCK_DGRAM)
    give_number(server, app, "8201", f"sip:sipp@127.0.0.1:{port}?Desk=7", record="true")
    async with AsyncExitStack() as stack:
        sipp = await spawned(
            stack,
            *(
                "sipp",
                f"127.0.0.1:{server.sip_port}",
                "-sf",
                str(SIPP),
                "-i",
                "127.0.0.1",
                "-mi",
                "127.0.0.1",
            ),
            *("-p", str(port), "-m", "1", "-nostdin", "-timeout", "60", "-timeout_error"),
        )
        await peer.invite("8201", server.sip_port)
        await is_told(app)
        printed, _ = await sipp.communicate()
    assert sipp.returncode == 0, printed.decode(errors="replace")[-3000:]
    outcome = told(app)
    assert (outcome["DialCallStatus"], outcome["DialSipResponseCode"]) == ("completed", "200")
    assert outcome["DialSipHeader_X-Why"] == "tired"
    assert 1.0 <= float(outcome["RecordingDuration"]) <= 5.0
    assert outcome["OutboundCallSid"] == outcome["DialCallSid"]
    server.call_to("8201")
    legs: list[dict[str, Any]] = server.get("/Calls", ParentCallSid=outcome["CallSid"])["calls"]
    assert [(leg["sid"], leg["direction"], leg["parent_call_sid"]) for leg in legs] == [
        (outcome["DialCallSid"], "outbound-dial", outcome["CallSid"])
    ]


async def test_two_ring_one_answers_keys_and_voices_cross(
    server: Server, app: Application, peer: Peer
) -> None:
    async with AsyncExitStack() as stack:
        slow, quick = await Peer.open(), await Peer.open()
        stack.push_async_callback(slow.close)
        stack.push_async_callback(quick.close)
        nouns = "".join(f"<Sip>sip:peer@127.0.0.1:{called.port}</Sip>" for called in (slow, quick))
        give_number(server, app, "8202", nouns, hangupOnStar="true")
        async with asyncio.timeout(60):
            await peer.invite("8202", server.sip_port)
            await asyncio.gather(slow.expect(), quick.expect())
            slow.respond(180, "Ringing")
            await peer.hears_something()
            quick.respond(200, "OK")
            await slow.over.wait()
            peer.say(SECOND)
            quick.say(SECOND)
            await asyncio.gather(quick.hears_something(), peer.hears_quiet())
            peer.press("5")
            quick.press("9")
            await quick.until(lambda: quick.keys_heard() == "5")
            await peer.until(lambda: peer.keys_heard() == "9")
            peer.press("*")
            await quick.over.wait()
            await is_told(app)
            await peer.over.wait()
    assert told(app)["DialCallStatus"] == "completed"
    assert quick.keys_heard() == "5"


@pytest.mark.parametrize(("status", "word"), [(486, "busy"), (603, "failed"), (404, "failed")])
async def test_a_callee_who_refuses(
    server: Server, app: Application, peer: Peer, status: int, word: str
) -> None:
    called = await Peer.open()
    try:
        give_number(server, app, f"74{status}", f"sip:peer@127.0.0.1:{called.port}")
        async with asyncio.timeout(60):
            await peer.invite(f"74{status}", server.sip_port)
            await called.expect()
            called.respond(status)
            await is_told(app)
            await peer.over.wait()
    finally:
        await called.close()
    assert (told(app)["DialCallStatus"], told(app)["DialSipResponseCode"]) == (word, str(status))


async def test_those_who_cannot_be_called_are_told_with_their_lines(
    server: Server, app: Application, peer: Peer
) -> None:
    nouns = "\n<Client>nobody</Client>\n<Number>+15551234567</Number>"
    give_number(server, app, "7406", nouns)
    async with asyncio.timeout(60):
        await peer.invite("7406", server.sip_port)
        await is_told(app)
        await peer.over.wait()
    outcome = told(app)
    assert (outcome["DialCallStatus"], outcome["DialCallSid"]) == ("no-answer", "null")
    notices = server.notifications_of(server.call_to("7406")["sid"])
    texts = sorted(notice["message_text"] for notice in notices)
    assert [text[:7] for text in texts] == ["Line 2:", "Line 3:"]
    assert "the client nobody does not exist" in texts[0]
    assert "OFFHOOK_TRUNK" in texts[1]
    assert {notice["error_code"] for notice in notices} == {11005}


async def test_a_leg_says_how_many_dials_led_to_it(server: Server, app: Application, peer: Peer) -> None:
    called = await Peer.open()
    try:
        give_number(server, app, "7407", f"sip:peer@127.0.0.1:{called.port}")
        async with asyncio.timeout(60):
            await peer.invite("7407", server.sip_port, headers=("X-Offhook-Hops: 9",))
            invite = await called.expect()
            called.respond(486)
            await peer.over.wait()
            await is_told(app)
    finally:
        await called.close()
    assert ("X-Offhook-Hops", "10") in invite.headers
    assert told(app)["DialCallStatus"] == "busy"


async def test_one_dial_too_many_in_a_row_is_refused(server: Server, app: Application, peer: Peer) -> None:
    give_number(server, app, "7408", f"sip:7408@127.0.0.1:{server.sip_port}")
    async with asyncio.timeout(60):
        await peer.invite("7408", server.sip_port, headers=("X-Offhook-Hops: 10",))
        await is_told(app)
        await peer.over.wait()
    assert (told(app)["DialCallStatus"], told(app)["DialCallSid"]) == ("failed", "null")
    [notice] = server.notifications_of(server.call_to("7408")["sid"])
    assert (notice["error_code"], "leads back to its own number" in notice["message_text"]) == (11007, True)


async def test_a_caller_who_gives_up_takes_the_call_back(
    server: Server, app: Application, peer: Peer
) -> None:
    called = await Peer.open()
    try:
        give_number(server, app, "7404", f"sip:peer@127.0.0.1:{called.port}")
        async with asyncio.timeout(60):
            await peer.invite("7404", server.sip_port)
            await called.expect()
            called.respond(180, "Ringing")
            await peer.hears_something()
            await peer.bye()
            await called.over.wait()
            await is_told(app)
    finally:
        await called.close()
    assert (told(app)["DialCallStatus"], told(app)["CallStatus"]) == ("canceled", "completed")


async def test_a_softphone_is_called_and_heard(
    server: Server, app: Application, peer: Peer, tmp_path: Path
) -> None:
    port = free_port(socket.SOCK_DGRAM)
    write_wav(tmp_path / "in.wav", 20 * SECOND)
    (tmp_path / "config").write_text(BARESIP.format(folder=tmp_path, port=port))
    (tmp_path / "accounts").write_text("<sip:baresip@127.0.0.1>;regint=0;answermode=auto\n")
    (tmp_path / "contacts").write_text("")
    give_number(server, app, "7405", f"sip:baresip@127.0.0.1:{port}", timeLimit="2")
    async with AsyncExitStack() as stack:
        softphone = await spawned(stack, "baresip", "-f", str(tmp_path), "-t", "60")
        assert softphone.stdout is not None
        async with asyncio.timeout(60):
            while b"baresip is ready" not in await softphone.stdout.readline():
                pass
            await peer.invite("7405", server.sip_port)
            await is_told(app)
            await peer.over.wait()
    assert (told(app)["DialCallStatus"], told(app)["DialCallDuration"]) == ("completed", "2")
    assert sum(until - since for since, until in peer.sounds()) > 1.5

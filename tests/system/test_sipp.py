"""SIPp as the caller: a client that is not ours, polite and otherwise."""

import asyncio
import itertools
import subprocess
from pathlib import Path

import pytest

from tests.sip.peer import Peer
from tests.system.server import Server, free_port
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

SCENARIOS = Path(__file__).parent / "sipp"


async def sipp(server: Server, scenario: str, user: str, *options: str) -> tuple[int, str]:
    """Run a scenario to its end; its exit status and what it printed."""
    import socket

    process = await asyncio.create_subprocess_exec(
        "sipp",
        f"127.0.0.1:{server.sip_port}",
        *("-sf", str(SCENARIOS / f"{scenario}.xml"), "-s", user, "-i", "127.0.0.1", "-mi", "127.0.0.1"),
        *("-p", str(free_port(socket.SOCK_DGRAM)), "-nostdin", "-timeout", "100", "-timeout_error", *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode(errors="replace")


async def test_a_menu_is_answered_with_a_key_by_info(server: Server, app: Application) -> None:
    app.on(
        "/voice",
        page(
            200, '<Response><Gather numDigits="1" action="heard"><Say>Press a key</Say></Gather></Response>'
        ),
    )
    app.on("/heard", page(200, "<Response><Say>Thanks</Say></Response>"))
    server.give_number("7301", f"{app.url}/voice")
    status, printed = await sipp(server, "menu", "7301", "-m", "1")
    assert status == 0, printed
    heard = next(dict(received.form) for received in app.requests if received.path == "/heard")
    assert heard["Digits"] == "7"
    assert heard["SipHeader_X-From-Sipp"] == "yes"
    assert server.call_to("7301")["from"] == "+15550111"


@pytest.mark.parametrize(
    ("scenario", "calls", "per_s"), [("flood", 500, 100), ("flood", 1500, 500), ("impatient", 500, 100)]
)
async def test_a_flood_is_refused_and_the_process_lives(
    either: Server, peer: Peer, scenario: str, calls: int, per_s: int
) -> None:
    server = either
    worker = server.children()["worker"]
    status, printed = await sipp(
        server,
        scenario,
        "echo",
        "-m",
        str(calls),
        "-r",
        str(per_s),
        "-l",
        str(calls),
        "-recv_timeout",
        "60000",
    )
    assert server.children()["worker"] == worker, "the same process"
    if (scenario, per_s) == ("flood", 100):
        assert status == 0, printed[-8000:]
    assert await still_answers(server) == 200


async def still_answers(server: Server) -> int:
    """What a new caller gets, once the flood's calls have let go of their slots."""
    async with asyncio.timeout(60):
        while True:
            phone = await Peer.open()
            try:
                answer = await phone.invite("echo", server.sip_port)
                if answer.status == 200:
                    await phone.bye()
                    return 200
            finally:
                await phone.close()


async def test_a_call_that_runs_keeps_its_audio_in_a_flood(
    either: Server, app: Application, peer: Peer
) -> None:
    server = either
    app.on(
        "/voice",
        page(
            200, "<Response><Say loop='0'>" + "one two three four five six seven " * 3 + "</Say></Response>"
        ),
    )
    server.give_number("7302", f"{app.url}/voice")
    await peer.invite("7302", server.sip_port)
    await peer.hears_something()
    before = len(peer.heard)
    await sipp(server, "flood", "echo", "-m", "500", "-r", "100", "-l", "500", "-recv_timeout", "60000")
    times = [packet.at for packet in peer.heard[before:]]
    assert max(after - at for at, after in itertools.pairwise(times)) < 1.0
    assert not peer.over.is_set()
    assert (await peer.bye()).status == 200


async def test_thirty_calls_at_once_are_four_served_and_the_rest_refused_then_served_again(
    small: Server, app: Application
) -> None:
    server = small
    app.on("/voice", page(200, "<Response><Say>Welcome</Say><Pause length='60'/></Response>"))
    server.give_number("7303", f"{app.url}/voice")
    for _ in range(2):
        phones = [await Peer.open() for _ in range(30)]
        try:
            answers = await asyncio.gather(*(phone.invite("7303", server.sip_port) for phone in phones))
            served = [phone for phone, answer in zip(phones, answers, strict=True) if answer.status == 200]
            refused = {answer.status for answer in answers if answer.status != 200}
            assert len(served) == 4
            assert refused <= {486, 503}
            async with asyncio.timeout(60):
                await asyncio.gather(*(phone.hears_something() for phone in served))
                await asyncio.gather(*(phone.bye() for phone in served))
        finally:
            for phone in phones:
                await phone.close()
        assert await still_answers(server) == 200


@pytest.mark.parametrize(
    ("sdp", "statuses"),
    [
        ("v=0\r\nthis is no SDP\r\n", {400}),
        ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 99\r\n"
         "a=rtpmap:99 NOTHING/8000\r\n", {488}),
        ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 4000 RTP/AVP 31\r\n", {488}),
        ("x" * 3000, {400}),
    ],
    ids=["no SDP", "no codec we have", "no audio", "junk"],
)  # fmt: skip
async def test_broken_sdp_is_refused(server: Server, peer: Peer, sdp: str, statuses: set[int]) -> None:
    assert (await peer.invite("echo", server.sip_port, sdp=sdp)).status in statuses
    assert await still_answers(server) == 200

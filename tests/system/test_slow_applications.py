"""Applications that are slow, or fail for a moment, over real SIP: the caller hears that the line lives, then the answer."""

import asyncio
import audioop
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sip.peer import Peer
from tests.system.conftest import offhook, write_wav
from tests.system.server import TOKEN, Server, environment, running_server
from tests.webhooks.server import Application, Connection, Received, page
from tests.webhooks.test_signing import is_from_offhook

__all__ = ["is_from_offhook"]

pytestmark = pytest.mark.sip

MENU = (
    '<Response><Gather numDigits="1" action="heard" timeout="20"><Say>Press a key.</Say></Gather></Response>'
)
BYE = "<Response><Say>Thank you for waiting.</Say></Response>"
COMFORT_RMS, SPEECH_RMS = 800, 1500
"""The comfort tone stays below the first, any word has a moment above the second."""


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the timeouts that everybody has."""
    with running_server(tmp_path_factory.mktemp("patient")) as running:
        yield running


def loudest(peer: Peer, begin: float, end: float) -> int:
    frames = [
        packet.payload for packet in peer.heard if begin <= packet.at < end and packet.payload_type == 0
    ]
    return max((audioop.rms(audioop.ulaw2lin(frame, 2), 2) for frame in frames), default=0)


async def press_when_asked(peer: Peer) -> None:
    await peer.hears_something()
    await peer.hears_quiet(0.6)
    peer.press("1")


async def test_a_caller_hears_a_soft_tone_while_the_application_thinks(
    patient: Server, app: Application, peer: Peer
) -> None:
    asked_at = answered_at = 0.0

    async def think(received: Received, connection: Connection) -> None:
        nonlocal asked_at, answered_at
        asked_at = peer.loop.time()
        await asyncio.sleep(4.0)
        answered_at = peer.loop.time()
        await page(200, BYE)(received, connection)

    app.on("/voice", page(200, MENU))
    app.on("/heard", think)
    patient.give_number("7301", f"{app.url}/voice")
    assert (await peer.invite("7301", patient.sip_port)).status == 200
    async with asyncio.timeout(60):
        await press_when_asked(peer)
        await peer.over.wait()
    waiting = [begin for begin, _ in peer.sounds() if asked_at < begin < answered_at]
    assert waiting, "silence for four seconds"
    assert 1.5 < waiting[0] - asked_at < 3.9
    assert loudest(peer, asked_at, answered_at) < COMFORT_RMS
    assert loudest(peer, answered_at, peer.loop.time()) > SPEECH_RMS


async def test_an_application_that_fails_twice_is_asked_again_and_told_so(
    patient: Server, app: Application, peer: Peer, is_from_offhook: Callable[..., bool]
) -> None:
    app.on("/voice", page(503, "not yet"), page(500, "still not"), page(200, BYE))
    app.on("/state", page(200))
    patient.give_number("7302", f"{app.url}/voice", StatusCallback=f"{app.url}/state")
    assert (await peer.invite("7302", patient.sip_port)).status == 200
    async with asyncio.timeout(60):
        await peer.over.wait()
    await app.has(lambda seen: sum(r.path == "/state" for r in seen.requests) == 3, within_s=30)
    tries = [received for received in app.requests if received.path == "/voice"]
    assert len(tries) == 3
    assert len({received.header("X-Offhook-Request") for received in tries}) == 1
    for received in app.requests:
        signature = received.header("X-Offhook-Signature")
        assert signature is not None, received.path
        assert is_from_offhook(TOKEN, signature, received.method, "", received.body)
    call = patient.call_to("7302")
    assert call["status"] == "completed"
    [notification] = patient.notifications_of(call["sid"])
    assert "try 3 was answered" in notification["message_text"]
    assert str(notification["log"]) == "1"


async def test_ports_of_the_server_itself_are_refused_though_loopback_is_allowed(
    patient: Server, peer: Peer
) -> None:
    patient.give_number("7303", f"http://127.0.0.1:{patient.http_port}/healthz")
    assert (await peer.invite("7303", patient.sip_port)).status == 500
    [notification] = patient.notifications_of(patient.call_to("7303")["sid"])
    assert (
        f"port {patient.http_port} of 127.0.0.1 is REST of this server itself" in notification["message_text"]
    )


async def test_the_door_of_a_worker_is_refused_too(patient: Server, peer: Peer) -> None:
    worker = Path(f"/proc/{patient.children()['worker']}/environ").read_bytes().split(b"\0")
    [door_port] = [
        line.partition(b"=")[2].decode() for line in worker if line.startswith(b"OFFHOOK_DOOR_PORTS=")
    ]
    with socket.create_connection(("127.0.0.1", int(door_port)), timeout=20):
        pass
    patient.give_number("7305", f"http://localhost:{door_port}/calls")
    assert (await peer.invite("7305", patient.sip_port)).status == 500
    [notification] = patient.notifications_of(patient.call_to("7305")["sid"])
    assert f"port {door_port} of 127.0.0.1 is a worker's door" in notification["message_text"]


async def test_the_operators_own_filler_is_heard(
    app: Application, peer: Peer, said: Callable[[str], bytes], tmp_path: Path
) -> None:
    sound = tmp_path / "one-moment.wav"
    write_wav(sound, said("hello") + bytes(8_000))
    asked_at = answered_at = 0.0

    async def think(received: Received, connection: Connection) -> None:
        nonlocal asked_at, answered_at
        asked_at = peer.loop.time()
        await asyncio.sleep(4.0)
        answered_at = peer.loop.time()
        await page(200, "<Response><Hangup/></Response>")(received, connection)

    app.on("/voice", page(200, MENU))
    app.on("/heard", think)
    with running_server(tmp_path / "data", FILLER=str(sound), FILLER_AFTER_S="1") as own:
        own.give_number("7304", f"{app.url}/voice")
        assert (await peer.invite("7304", own.sip_port)).status == 200
        async with asyncio.timeout(60):
            await press_when_asked(peer)
            await peer.over.wait()
    assert loudest(peer, asked_at, answered_at) > SPEECH_RMS


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read: No such file"), (b"this is no sound", "cannot be played: not a sound file")],
)
def test_a_filler_that_is_none_stops_the_start_and_says_so(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "filler.wav"
    if content is not None:
        path.write_bytes(content)
    done = offhook("serve", **environment(tmp_path / "data", FILLER=str(path)))
    assert done.returncode == 78
    assert f"OFFHOOK_FILLER={path} {words}" in done.stderr
    assert "Traceback" not in done.stderr

"""A conference and a queue across two workers, with real SIP: who hears whom, and what the death of a worker leaves."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.contract.tones import VOICES_HZ, sine, tone_spans
from tests.sip.peer import Peer
from tests.system.server import LOOK_EVERY_S, RUNNING, Server, free_udp_ports, running_server
from tests.system.test_recordings import until
from tests.system.test_vobiz import attach
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

CONFERENCE = "<Response><Dial><Conference beep='false'>team</Conference></Dial></Response>"
WAITS = "<Response><Enqueue action='/left'>help</Enqueue></Response>"
TAKES = "<Response><Dial action='/taken'><Queue>help</Queue></Dial></Response>"
CALLERS = ("+15550101", "+15550102", "+15550103")
SPEECH_S, PATIENCE_S = 60.0, 30.0
NEWEST = 50
"""How many packets tell what is heard now: one second."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of two workers."""
    with running_server(
        tmp_path_factory.mktemp("pair"), WORKERS="2", SIP_PORT=str(free_udp_ports(2))
    ) as running:
        yield running


@asynccontextmanager
async def speaking(server: Server, number: str, worker: int, voice: int) -> AsyncIterator[Peer]:
    """A caller who is with a worker and speaks in a tone of their own."""
    peer = await Peer.open()
    try:
        answer = await peer.invite(number, server.sip_port + worker, caller=CALLERS[voice])
        assert answer.status == 200
        peer.say(sine(VOICES_HZ[voice], SPEECH_S))
        yield peer
    finally:
        await peer.close()


@asynccontextmanager
async def silent(server: Server, number: str, worker: int) -> AsyncIterator[Peer]:
    """A caller who is with a worker and says nothing."""
    peer = await Peer.open()
    try:
        assert (await peer.invite(number, server.sip_port + worker)).status == 200
        yield peer
    finally:
        await peer.close()


def voices_now(peer: Peer) -> set[int]:
    """Whom a caller has heard in the last second."""
    newest = peer.heard[-NEWEST:]
    return {voice for voice in range(3) if tone_spans(newest, VOICES_HZ[voice])}


async def hears(peer: Peer, *voices: int) -> None:
    """Return once a caller hears exactly these."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            await peer.until(lambda: len(peer.heard) > NEWEST and voices_now(peer) == set(voices))
    assert voices_now(peer) == set(voices)


async def test_who_waits_at_one_worker_is_taken_at_another(pair: Server, app: Application) -> None:
    for name, document in (("wait", WAITS), ("take", TAKES)):
        app.on(f"/{name}", page(200, document))
        app.on({"wait": "/left", "take": "/taken"}[name], page(200))
        pair.give_number({"wait": "7602", "take": "7603"}[name], f"{app.url}/{name}")
    async with speaking(pair, "7602", 0, 0) as waits:
        await waits.hears_something()
        async with speaking(pair, "7603", 1, 1) as takes:
            await hears(waits, 1)
            await hears(takes, 0)
            await takes.bye()
            async with asyncio.timeout(PATIENCE_S):
                await waits.over.wait()
    await app.has(
        lambda seen: {"/left", "/taken"} <= {one.path for one in seen.requests}, within_s=PATIENCE_S
    )
    [left] = [dict(one.form) for one in app.requests if one.path == "/left"]
    assert left["QueueResult"] == "bridged"


async def test_keys_and_announcements_reach_the_callers_of_both_workers(
    pair: Server, app: Application
) -> None:
    attributes = f'beep="false" relayDTMF="true" enterSound="{app.url}/came" callbackUrl="{app.url}/room"'
    attach(pair, app, "88041", f"<Response><Conference {attributes}>desk</Conference></Response>")
    app.on("/room", page(200))
    app.on("/came", page(200, "<Response><Speak>Somebody came.</Speak></Response>"))
    async with AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(silent(pair, "88041", worker)) for worker in (0, 1)]
        for peer in callers:
            async with asyncio.timeout(PATIENCE_S):
                await peer.hears_something()
        first, second = callers
        for peer, other, key in ((first, second, "5"), (second, first, "7")):
            peer.press(key)
            async with asyncio.timeout(PATIENCE_S):
                await other.until(lambda other=other: other.keys_heard() != "")  # type: ignore[misc]
        assert [peer.keys_heard() for peer in callers] == ["7", "5"]
        for peer in callers:
            await peer.bye()
    await app.has(lambda seen: len(_told(seen)) >= 6, within_s=PATIENCE_S)
    assert [_told(app).count(action) for action in ("enter", "start", "exit", "end")] == [2, 1, 2, 1]


def _told(app: Application) -> list[str]:
    """What the callback of a conference was told, in the order of arrival."""
    rooms = [dict(received.form) for received in app.requests if received.path == "/room"]
    return [room["ConferenceAction"] for room in rooms]


async def test_a_forged_token_opens_no_room(pair: Server) -> None:
    forged = f"{32 * '1'}.{32 * '2'}.9999999999.{64 * '3'}"
    peer = await Peer.open()
    answer = await peer.invite("room", pair.sip_port, headers=(f"X-Offhook-Room: {forged}",))
    assert answer.status == 404, "it is a call like any other, to a number that nobody has"
    await peer.close()


async def test_three_callers_of_two_workers_hear_each_other_until_the_owner_dies(
    pair: Server, app: Application
) -> None:
    app.on("/voice", page(200, CONFERENCE))
    pair.give_number("7601", f"{app.url}/voice")
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(speaking(pair, "7601", 0, 0))
        near = await stack.enter_async_context(speaking(pair, "7601", 0, 1))
        await hears(first, 1)
        far = await stack.enter_async_context(speaking(pair, "7601", 1, 2))
        await hears(first, 1, 2)
        await hears(near, 0, 2)
        await hears(far, 0, 1)
        [conference] = await _conferences(pair, "RUNNING_MODERATOR_PRESENT")
        at = f"/Conferences/{conference['sid']}/Participants"
        await until(lambda: len(pair.get(at)["calls"]) == 3)
        # The one who came over the internal call is muted through its owner.
        [distant] = await until(lambda: _calls_from(pair, CALLERS[2]))
        muted = await asyncio.to_thread(pair.post, f"{at}/{distant['sid']}", Mute="true")
        assert (muted.status_code, muted.json()["muted"]) == (200, True)
        await hears(first, 1)
        await hears(far, 0, 1)
        mark = pair.output.mark
        os.kill(worker_pid(pair, 0), signal.SIGKILL)
        async with asyncio.timeout(PATIENCE_S):
            await far.over.wait()
        ends = await asyncio.to_thread(_ends, pair)
    assert ends == {CALLERS[0]: "failed", CALLERS[1]: "failed", CALLERS[2]: "completed"}
    await _conferences(pair, "FAILED")
    # Whoever calls now opens a new one.
    await asyncio.to_thread(pair.output.until, "worker-0 is ready again", since=mark)
    async with speaking(pair, "7601", 1, 0) as one, speaking(pair, "7601", 0, 1) as other:
        await hears(one, 1)
        await hears(other, 0)


async def _conferences(server: Server, status: str) -> list[dict[str, str]]:
    """The one that there is, once its row has a status: what callers hear, they hear a moment before."""

    def look() -> list[dict[str, str]]:
        found = server.get("/Conferences")["conferences"]
        [team] = [conference for conference in found if conference["friendly_name"] == "team"]
        return [team] if team["status"] == status else []

    return list(await until(look))


def _calls_from(server: Server, caller: str) -> list[dict[str, str]]:
    return [call for call in server.calls_to("7601") if call["from"] == caller]


def _ends(server: Server) -> dict[str, str]:
    """How each caller's call ended, once all have."""
    pause = threading.Event()
    for _ in range(int(PATIENCE_S / LOOK_EVERY_S)):
        ends = {call["from"]: call["status"] for call in server.calls_to("7601")}
        if not set(ends.values()) & set(RUNNING):
            break
        pause.wait(LOOK_EVERY_S)
    return ends


def worker_pid(server: Server, index: int) -> int:
    """The process id of a worker."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            is_worker = b"offhook.processes.worker" in (entry / "cmdline").read_bytes()
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            environment = (entry / "environ").read_bytes().split(b"\0")
        except (OSError, ValueError):
            continue
        if is_worker and parent == server.process.pid and b"OFFHOOK_WORKER_INDEX=%d" % index in environment:
            return int(entry.name)
    raise LookupError(f"no worker {index}")

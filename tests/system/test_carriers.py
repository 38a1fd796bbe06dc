"""Carriers of a running server that are real, and such as are at fault: what callers hear, and what the rows and notifications say."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.sip.carrier import Carrier, Resetting
from tests.sip.kamailio_carrier import KamailioCarrier, kamailio_carrier
from tests.sip.peer import Peer
from tests.system.desk import PREFIX, Desk, desk_of
from tests.system.server import Server, free_port
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

HELLO = "<Response><Say>Hello.</Say></Response>"
PATIENCE_S = 60
PASSWORD = "open sesame"
TRUNK_FAILED = 11008


async def called(guarded: Server, app: Application, number: str) -> tuple[str, list[str]]:
    """Have a number called; how it ended, and what was told of trunks meanwhile."""
    url = app.on("/hello", page(200, HELLO))
    placed = await asyncio.to_thread(guarded.post, "/Calls.json", From="1000", To=number, Url=url)
    assert placed.status_code == 200, placed.text
    call = await asyncio.to_thread(guarded.call_to, number)
    return call["status"], await notices(guarded, call["sid"])


async def notices(guarded: Server, sid: str) -> list[str]:
    """In the order in which they were told."""
    told: list[dict[str, Any]] = await asyncio.to_thread(guarded.notifications_of, sid)
    return [each["message_text"] for each in reversed(told) if each["error_code"] == TRUNK_FAILED]


async def test_a_kamailio_that_demands_registration_and_digest(
    guarded: Server, app: Application, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(desk_of(guarded))
        plain, newer = [
            await stack.enter_async_context(
                kamailio_carrier(tmp_path / user, user=user, password=PASSWORD, algorithm=algorithm)
            )
            for user, algorithm in (("88271", "MD5"), ("88272", "SHA-256"))
        ]
        await add(desk, "plain", *plain.options, "--prefix", PREFIX)
        await add(desk, "newer", *newer.options, "--prefix", f"{PREFIX}82")
        await add(desk, "wrong", *plain.options, "--prefix", f"{PREFIX}83", password="a wrong one")
        states = {"plain": "registered", "newer": "registered", "wrong": "refused"}
        await desk.until(lambda told: {name: each["registration"] for name, each in told.items()} == states)
        await newer.says("took REGISTER of 88272")
        await asyncio.gather(
            goes_out(guarded, app, plain, f"{PREFIX}81"), goes_out(guarded, app, newer, f"{PREFIX}82")
        )
        refused, *_ = await asyncio.gather(
            called(guarded, app, f"{PREFIX}83"), comes_in(guarded, app, plain), comes_in(guarded, app, newer)
        )
        assert refused == (
            "completed",
            [
                "The trunk wrong answered 407 Proxy Authentication Required: it does not take the user name and password; "
                "plain is tried next."
            ],
        )


async def add(desk: Desk, name: str, *options: str, password: str | None = None) -> None:
    """Another `--password` after the first one counts."""
    await desk.trunk("add", name, *options, *(("--password", password) if password else ()))
    desk.added.append(name)


async def goes_out(guarded: Server, app: Application, carrier: KamailioCarrier, number: str) -> None:
    """A call is challenged, proven, answered, heard, and ended by us."""
    assert await called(guarded, app, number) == ("completed", [])
    await carrier.says(f"challenged INVITE to {number}")
    await carrier.says(f"took INVITE to {number}")
    [invite] = carrier.telephone.invites
    assert len(invite.all("Via")) == 2
    assert not invite.get("Proxy-Authorization")
    assert any(packet.is_sound for packet in carrier.telephone.heard)
    assert carrier.telephone.over.is_set()


async def comes_in(guarded: Server, app: Application, carrier: KamailioCarrier) -> None:
    """A call to the customer's number at the carrier is led to where we registered, and taken since it comes from the trunk's host."""
    path = f"/to-{carrier.user}"
    await asyncio.to_thread(guarded.give_number, carrier.user, app.on(path, page(200, HELLO)))
    caller = await Peer.open()
    try:
        answer = await caller.invite(carrier.user, carrier.port, caller="+493012345")
        assert answer.status == 200, answer.start
        await asyncio.wait_for(caller.hears_something(), PATIENCE_S)
        await asyncio.wait_for(caller.over.wait(), PATIENCE_S)
    finally:
        await caller.close()
    call = await asyncio.to_thread(guarded.call_to, carrier.user)
    assert (call["status"], call["from"]) == ("completed", "+493012345")


@asynccontextmanager
async def faulty_trunks(desk: Desk) -> AsyncIterator[dict[str, Any]]:
    """A block with trunks that are each at fault in a way of its own, and one that works, tried after them.

    A number of `PREFIX` and a digit goes to one faulty trunk first, one of `PREFIX` and 9 to most of them.
    """
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        carriers = {"silent": await Carrier.begin(), "fails": await Carrier.begin(503)}
        carriers |= {"busy": await Carrier.begin(486), "alone": await Carrier.begin(503)}
        for carrier in carriers.values():
            stack.push_async_callback(carrier.close)
        resets = await loop.create_server(Resetting, "127.0.0.1", 0)
        stack.callback(resets.close)
        port = resets.sockets[0].getsockname()[1]
        working = await stack.enter_async_context(answering())
        hosts = {
            "silent": ("--host", f"127.0.0.1:{carriers['silent'].port}"),
            "resets": ("--host", f"127.0.0.1:{port}", "--transport", "tcp"),
            "gone": ("--host", "carrier.invalid:5060"),
            "fails": ("--host", f"127.0.0.1:{carriers['fails'].port}"),
            "busy": ("--host", f"127.0.0.1:{carriers['busy'].port}"),
        }
        for place, (name, host) in enumerate(hosts.items(), start=1):
            both = () if name == "busy" else ("--prefix", f"{PREFIX}9")
            await add(desk, name, *host, "--prefix", f"{PREFIX}{place}", *both, "--priority", str(place))
        await add(desk, "alone", "--host", f"127.0.0.1:{carriers['alone'].port}", "--prefix", "+4930991")
        await add(desk, "working", "--host", f"127.0.0.1:{working}", "--prefix", PREFIX)
        yield carriers


@asynccontextmanager
async def answering() -> AsyncIterator[int]:
    """A block in which SIPp takes any number of calls; its port."""
    port = free_port(socket.SOCK_DGRAM)
    sipp = await asyncio.create_subprocess_exec(
        *("sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(port), "-nostdin", "-timeout", "120"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        sipp.kill()
        await sipp.wait()


async def test_a_trunk_at_fault_is_left_for_the_next_one_and_what_the_called_side_says_counts(
    guarded: Server, app: Application
) -> None:
    async with desk_of(guarded) as desk, faulty_trunks(desk) as carriers:
        await asyncio.to_thread(guarded.output.until, "'working'")
        ended = await asyncio.gather(
            *(called(guarded, app, f"{PREFIX}{place}") for place in range(1, 6)),
            called(guarded, app, "+4930991"),
            a_dial_of_all(guarded, app),
        )
    silent, resets, lost, fails, busy, alone, _ = [each or ("", []) for each in ended]
    assert silent == ("completed", ["The trunk silent did not answer within 4 s; working is tried next."])
    assert (resets[0], len(resets[1])) == ("completed", 1)
    assert re.fullmatch(
        r"The trunk resets could not be reached \(.*\); working is tried next\.", resets[1][0]
    )
    assert (lost[0], len(lost[1])) == ("completed", 1)
    assert "its host carrier.invalid has no address" in lost[1][0], lost
    assert fails == ("completed", ["The trunk fails answered 503 Answer 503; working is tried next."])
    assert busy == ("busy", [])
    assert alone == ("failed", ["The trunk alone answered 503 Answer 503; there is no other one to try."])
    assert [len(carriers[name].invites) for name in ("fails", "busy", "alone")] == [2, 1, 1]


async def a_dial_of_all(guarded: Server, app: Application) -> None:
    """Somebody who is connected over the fifth trunk hears it ring before."""
    number = f"{PREFIX}9"
    document = f'<Response><Dial action="dialled"><Number>{number}</Number></Dial></Response>'
    app.on("/dialled", page(200, "<Response/>"))
    await asyncio.to_thread(guarded.give_number, "88273", app.on("/dial", page(200, document)))
    caller = await Peer.open()
    try:
        assert (await caller.invite("88273", guarded.sip_port)).status == 200
        await asyncio.wait_for(caller.hears_something(), PATIENCE_S)
        leg = await asyncio.to_thread(guarded.running_call_to, number)
        assert leg["status"] in ("queued", "ringing"), "what is heard is the ringing tone"
        await answered_leg(guarded, number)
        assert (await caller.bye()).status == 200
    finally:
        await caller.close()
    ended = await asyncio.to_thread(guarded.call_to, number)
    assert (ended["sid"], ended["status"], ended["direction"]) == (leg["sid"], "completed", "outbound-dial")
    told = await notices(guarded, leg["sid"])
    assert [each.split(" ")[2] for each in told] == ["silent", "resets", "gone", "fails"]


async def answered_leg(guarded: Server, number: str) -> None:
    """Return once the leg to a number is answered."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            legs = await asyncio.to_thread(guarded.calls_to, number)
            if legs and legs[0]["status"] == "in-progress":
                return
            await asyncio.sleep(0.05)

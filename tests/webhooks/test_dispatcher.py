"""Callbacks reach the customer: in order, again until they arrive, and without one customer stopping another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from random import Random

import pytest
from structlog.testing import capture_logs

from offhook.call.rows import OutboxItem
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.dispatcher import Dispatcher, DispatcherLimits
from offhook.webhooks.lanes import LaneLimits
from tests.webhooks.memory_outbox import NOON, MemoryOutbox, item
from tests.webhooks.server import (
    Application,
    Connection,
    Received,
    Script,
    application,
    hang_up,
    never,
    page,
    redirect,
)

UNHURRIED = DispatcherLimits(poll_s=60.0)
"""Looks only when poked."""


class Gate:
    """A page that answers when it is opened, and counts who waits."""

    def __init__(self) -> None:
        self._opened = asyncio.Event()
        self.waiting = 0
        self.most_waiting = 0

    def open(self) -> None:
        self._opened.set()

    async def __call__(self, received: Received, connection: Connection) -> None:
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        await self._opened.wait()
        self.waiting -= 1
        await page(200)(received, connection)


@asynccontextmanager
async def dispatching(
    outbox: MemoryOutbox, client: WebhookClient, limits: DispatcherLimits = UNHURRIED
) -> AsyncIterator[Dispatcher]:
    """A block in which a dispatcher runs; it is stopped at the end."""
    dispatcher = Dispatcher(
        outbox=outbox, sender_of=lambda _: client, wall_clock=lambda: NOON, chance=Random(1), limits=limits
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(dispatcher.run())
        try:
            yield dispatcher
        finally:
            dispatcher.stop()
            async with asyncio.timeout(20.0):
                await running


async def test_a_callback_is_delivered_and_done(app: Application, client: WebhookClient) -> None:
    outbox = MemoryOutbox(item(app.on("/status", page(204)), id="abc123"))
    async with dispatching(outbox, client):
        await outbox.until(lambda: len(outbox.told) == 1)
    (told,) = outbox.told
    assert (told.id, told.verdict, told.status, told.error) == ("abc123", "done", 204, "")
    (received,) = app.requests
    assert received.method == "POST"
    assert received.form == [("CallStatus", "completed"), ("Seq", "1")]
    assert received.header("X-Offhook-Delivery") == "abc123"


async def test_a_poke_is_enough(app: Application, client: WebhookClient) -> None:
    outbox = MemoryOutbox()
    async with dispatching(outbox, client) as dispatcher:
        await outbox.until(lambda: outbox.claims == 1)
        outbox.add(item(app.on("/status", page(200))))
        dispatcher.poke()
        await outbox.until(lambda: len(outbox.told) == 1)


async def test_without_a_poke_it_looks_by_itself(app: Application, client: WebhookClient) -> None:
    outbox = MemoryOutbox()
    async with dispatching(outbox, client, DispatcherLimits(poll_s=0.02)):
        await outbox.until(lambda: outbox.claims == 1)
        outbox.add(item(app.on("/status", page(200))))
        await outbox.until(lambda: len(outbox.told) == 1)


async def test_the_callbacks_of_a_call_come_one_after_another(
    app: Application, client: WebhookClient
) -> None:
    url = app.on("/status", page(200))
    outbox = MemoryOutbox(*(item(url, id=str(seq), seq=seq) for seq in range(1, 6)))
    async with dispatching(outbox, client):
        await outbox.until(lambda: len(outbox.told) == 5)
    assert [received.form[1] for received in app.requests] == [("Seq", str(seq)) for seq in range(1, 6)]


async def test_what_fails_goes_out_again_the_same(app: Application, client: WebhookClient) -> None:
    outbox = MemoryOutbox(item(app.on("/status", page(503), hang_up, hang_up, page(200)), id="abc"))
    async with dispatching(outbox, client) as dispatcher:
        for count in (1, 2, 3):
            await outbox.until(lambda count=count: len(outbox.told) == count)  # type: ignore[misc]
            outbox.due_again()
            dispatcher.poke()
    assert [(told.verdict, told.status) for told in outbox.told] == [
        ("retry", 503),
        ("retry", None),
        ("done", 200),
    ]
    assert len({received.body for received in app.requests}) == 1
    assert {received.header("x-offhook-delivery") for received in app.requests} == {"abc"}
    waits = [told.at - NOON for told in outbox.told if told.at is not None]
    assert timedelta(seconds=1.7) <= waits[0] <= timedelta(seconds=2.3)
    assert timedelta(seconds=4.25) <= waits[1] <= timedelta(seconds=5.75)
    assert outbox.told[0].error == "the answer was 503 Service Unavailable"
    assert "disconnected without sending a response" in outbox.told[1].error


@pytest.mark.parametrize(
    ("script", "attempt", "verdict", "status", "at"),
    [
        (page(429, Retry_After="3600"), 1, "retry", 429, NOON + timedelta(hours=1)),
        (page(404), 1, "dead", 404, None),
        (page(410), 1, "dead", 410, None),
        (page(500), 12, "dead", 500, None),
        (redirect("/status"), 1, "dead", 302, None),
        (redirect("ftp://127.0.0.1/"), 1, "dead", None, None),
        (redirect("http://169.254.169.254/"), 1, "dead", None, None),
    ],
)
async def test_an_answer_decides(
    app: Application,
    client: WebhookClient,
    script: Script,
    attempt: int,
    verdict: str,
    status: int | None,
    at: datetime | None,
) -> None:
    outbox = MemoryOutbox(item(app.on("/status", script), attempt=attempt))
    async with dispatching(outbox, client):
        await outbox.until(lambda: len(outbox.told) == 1)
    (told,) = outbox.told
    assert (told.verdict, told.status, told.at) == (verdict, status, at)
    assert told.error


@pytest.mark.parametrize("url", ["", "status.php", "http://[", "ftp://127.0.0.1/x"])
async def test_what_is_no_url_is_dead_at_once(client: WebhookClient, url: str) -> None:
    outbox = MemoryOutbox(item(url))
    async with dispatching(outbox, client):
        await outbox.until(lambda: len(outbox.told) == 1)
    assert outbox.told[0].verdict == "dead"


async def test_a_slow_application_is_tried_again(app: Application, quick_client: WebhookClient) -> None:
    outbox = MemoryOutbox(item(app.on("/status", never)))
    async with dispatching(outbox, quick_client):
        await outbox.until(lambda: len(outbox.told) == 1)
    assert outbox.told[0].verdict == "retry"
    assert "no answer within 0.7 s" in outbox.told[0].error


def many(url: str, count: int, start: int = 0) -> list[OutboxItem]:
    return [item(url, id=str(n), call_id=f"call {n}") for n in range(start, start + count)]


async def test_a_slow_host_holds_up_itself_only(app: Application, client: WebhookClient) -> None:
    gate = Gate()
    async with application() as other:
        outbox = MemoryOutbox(
            *many(app.on("/slow", gate), 20), *many(other.on("/quick", page(200)), 10, start=20)
        )
        async with dispatching(outbox, client):
            await outbox.until(lambda: len(outbox.told) == 10)
            await app.has(lambda _: gate.waiting == 4)
            assert {int(told.id) for told in outbox.told} == set(range(20, 30))
            gate.open()
            await outbox.until(lambda: len(outbox.told) == 30)
    assert gate.most_waiting == 4
    assert len(app.requests) == 20


async def test_so_many_go_out_at_once_and_no_more(app: Application, client: WebhookClient) -> None:
    gate = Gate()
    async with application() as other:
        outbox = MemoryOutbox(*many(app.on("/a", gate), 5), *many(other.on("/b", gate), 5, start=5))
        async with dispatching(
            outbox, client, DispatcherLimits(poll_s=60, lanes=LaneLimits(in_flight=3, per_host=3))
        ):
            await app.has(lambda _: gate.waiting == 3)
            gate.open()
            await outbox.until(lambda: len(outbox.told) == 10)
    assert gate.most_waiting == 3


async def test_what_is_too_much_for_a_host_goes_back_and_comes_in_its_turn(
    app: Application, client: WebhookClient
) -> None:
    gate = Gate()
    limits = DispatcherLimits(poll_s=60, lanes=LaneLimits(per_host=2, waiting_per_host=1))
    outbox = MemoryOutbox(*many(app.on("/slow", gate), 10))
    async with dispatching(outbox, client, limits) as dispatcher:
        await outbox.until(lambda: len(outbox.postponed) == 7)
        assert {report.attempt for report in outbox.postponed} == {None}
        assert all(NOON < report.at <= NOON + timedelta(seconds=15) for report in outbox.postponed)
        gate.open()
        await outbox.until(lambda: len(outbox.told) == 3)
        while len(outbox.told) < 10:
            seen = len(outbox.told)
            outbox.due_again()
            dispatcher.poke()
            await outbox.until(lambda seen=seen: len(outbox.told) > seen)  # type: ignore[misc]
    assert len(app.requests) == 10


async def test_an_account_does_not_take_the_place_of_another_at_a_host(
    app: Application, client: WebhookClient
) -> None:
    gate = Gate()
    slow = app.on("/slow", gate)
    ours = [item(slow, id=f"a{n}", call_id=f"a{n}", account="AC1") for n in range(10)]
    theirs = [item(slow, id=f"b{n}", call_id=f"b{n}", account="AC2") for n in range(10)]
    outbox = MemoryOutbox(*ours, *theirs)
    async with dispatching(outbox, client):
        await app.has(lambda _: gate.waiting == 8)
        asked = [received.header("x-offhook-delivery") or "" for received in app.requests]
        assert sorted(id[0] for id in asked) == ["a"] * 4 + ["b"] * 4
        gate.open()
        await outbox.until(lambda: len(outbox.told) == 20)
    assert gate.most_waiting == 8


async def test_what_waited_too_long_goes_back(app: Application, client: WebhookClient) -> None:
    gate = Gate()
    limits = DispatcherLimits(poll_s=60, lanes=LaneLimits(per_host=1), lease_s=0.15, send_s=0.1)
    outbox = MemoryOutbox(*many(app.on("/slow", gate), 3))
    async with dispatching(outbox, client, limits):
        await app.has(lambda _: gate.waiting == 1)
        asyncio.get_running_loop().call_later(0.1, gate.open)
        await outbox.until(lambda: len(outbox.told) == 1 and len(outbox.postponed) == 2)
    assert len(app.requests) == 1


async def test_a_stopped_dispatcher_finishes_what_it_sends(app: Application, client: WebhookClient) -> None:
    gate = Gate()
    outbox = MemoryOutbox(*many(app.on("/slow", gate), 6))
    async with dispatching(outbox, client) as dispatcher:
        await app.has(lambda _: gate.waiting == 4)
        dispatcher.stop()
        outbox.add(item(app.url + "/slow", id="new", call_id="new"))
        gate.open()
    assert len(outbox.told) == 4
    assert {told.verdict for told in outbox.told} == {"done"}
    assert len(outbox.postponed) == 2


async def test_a_cancelled_dispatcher_lets_go(app: Application, client: WebhookClient) -> None:
    outbox = MemoryOutbox(item(app.on("/status", never)))
    dispatcher = Dispatcher(
        outbox=outbox, sender_of=lambda _: client, wall_clock=lambda: NOON, limits=UNHURRIED
    )
    running = asyncio.ensure_future(dispatcher.run())
    await app.has(lambda app: len(app.requests) == 1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await app.has(lambda app: app.lost == 1)
    assert outbox.told == []


async def test_a_broken_outbox_ends_the_dispatcher(client: WebhookClient) -> None:
    class Broken(MemoryOutbox):
        def claim(self, limit: int, lease_s: float, reports: object = ()) -> tuple[OutboxItem, ...]:
            raise RuntimeError("the database is gone")

    dispatcher = Dispatcher(outbox=Broken(), sender_of=lambda _: client, wall_clock=lambda: NOON)
    with pytest.raises(ExceptionGroup) as caught:
        await dispatcher.run()
    assert caught.group_contains(RuntimeError, match="the database is gone")


async def test_credentials_are_in_no_log(app: Application, client: WebhookClient) -> None:
    secret = app.url.replace("//", "//anna:secret@")
    app.on("/done", page(200))
    app.on("/again", page(500))
    app.on("/dead", page(404))
    items = (item(f"{secret}/{name}", id=name, call_id=name) for name in ("done", "again", "dead", "missing"))
    outbox = MemoryOutbox(*items)
    with capture_logs() as logs:
        async with dispatching(outbox, client):
            await outbox.until(lambda: len(outbox.told) == 4)
    assert {log["event"] for log in logs} == {"callback.delivered", "callback.failed", "callback.dead"}
    assert "secret" not in repr(logs)
    assert "secret" not in repr(outbox.told)
    assert all(received.header("authorization") for received in app.requests)


async def test_a_thousand_callbacks_arrive_though_a_third_of_the_answers_is_bad(
    app: Application, client: WebhookClient
) -> None:
    moods = Random(7)
    arrived: set[str | None] = set()

    async def moody(received: Received, connection: Connection) -> None:
        mood = moods.random()
        if mood < 0.15:
            await page(500)(received, connection)
        elif mood < 0.3:
            connection.reset()
        else:
            arrived.add(received.header("x-offhook-delivery"))
            await page(200)(received, connection)

    url = app.on("/status", moody)
    calls, states = 250, 4
    items = [
        item(url, id=f"{call}-{seq}", call_id=str(call), seq=seq)
        for call in range(calls)
        for seq in range(states)
    ]
    outbox = MemoryOutbox(*items)
    limits = DispatcherLimits(poll_s=0.02, lanes=LaneLimits(waiting_per_host=500))
    async with dispatching(outbox, client, limits), asyncio.timeout(60):
        while sum(told.verdict == "done" for told in outbox.told) < len(items):
            seen = len(outbox.told)
            await outbox.until(lambda seen=seen: len(outbox.told) > seen)  # type: ignore[misc]
            outbox.due_again()
    assert arrived == {one.id for one in items}

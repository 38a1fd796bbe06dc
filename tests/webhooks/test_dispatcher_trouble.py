"""What the dispatcher does about dead URLs, slow hosts, a database that is away, and faults of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random

from structlog.testing import capture_logs

from offhook.call.delivery import URL_FAILS, DeliveryEnd
from offhook.call.exchange import Reply
from offhook.call.rows import OutboxItem
from offhook.verbs import Request
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.dispatcher import Dispatcher, DispatcherLimits
from offhook.webhooks.sender import Sender
from tests.webhooks.memory_outbox import NOON, MemoryOutbox, item
from tests.webhooks.server import Connection, Received, application, never, page

UNHURRIED = DispatcherLimits(poll_s=60.0)


class Customer:
    """Fills `Sender` in memory: answers by path what it is set to, and counts."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b""
        self.sent: list[str] = []
        self.fault: Exception | None = None
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def send(self, request: Request, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
        self.sent.append(request.target.url)
        await self.may_answer.wait()
        if self.fault is not None:
            raise self.fault
        return Reply(url=request.target.url, status=self.status, body=self.body)


@asynccontextmanager
async def dispatching(
    outbox: MemoryOutbox, sender_of: Callable[[str], Sender], limits: DispatcherLimits = UNHURRIED
) -> AsyncIterator[Dispatcher]:
    dispatcher = Dispatcher(
        outbox=outbox, sender_of=sender_of, wall_clock=lambda: NOON, chance=Random(1), limits=limits
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(dispatcher.run())
        try:
            yield dispatcher
        finally:
            dispatcher.stop()
            async with asyncio.timeout(30.0):
                await running


def many(url: str, count: int, start: int = 0) -> list[OutboxItem]:
    return [item(url, id=str(n), call_id=f"call {n}") for n in range(start, start + count)]


async def test_each_account_has_its_own_sender() -> None:
    senders = {"AC1": Customer(), "AC2": Customer()}
    url = "http://app.example/"
    outbox = MemoryOutbox(item(url), item(url, id="2", call_id="other", account="AC2"))
    async with dispatching(outbox, senders.__getitem__):
        await outbox.until(lambda: len(outbox.told) == 2)
    assert [len(sender.sent) for sender in senders.values()] == [1, 1]


async def test_the_head_of_the_answer_is_kept_and_how_long_it_took() -> None:
    app = Customer()
    app.status, app.body = 500, "Müll".encode() + b"\xff" + b"x" * 5000
    outbox = MemoryOutbox(item("http://app.example/"))
    async with dispatching(outbox, lambda _: app):
        await outbox.until(lambda: len(outbox.told) == 1)
    attempt = outbox.told[0].attempt
    assert attempt is not None
    assert (attempt.at, attempt.status) == (NOON, 500)
    assert attempt.error == "the answer was 500 Internal Server Error"
    assert attempt.head.startswith("Müll\ufffdxxx")
    assert len(attempt.head) <= 1024
    assert attempt.took_ms < 20_000


async def test_a_fault_of_ours_with_one_item_stops_nobody() -> None:
    broken, sound = Customer(), Customer()
    broken.fault = AssertionError("a header of ours is one line")
    outbox = MemoryOutbox(
        item("http://app.example/", account="AC1"),
        item("http://app.example/", id="2", call_id="other", account="AC2"),
    )
    with capture_logs() as logs:
        async with dispatching(outbox, {"AC1": broken, "AC2": sound}.__getitem__):
            await outbox.until(lambda: len(outbox.told) == 2)
    assert {told.id: told.verdict for told in outbox.told} == {"1": "retry", "2": "done"}
    assert "callback.fault" in {log["event"] for log in logs}


async def test_a_url_that_is_gone_is_told_of_at_once() -> None:
    app = Customer()
    app.status = 410
    outbox = MemoryOutbox(item("http://app.example/"))
    with capture_logs() as logs:
        async with dispatching(outbox, lambda _: app):
            await outbox.until(lambda: len(outbox.told) == 1)
    assert outbox.told[0].verdict == "dead"
    assert "callback.url_gone" in {log["event"] for log in logs}


async def test_a_url_that_only_fails_is_left_alone_until_it_answers() -> None:
    app = Customer()
    app.status = 500
    url = "http://app.example/status"
    outbox = MemoryOutbox(*many(f"{url}?call=7", 30))
    with capture_logs() as logs:
        async with dispatching(outbox, lambda _: app) as dispatcher:
            await outbox.until(lambda: len(outbox.told) + len(outbox.postponed) == 30)
            assert 10 <= len(app.sent) <= 13  # those that were on their way when the tenth failed
            held_back = list(outbox.postponed)
            assert {(report.end, report.why, report.attempt) for report in held_back} == {
                (DeliveryEnd.POSTPONED, URL_FAILS, None)
            }
            assert min(report.at for report in held_back) > NOON + timedelta(seconds=20)
            sent = len(app.sent)
            outbox.add(*many("http://app.example/other", 3, start=100))
            dispatcher.poke()
            await outbox.until(lambda: len(app.sent) == sent + 3)
    assert [log["event"] for log in logs].count("callback.url_left_alone") == 1


async def test_what_waits_for_a_url_is_due_when_it_answers() -> None:
    url = "http://app.example/status"

    class Late(Customer):
        """Takes the first when it may, and lets all others fail meanwhile."""

        async def send(self, request: Request, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
            self.sent.append(request.target.url)
            if len(self.sent) == 1:
                await self.may_answer.wait()
                return Reply(url=request.target.url, status=200)
            return Reply(url=request.target.url, status=500)

    late = Late()
    late.may_answer.clear()
    outbox = MemoryOutbox(*many(url, 20))
    async with dispatching(outbox, lambda _: late) as dispatcher:
        await outbox.until(lambda: len(outbox.postponed) >= 5)
        assert outbox.recovered == [(None, None)]
        late.may_answer.set()
        await outbox.until(lambda: "done" in {told.verdict for told in outbox.told})
        dispatcher.poke()
        await outbox.until(lambda: ("AC1", url) in outbox.recovered)


async def test_an_item_that_waited_too_long_for_its_url_is_given_up() -> None:
    app = Customer()
    app.status = 500
    url = "http://app.example/status"
    outbox = MemoryOutbox(*many(url, 14))
    wall = NOON

    dispatcher = Dispatcher(
        outbox=outbox,
        sender_of=lambda _: app,
        wall_clock=lambda: wall,
        chance=Random(1),
        limits=UNHURRIED,
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(dispatcher.run())
        await outbox.until(lambda: len(outbox.told) + len(outbox.postponed) == 14)
        wall = NOON + timedelta(days=3)
        assert outbox.postponed
        outbox.due_again()
        dispatcher.poke()
        await outbox.until(lambda: any(told.verdict == "dead" for told in outbox.told))
        dispatcher.stop()
    dead = [told for told in outbox.told if told.verdict == "dead"]
    assert "its URL has failed for as long as it is tried" in {told.error for told in dead}


async def test_a_dead_and_a_slow_host_hold_up_nobody_else(quick_client: WebhookClient) -> None:
    async with application() as dead, application() as slow, application() as sound:

        async def slowly(received: Received, connection: Connection) -> None:
            await asyncio.sleep(0.4)
            await page(200)(received, connection)

        outbox = MemoryOutbox(
            *many(dead.on("/x", never), 100),
            *many(slow.on("/x", slowly), 100, start=100),
            *many(sound.on("/x", page(200)), 60, start=200),
        )
        async with dispatching(outbox, lambda _: quick_client):
            await outbox.until(lambda: sum(int(told.id) >= 200 for told in outbox.told) == 60)
            # By then the slow one had its share too, and no more.
            others = [told for told in outbox.told if int(told.id) < 200]
            assert len(others) < 40
            await slow.has(lambda app: len(app.requests) >= 1)
            assert len(dead.requests) <= 13


async def test_while_the_database_is_away_nothing_is_sent_twice_and_all_is_reported() -> None:
    app = Customer()
    app.may_answer.clear()
    outbox = MemoryOutbox(*many("http://app.example/", 3))
    with capture_logs() as logs:
        async with dispatching(outbox, lambda _: app, DispatcherLimits(poll_s=0.02)):
            await outbox.until(lambda: len(app.sent) == 3)
            outbox.is_away = True
            app.may_answer.set()
            await outbox.until(lambda: outbox.refused >= 3)
            assert outbox.told == []
            outbox.is_away = False
            await outbox.until(lambda: len(outbox.told) == 3)
            outbox.add(item("http://app.example/", id="after", call_id="after"))
            await outbox.until(lambda: len(outbox.told) == 4)
    assert len(app.sent) == 4
    assert {told.verdict for told in outbox.told} == {"done"}
    events = [log["event"] for log in logs]
    assert (events.count("outbox.away"), events.count("outbox.back")) == (1, 1)


async def test_a_dispatcher_stops_though_the_database_is_away() -> None:
    app = Customer()
    app.may_answer.clear()
    outbox = MemoryOutbox(*many("http://app.example/", 2))
    with capture_logs() as logs:
        async with dispatching(outbox, lambda _: app, DispatcherLimits(poll_s=0.02)):
            await outbox.until(lambda: len(app.sent) == 2)
            outbox.is_away = True
            app.may_answer.set()
            await outbox.until(lambda: outbox.refused >= 1)
    assert "outbox.reports_lost" in {log["event"] for log in logs}
    assert outbox.told == []


async def test_what_a_dispatcher_before_held_back_is_due_from_the_beginning() -> None:
    outbox = MemoryOutbox()
    async with dispatching(outbox, lambda _: Customer()):
        await outbox.until(lambda: outbox.claims >= 1)
    assert outbox.recovered == [(None, None)]

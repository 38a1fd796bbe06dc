"""A dispatcher that is about to be stopped sends what the last calls left."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from offhook.call.delivery import DeliveryReport
from offhook.call.exchange import Reply
from offhook.call.rows import OutboxItem
from offhook.verbs import Request, Target
from offhook.webhooks.dispatcher import Dispatcher, DispatcherLimits

NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


def callback(seq: int = 1) -> OutboxItem:
    """The callback of a call's queue with this number."""
    return OutboxItem(
        id=f"{seq}",
        account_sid="AC1",
        call_id="call",
        seq=seq,
        kind="call-status",
        request=Request(Target("http://app.example/state"), (("Seq", f"{seq}"),)),
        attempt=1,
        created=NOON,
        since=NOON,
        lease_until=NOON + timedelta(minutes=1),
    )


class LastWords:
    """An outbox whose calls have queues: the next of a call is due once the one before is reported."""

    def __init__(self) -> None:
        self.queue: list[OutboxItem] = []
        self.leased: dict[str, OutboxItem] = {}
        self.claim_may_end = threading.Event()
        self.claim_may_end.set()
        self.claim_began = threading.Event()

    def claim(
        self, limit: int, lease_s: float, reports: tuple[DeliveryReport, ...] = ()
    ) -> tuple[OutboxItem, ...]:
        for report in reports:
            del self.leased[report.item.id]
        busy = {one.call_id for one in self.leased.values()}
        taken: list[OutboxItem] = []
        for one in self.queue:
            if one.call_id not in busy and len(taken) < limit:
                busy.add(one.call_id)
                taken.append(one)
        self.queue = [one for one in self.queue if one not in taken]
        self.leased |= {one.id: one for one in taken}
        self.claim_began.set()
        self.claim_may_end.wait(20)
        return tuple(taken)

    def recover(self, account_sid: str | None = None, url: str | None = None) -> int:
        return 0


class Customer:
    """Takes what it is sent, once it may."""

    def __init__(self) -> None:
        self.took: list[str] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def send(self, request: Request, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
        await self.may_answer.wait()
        self.took.append(dict(request.parameters)["Seq"])
        return Reply(url=request.target.url, status=200)


@asynccontextmanager
async def dispatching(outbox: LastWords, customer: Customer) -> AsyncIterator[Dispatcher]:
    dispatcher = Dispatcher(
        outbox=outbox,
        sender_of=lambda _account_sid: customer,
        wall_clock=lambda: NOON,
        chance=Random(1),
        limits=DispatcherLimits(),
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(dispatcher.run())
        yield dispatcher
        dispatcher.stop()
        async with asyncio.timeout(20):
            await running


async def test_all_that_is_due_is_sent_and_what_follows_from_it() -> None:
    outbox, customer = LastWords(), Customer()
    async with dispatching(outbox, customer) as dispatcher:
        outbox.queue = [callback(seq) for seq in range(1, 6)]
        assert await dispatcher.flush(20.0)
    assert customer.took == ["1", "2", "3", "4", "5"]


async def test_what_was_written_while_a_claim_was_under_way_is_sent_too() -> None:
    outbox, customer = LastWords(), Customer()
    outbox.claim_may_end.clear()
    async with dispatching(outbox, customer) as dispatcher:
        assert await asyncio.to_thread(outbox.claim_began.wait, 20)
        outbox.queue = [callback()]
        flushing = asyncio.create_task(dispatcher.flush(20.0))
        await asyncio.sleep(0)
        outbox.claim_may_end.set()
        assert await flushing
    assert customer.took == ["1"]


async def test_nobody_waits_for_a_customer_who_does_not_answer() -> None:
    outbox, customer = LastWords(), Customer()
    customer.may_answer.clear()
    async with dispatching(outbox, customer) as dispatcher:
        outbox.queue = [callback()]
        assert not await dispatcher.flush(0.3)
        customer.may_answer.set()


@pytest.mark.parametrize("times", [1, 2])
async def test_with_nothing_to_send_it_is_done_at_once(times: int) -> None:
    outbox, customer = LastWords(), Customer()
    async with dispatching(outbox, customer) as dispatcher:
        for _ in range(times):
            assert await dispatcher.flush(20.0)
    assert customer.took == []

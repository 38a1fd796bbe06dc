"""A PostgreSQL that goes down under the dispatcher: what was sent is reported once it is back, and not sent again."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from offhook.call.delivery import DeliveryReport
from offhook.call.errors import RecordsAway
from offhook.call.exchange import Reply
from offhook.call.info import new_id
from offhook.call.rows import OutboxItem
from offhook.records.callbacks import CallbackFilter, Callbacks
from offhook.records.database import Database
from offhook.records.outbox import Outbox
from offhook.verbs import Request, Target
from offhook.webhooks.dispatcher import Dispatcher, DispatcherLimits
from tests.postgresql import PostgresqlServer
from tests.records.story import account, record, started

CALLS = 6
WITHIN_S = 60.0


class Customer:
    """Answers when it may."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.all_came = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def send(self, request: Request, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
        self.ids.append(dict(headers)["X-Offhook-Delivery"])
        if len(self.ids) == CALLS:
            self.all_came.set()
        await self.may_answer.wait()
        return Reply(url=request.target.url, status=200)


def tell(database: Database, account_sid: str, host: str) -> None:
    request = Request(Target(f"http://{host}.example/"))
    record(database, started(account_sid, new_id(), datetime.now(UTC), callbacks=(request,)))


class RefusedOutbox(Outbox):
    """Says when the database could not be used."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._loop = asyncio.get_running_loop()
        self.refused = asyncio.Event()

    def claim(
        self, limit: int, lease_s: float, reports: Sequence[DeliveryReport] = ()
    ) -> tuple[OutboxItem, ...]:
        try:
            return super().claim(limit, lease_s, reports)
        except RecordsAway:
            self._loop.call_soon_threadsafe(self.refused.set)
            raise


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_a_dispatcher_waits_for_its_database(
    database_kind: str, database_url: str, postgresql: PostgresqlServer
) -> None:
    database = Database(database_url)
    account_sid = account(database).sid
    for number in range(CALLS):
        tell(database, account_sid, f"host{number}")
    customer, outbox = Customer(), RefusedOutbox(database)
    dispatcher = Dispatcher(
        outbox=outbox,
        sender_of=lambda _: customer,
        wall_clock=lambda: datetime.now(UTC),
        limits=DispatcherLimits(poll_s=0.1),
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(dispatcher.run())
        await asyncio.wait_for(customer.all_came.wait(), WITHIN_S)
        postgresql.stop_now()
        try:
            customer.may_answer.set()
            await asyncio.wait_for(outbox.refused.wait(), WITHIN_S)
        finally:
            postgresql.start_again()
        assert await dispatcher.flush(WITHIN_S)
        tell(database, account_sid, "later")
        assert await dispatcher.flush(WITHIN_S)
        dispatcher.stop()
        await running
    rows = Callbacks(database).newest(CallbackFilter(), limit=99)
    database.close()
    assert len(customer.ids) == len(set(customer.ids)) == CALLS + 1
    assert {(row.state, row.attempt) for row in rows} == {("done", 1)}

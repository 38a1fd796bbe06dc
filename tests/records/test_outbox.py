from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from offhook.call.info import CallStatus, new_id
from offhook.call.rows import AccountRow, OutboxItem
from offhook.records.database import Database
from offhook.records.outbox import Outbox
from tests.records.story import finished, progressed, record, started, told

Tell = Callable[..., str]


def now() -> datetime:
    """The time that the database goes by, too."""
    return datetime.now(UTC)


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


@pytest.fixture
def tell(database: Database, account: AccountRow) -> Tell:
    """A call that tells three states, each with a callback; returns its id."""

    def of_call(at: datetime | None = None) -> str:
        at, call_id = at or now(), new_id()
        record(
            database,
            started(account.sid, call_id, at, callbacks=(told("ringing"),)),
            progressed(account.sid, call_id, at, CallStatus.IN_PROGRESS, told("in-progress")),
            finished(account.sid, call_id, at, callbacks=(told("completed"),)),
        )
        return call_id

    return of_call


def names(items: tuple[OutboxItem, ...]) -> list[str]:
    return [item.request.target.url.rpartition("/")[2] for item in items]


def test_an_item_says_all_that_is_to_be_sent(outbox: Outbox, tell: Tell, account: AccountRow) -> None:
    call_id = tell()
    (item,) = outbox.claim(10, 60)
    assert (item.account_sid, item.call_id, item.seq, item.kind) == (account.sid, call_id, 1, "call-status")
    assert item.request == told("ringing")
    assert item.attempt == 1


def test_items_of_a_call_come_in_order_and_one_at_a_time(outbox: Outbox, tell: Tell) -> None:
    tell()
    order = []
    while items := outbox.claim(10, 60):
        assert outbox.claim(10, 60) == ()
        order += names(items)
        outbox.done(items[0].id, 200)
    assert order == ["ringing", "in-progress", "completed"]


def test_calls_do_not_wait_for_each_other(outbox: Outbox, tell: Tell) -> None:
    calls = {tell(), tell(), tell()}
    assert len(outbox.claim(2, 60)) == 2
    assert len(outbox.claim(10, 60)) == 1
    assert len(calls) == 3


def test_an_item_that_is_to_be_tried_again_holds_back_the_next(outbox: Outbox, tell: Tell) -> None:
    tell()
    (item,) = outbox.claim(10, 60)
    outbox.retry(item.id, now() + timedelta(hours=1), "connection refused")
    assert outbox.claim(10, 60) == ()
    outbox.retry(item.id, now() - timedelta(seconds=1), "connection refused", 503)
    (again,) = outbox.claim(10, 60)
    assert (again.id, again.attempt) == (item.id, 2)


def test_an_item_holds_back_nobody_after_half_a_minute(outbox: Outbox, tell: Tell) -> None:
    tell(now() - timedelta(seconds=31))
    items = outbox.claim(10, 60)
    assert names(items) == ["ringing", "in-progress", "completed"]
    assert [item.seq for item in items] == [1, 2, 3]


def test_a_dead_item_lets_the_next_one_pass(outbox: Outbox, tell: Tell) -> None:
    tell()
    (item,) = outbox.claim(10, 60)
    outbox.dead(item.id, "410 Gone", 410)
    assert names(outbox.claim(10, 60)) == ["in-progress"]


def test_what_a_dead_dispatcher_took_is_taken_again(outbox: Outbox, tell: Tell) -> None:
    tell()
    (item,) = outbox.claim(10, 0)
    (again,) = outbox.claim(10, 60)
    assert (again.id, again.attempt) == (item.id, 2)


def test_a_late_report_does_not_undo_a_delivery(outbox: Outbox, tell: Tell) -> None:
    tell()
    (item,) = outbox.claim(10, 0)
    outbox.claim(10, 60)
    outbox.done(item.id, 200)
    outbox.retry(item.id, now() - timedelta(seconds=1), "timed out")
    outbox.dead(item.id, "timed out")
    assert names(outbox.claim(10, 60)) == ["in-progress"]


def test_only_what_is_over_is_forgotten(outbox: Outbox, tell: Tell) -> None:
    tell()
    (first,) = outbox.claim(10, 60)
    outbox.done(first.id, 200)
    (second,) = outbox.claim(10, 60)
    outbox.dead(second.id, "410 Gone", 410)
    assert outbox.forget(now() - timedelta(hours=1)) == 0
    assert outbox.forget(now() + timedelta(hours=1)) == 2
    assert names(outbox.claim(10, 60)) == ["completed"]

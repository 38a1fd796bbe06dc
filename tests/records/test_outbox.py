from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from offhook.call.delivery import URL_FAILS, DeliveryEnd, DeliveryReport
from offhook.call.info import CallStatus, new_id
from offhook.call.listing import NotificationFilter
from offhook.call.rows import AccountRow, Attempt, CallbackRow, OutboxItem
from offhook.records.callbacks import CallbackFilter, Callbacks
from offhook.records.database import Database
from offhook.records.notifications import Notifications
from offhook.records.outbox import Outbox
from offhook.verbs import Request, Target
from tests.records.story import arrived, finished, progressed, record, started, told

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


def failed(
    item: OutboxItem, *, again_at: datetime | None = None, status: int | None = None, why: str = "refused"
) -> DeliveryReport:
    """A report on an attempt that did not arrive; without `again_at` the last."""
    end = DeliveryEnd.DEAD if again_at is None else DeliveryEnd.RETRY
    attempt = Attempt(at=now(), status=status, error=why, took_ms=7, head="oh dear")
    return DeliveryReport(item=item, end=end, at=again_at or now(), attempt=attempt, why=why, code=11200)


def postponed(item: OutboxItem, *, until: datetime, why: str = "") -> DeliveryReport:
    return DeliveryReport(item=item, end=DeliveryEnd.POSTPONED, at=until, why=why)


def ago(seconds: float) -> datetime:
    return now() - timedelta(seconds=seconds)


def kept(database: Database) -> tuple[CallbackRow, ...]:
    """All callbacks, in the order of their calls' queues."""
    rows = Callbacks(database).newest(CallbackFilter(), limit=100)
    return tuple(sorted(rows, key=lambda row: row.seq))


def test_an_item_says_all_that_is_to_be_sent(outbox: Outbox, tell: Tell, account: AccountRow) -> None:
    call_id = tell()
    (item,) = outbox.claim(10, 60)
    assert (item.account_sid, item.call_id, item.seq, item.kind) == (account.sid, call_id, 1, "call-status")
    assert item.request == told("ringing")
    assert (item.attempt, item.attempts, item.since) == (1, (), item.created)


def test_items_of_a_call_come_in_order_and_one_at_a_time(outbox: Outbox, tell: Tell) -> None:
    tell()
    order = []
    while items := outbox.claim(10, 60):
        assert outbox.claim(10, 60) == ()
        order += names(items)
        outbox.report(arrived(items[0]))
    assert order == ["ringing", "in-progress", "completed"]


def test_a_report_and_the_next_claim_are_one_step(outbox: Outbox, tell: Tell) -> None:
    tell()
    order: list[str] = []
    items = outbox.claim(10, 60)
    while items:
        order += names(items)
        items = outbox.claim(10, 60, tuple(arrived(item) for item in items))
    assert order == ["ringing", "in-progress", "completed"]


def test_calls_do_not_wait_for_each_other(outbox: Outbox, tell: Tell) -> None:
    calls = {tell(), tell(), tell()}
    assert len(outbox.claim(2, 60)) == 2
    assert len(outbox.claim(10, 60)) == 1
    assert len(calls) == 3


def test_an_item_that_is_to_be_tried_again_holds_back_the_next(outbox: Outbox, tell: Tell) -> None:
    tell()
    (item,) = outbox.claim(10, 60)
    outbox.report(failed(item, again_at=now() + timedelta(hours=1)))
    assert outbox.claim(10, 60) == ()


def test_an_attempt_that_failed_is_counted_and_kept(outbox: Outbox, tell: Tell) -> None:
    tell()
    (item,) = outbox.claim(10, 60)
    outbox.report(failed(item, again_at=ago(1), status=503, why="the answer was 503"))
    (again,) = outbox.claim(10, 60)
    assert (again.id, again.attempt) == (item.id, 2)
    (attempt,) = again.attempts
    assert (attempt.status, attempt.error, attempt.took_ms) == (503, "the answer was 503", 7)
    assert attempt.head == "oh dear"
    assert attempt.at - now() < timedelta(minutes=1)


def test_what_failed_holds_back_nobody_after_half_a_minute(outbox: Outbox, tell: Tell) -> None:
    tell(ago(31))
    (first,) = outbox.claim(10, 60)
    assert names((first,)) == ["ringing"]
    outbox.report(failed(first, again_at=now() + timedelta(hours=1)))
    assert names(outbox.claim(10, 60)) == ["in-progress"]


def test_what_was_never_tried_is_sent_in_order_however_old(outbox: Outbox, tell: Tell) -> None:
    """As after an hour in which the database was away, and the journal kept the callbacks."""
    tell(ago(3600))
    order = []
    while items := outbox.claim(10, 60):
        order.append(names(items))
        outbox.report(arrived(items[0]))
    assert order == [["ringing"], ["in-progress"], ["completed"]]


def test_a_dead_item_lets_the_next_one_pass(outbox: Outbox, tell: Tell) -> None:
    tell()
    (item,) = outbox.claim(10, 60)
    outbox.report(failed(item, status=410))
    assert names(outbox.claim(10, 60)) == ["in-progress"]


def test_a_death_is_a_notification_of_the_account(
    database: Database, outbox: Outbox, tell: Tell, account: AccountRow
) -> None:
    call_id = tell()
    (item,) = outbox.claim(10, 60)
    report = failed(item, status=410, why="the answer was 410 Gone")
    outbox.report(report)
    outbox.report(report)
    (row,) = Notifications(database).page(account.sid, NotificationFilter(), offset=0, limit=9).rows
    assert (row.call_id, row.code, row.is_error) == (call_id, 11200, True)
    assert "410 Gone" in row.message
    assert row.request_url == item.request.target.url
    assert "CallStatus=ringing" in row.request_variables
    assert row.response_body == "oh dear"


def test_what_a_dead_dispatcher_took_is_taken_again_and_counts_as_no_attempt(
    outbox: Outbox, tell: Tell
) -> None:
    tell()
    (item,) = outbox.claim(10, 0)
    (again,) = outbox.claim(10, 60)
    assert (again.id, again.attempt) == (item.id, 1)


def test_what_is_postponed_counts_as_no_attempt(outbox: Outbox, tell: Tell, database: Database) -> None:
    tell()
    (item,) = outbox.claim(10, 60)
    outbox.report(failed(item, again_at=ago(1), status=500))
    (item,) = outbox.claim(10, 60)
    outbox.report(postponed(item, until=ago(1), why=URL_FAILS))
    first = kept(database)[0]
    assert (first.attempt, len(first.attempts), first.last_status) == (1, 1, 500)
    assert first.last_error == URL_FAILS
    (again,) = outbox.claim(10, 60)
    assert again.attempt == 2


def test_a_late_report_does_not_undo_a_delivery(outbox: Outbox, tell: Tell) -> None:
    tell()
    (late,) = outbox.claim(10, 0)
    (item,) = outbox.claim(10, 60)
    outbox.report(arrived(item))
    outbox.report(failed(late, again_at=ago(1)))
    outbox.report(failed(late))
    assert names(outbox.claim(10, 60)) == ["in-progress"]


def test_a_late_report_does_not_take_the_lease_of_another(outbox: Outbox, tell: Tell) -> None:
    tell()
    (late,) = outbox.claim(10, 0)
    (item,) = outbox.claim(10, 60)
    outbox.report(failed(late, again_at=ago(1)), postponed(late, until=ago(1)), failed(late))
    assert outbox.claim(10, 60) == ()
    outbox.report(arrived(item))
    assert names(outbox.claim(10, 60)) == ["in-progress"]


def test_what_arrived_late_need_not_be_sent_again(outbox: Outbox, tell: Tell) -> None:
    tell()
    (late,) = outbox.claim(10, 0)
    outbox.claim(10, 60)
    outbox.report(arrived(late))
    assert names(outbox.claim(10, 60)) == ["in-progress"]


def test_only_the_last_attempts_are_kept_and_not_much_of_each(
    database: Database, outbox: Outbox, tell: Tell
) -> None:
    tell()
    for number in range(25):
        (item,) = outbox.claim(10, 60)
        attempt = Attempt(at=now(), status=500 + number, error="e" * 5000, took_ms=1, head="ü\x00" * 5000)
        outbox.report(
            DeliveryReport(item=item, end=DeliveryEnd.RETRY, at=ago(1), attempt=attempt, why="again")
        )
    first = kept(database)[0]
    assert first.attempt == 25
    assert [attempt.status for attempt in first.attempts] == list(range(505, 525))
    assert {len(attempt.head) for attempt in first.attempts} == {1024}
    assert max(len(attempt.error) for attempt in first.attempts) == 1024


def test_a_url_that_answers_again_gets_what_waited_for_it(
    database: Database, outbox: Outbox, account: AccountRow
) -> None:
    url = "http://app.example/status"
    for beyond in ("", "?call=1", "#rc=1", "s", "/x"):
        request = Request(Target(url + beyond), ())
        record(database, started(account.sid, new_id(), now(), callbacks=(request,)))
    later = now() + timedelta(hours=1)
    outbox.report(*(postponed(item, until=later, why=URL_FAILS) for item in outbox.claim(10, 60)))
    assert outbox.recover(account.sid, "http://app.example/other") == 0
    assert outbox.recover("AC" + "0" * 32, url) == 0
    assert outbox.claim(10, 60) == ()
    assert outbox.recover(account.sid, url) == 3
    assert {item.request.target.url for item in outbox.claim(10, 60)} == {url, f"{url}?call=1", f"{url}#rc=1"}


def test_all_that_a_dispatcher_held_back_is_due_for_its_successor(outbox: Outbox, tell: Tell) -> None:
    tell()
    (held_back,) = outbox.claim(10, 60)
    outbox.report(postponed(held_back, until=now() + timedelta(hours=1), why=URL_FAILS))
    tell()
    (to_be_tried_again,) = outbox.claim(10, 60)
    outbox.report(failed(to_be_tried_again, again_at=now() + timedelta(hours=1)))
    assert outbox.recover() == 1
    assert [item.id for item in outbox.claim(10, 60)] == [held_back.id]


def test_several_dispatchers_never_hold_the_same_item_or_call(outbox: Outbox, tell: Tell) -> None:
    calls, dispatchers = 40, 4
    for _ in range(calls):
        tell()
    begin = Barrier(dispatchers)

    def dispatch(_: int) -> list[OutboxItem]:
        begin.wait(30)
        taken: list[OutboxItem] = []
        reports: tuple[DeliveryReport, ...] = ()
        idle = 0
        while idle < 3:
            items = outbox.claim(5, 60, reports)
            taken += items
            reports = tuple(arrived(item) for item in items)
            idle = 0 if items else idle + 1
        return taken

    with ThreadPoolExecutor(dispatchers) as pool:
        taken = [item for items in pool.map(dispatch, range(dispatchers)) for item in items]
    while left := outbox.claim(100, 60):  # what the last reports made due, after the others had given up
        outbox.report(*(arrived(item) for item in left))
        taken += left
    assert len(taken) == len({item.id for item in taken}) == 3 * calls

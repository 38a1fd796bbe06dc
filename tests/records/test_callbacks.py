"""What people find in the outbox, and have sent again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from offhook.call.delivery import DeliveryEnd, DeliveryReport
from offhook.call.info import new_id
from offhook.call.rows import AccountRow, Attempt, OutboxItem
from offhook.records.callbacks import CallbackFilter, Callbacks
from offhook.records.database import Database
from offhook.records.outbox import Outbox, State
from offhook.verbs import Request, Target
from tests.records.story import account as make_account
from tests.records.story import arrived, record, started


@pytest.fixture
def callbacks(database: Database) -> Callbacks:
    return Callbacks(database)


def now() -> datetime:
    return datetime.now(UTC)


def tell(database: Database, account: AccountRow, url: str, *, at: datetime | None = None) -> str:
    """A call of its own, with one callback; returns the call's id."""
    call_id = new_id()
    request = Request(Target(url), (("CallStatus", "ringing"),))
    record(database, started(account.sid, call_id, at or now(), callbacks=(request,)))
    return call_id


def give_up(database: Database) -> tuple[OutboxItem, ...]:
    """All that is due is dead."""
    items = Outbox(database).claim(100, 60)
    Outbox(database).report(*(died(item) for item in items))
    return items


def died(item: OutboxItem) -> DeliveryReport:
    attempt = Attempt(at=now(), status=404, error="not found", took_ms=3, head="nothing here")
    return DeliveryReport(item=item, end=DeliveryEnd.DEAD, at=now(), attempt=attempt, why="not found", code=1)


def test_callbacks_are_found_by_state_account_and_age(
    database: Database, account: AccountRow, callbacks: Callbacks
) -> None:
    other = make_account(database)
    for minutes in (30, 20, 10):
        tell(database, account, f"http://a.example/{minutes}", at=now() - timedelta(minutes=minutes))
    tell(database, other, "http://b.example/5", at=now() - timedelta(minutes=5))
    first, *_ = Outbox(database).claim(1, 60)
    Outbox(database).report(arrived(first))

    def found(**wanted: object) -> list[str]:
        rows = callbacks.newest(CallbackFilter(**wanted), limit=3)  # type: ignore[arg-type]
        return [row.request.target.url.rpartition("/")[2] for row in rows]

    assert found() == ["5", "10", "20"]
    assert found(account_sid=account.sid) == ["10", "20", "30"]
    assert found(state=State.DONE) == [first.request.target.url.rpartition("/")[2]]
    assert found(created_before=now() - timedelta(minutes=15)) == ["20", "30"]
    assert callbacks.counts() == {State.PENDING: 3, State.LEASED: 0, State.DONE: 1, State.DEAD: 0}
    assert callbacks.counts(other.sid)[State.PENDING] == 1


def test_a_callback_is_found_by_the_beginning_of_its_id(
    database: Database, account: AccountRow, callbacks: Callbacks
) -> None:
    tell(database, account, "http://a.example/1")
    (row,) = callbacks.newest(CallbackFilter(), limit=9)
    assert callbacks.alike(row.id[:8]) == callbacks.alike(row.id) == (row,)
    assert callbacks.alike("%") == ()


def test_a_dead_callback_is_sent_again_as_itself(
    database: Database, account: AccountRow, callbacks: Callbacks
) -> None:
    tell(database, account, "http://a.example/1", at=now() - timedelta(days=3))
    (dead,) = give_up(database)
    assert Outbox(database).claim(9, 60) == ()
    before = now()
    assert callbacks.replay(dead.id)
    (again,) = Outbox(database).claim(9, 60)
    assert (again.id, again.request, again.attempt) == (dead.id, dead.request, 1)
    (attempt,) = again.attempts
    assert (attempt.status, attempt.head) == (404, "nothing here")
    assert again.since >= before.replace(microsecond=before.microsecond // 1000 * 1000)
    assert again.created == dead.created
    Outbox(database).report(arrived(again))
    (row,) = callbacks.alike(dead.id)
    assert (row.state, [one.status for one in row.attempts]) == ("done", [404, 200])


def test_what_is_being_sent_is_not_sent_twice(
    database: Database, account: AccountRow, callbacks: Callbacks
) -> None:
    tell(database, account, "http://a.example/1")
    (item,) = Outbox(database).claim(9, 60)
    assert not callbacks.replay(item.id)
    assert not callbacks.replay("0" * 32)


def test_what_waits_for_another_attempt_need_not_wait(
    database: Database, account: AccountRow, callbacks: Callbacks
) -> None:
    tell(database, account, "http://a.example/1")
    (item,) = Outbox(database).claim(9, 60)
    report = replace(died(item), end=DeliveryEnd.RETRY, at=now() + timedelta(hours=6))
    Outbox(database).report(report)
    assert callbacks.replay(item.id)
    (again,) = Outbox(database).claim(9, 60)
    assert (again.id, again.attempt) == (item.id, 2)


def test_a_replayed_callback_does_not_hold_back_what_came_after_it(
    database: Database, account: AccountRow, callbacks: Callbacks
) -> None:
    hour_ago = now() - timedelta(hours=1)
    call_id = new_id()
    requests = tuple(Request(Target(f"http://a.example/{name}")) for name in ("first", "second"))
    record(database, started(account.sid, call_id, hour_ago, callbacks=requests))
    (first,) = Outbox(database).claim(9, 60)
    Outbox(database).report(died(first))
    assert callbacks.replay(first.id)
    (again,) = Outbox(database).claim(9, 60)
    report = replace(died(again), end=DeliveryEnd.RETRY, at=now() + timedelta(hours=6))
    (second,) = Outbox(database).claim(9, 60, (report,))
    assert (again.id, second.seq) == (first.id, 2)


def test_all_dead_ones_of_an_account_or_a_host_are_sent_again(
    database: Database, account: AccountRow, callbacks: Callbacks
) -> None:
    other = make_account(database)
    tell(database, account, "http://A.example:8080/1?call=7")
    tell(database, account, "http://b.example/2")
    tell(database, other, "http://user:secret@b.example/3")
    tell(database, other, "http://[")
    give_up(database)
    assert callbacks.replay_dead(other.sid, "a.example:8080") == 0
    assert callbacks.replay_dead(account.sid, "a.example:8080") == 1
    assert callbacks.replay_dead(host="B.example") == 2
    assert callbacks.replay_dead() == 1
    assert callbacks.replay_dead() == 0
    assert len(Outbox(database).claim(9, 60)) == 4


def test_where_callbacks_died_is_summed_up(
    database: Database, account: AccountRow, callbacks: Callbacks
) -> None:
    for number in range(3):
        tell(database, account, f"http://user:secret@a.example/status?call={number}")
    tell(database, account, "http://b.example/")
    give_up(database)
    found = {url.url: (url.account_sid, url.count, url.last_error) for url in callbacks.dead_urls()}
    assert found == {
        "http://a.example/status": (account.sid, 3, "not found"),
        "http://b.example/": (account.sid, 1, "not found"),
    }
    assert callbacks.dead_urls("AC" + "0" * 32) == ()

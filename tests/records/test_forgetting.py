"""What is old goes, a few rows at a time, and every list is as right afterwards as before."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from offhook.call.facts import Fact
from offhook.call.info import CallStatus, new_id
from offhook.call.listing import CallFilter, GatherFilter, NotificationFilter, Page
from offhook.call.rows import AccountRow, CallRow, GatherKind, GatherRow, NotificationRow
from offhook.records import forgetting
from offhook.records.calls import Calls
from offhook.records.database import Database
from offhook.records.forgetting import forget_callbacks, forget_listed
from offhook.records.gathers import Gathers
from offhook.records.notifications import Notifications
from offhook.records.numbering import Listing
from offhook.records.outbox import State
from offhook.records.tables import call_timelines, outbox
from tests.records import story
from tests.records.story import after, finished, gather, notified, record, started, told

MINUTES = 12
Listed = CallRow | GatherRow | NotificationRow


def forget_all(database: Database, listing: Listing, account: AccountRow, before: datetime) -> int:
    """Forget until nothing is left to forget; returns how many rows that were."""
    total = 0
    while some := forget_listed(database, listing, account.sid, before):
        assert some <= forgetting.BATCH_ROWS
        total += some
    return total


def fill(database: Database, account: AccountRow, minutes: Sequence[int] = range(MINUTES)) -> list[str]:
    """A call each minute with a gather of each kind and a notification; returns the ids of the calls."""
    ids, facts = [], list[Fact]()
    for minute in minutes:
        ids.append(new_id())
        at = after(60 * minute)
        facts += [
            started(account.sid, ids[-1], at, from_=f"+1555{minute % 3}"),
            *gather(account.sid, ids[-1], at),
            *gather(account.sid, ids[-1], at, is_speech=False),
            notified(account.sid, ids[-1], at, code=11200 + minute % 2),
            finished(account.sid, ids[-1], at, status=[CallStatus.BUSY, CallStatus.COMPLETED][minute % 2]),
        ]
    record(database, *facts)
    return ids


def minutes(page: Page[CallRow] | Page[GatherRow] | Page[NotificationRow]) -> list[int]:
    """When the rows of a page were made."""
    rows: Sequence[Listed] = page.rows
    return [round((row.date_created - story.NOON).total_seconds() / 60) for row in rows]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(st.integers(0, MINUTES + 1), max_size=3),
    later=st.integers(0, 3),
    offset=st.integers(0, MINUTES + 2),
    limit=st.integers(1, MINUTES),
    since=st.none() | st.integers(0, MINUTES),
    before=st.none() | st.integers(0, MINUTES),
    narrow=st.booleans(),
)
def test_every_list_is_what_a_plain_list_would_be(
    database: Database,
    cuts: list[int],
    later: int,
    offset: int,
    limit: int,
    since: int | None,
    before: int | None,
    narrow: bool,
) -> None:
    account = story.account(database)
    fill(database, account)
    for cut in cuts:
        for listing in Listing:
            forget_all(database, listing, account, after(60 * cut))
    fill(database, account, range(MINUTES, MINUTES + later))
    oldest = min(max([0, *cuts]), MINUTES)
    left = list(reversed(range(oldest, MINUTES + later)))

    def expected(*, by: int, has_end: bool = True) -> list[int]:
        return [
            minute
            for minute in left
            if (since is None or minute >= since)
            and (not has_end or before is None or minute < before)
            and (not narrow or minute % by == 0)
        ]

    since_at = None if since is None else after(60 * since)
    before_at = None if before is None else after(60 * before)
    stretch = slice(offset, offset + limit)
    calls = CallFilter(started_from=since_at, ended_before=before_at, from_="+15550" if narrow else None)
    of_calls = Calls(database).page(account.sid, calls, offset=offset, limit=limit)
    assert (minutes(of_calls), of_calls.total) == (expected(by=3)[stretch], len(expected(by=3)))
    for kind in GatherKind:
        gathers = GatherFilter(kind=kind, created_from=since_at)
        of_gathers = Gathers(database).page(account.sid, gathers, offset=offset, limit=limit)
        wanted = [m for m in left if since is None or m >= since]
        assert (minutes(of_gathers), of_gathers.total) == (wanted[stretch], len(wanted))
    notifications = NotificationFilter(
        created_from=since_at, created_before=before_at, code=11200 if narrow else None
    )
    of_notes = Notifications(database).page(account.sid, notifications, offset=offset, limit=limit)
    assert (minutes(of_notes), of_notes.total) == (expected(by=2)[stretch], len(expected(by=2)))


def test_all_is_forgotten_and_the_list_goes_on(database: Database, account: AccountRow) -> None:
    fill(database, account)
    assert forget_all(database, Listing.CALLS, account, after(60 * 99)) == MINUTES
    calls = Calls(database)
    empty = calls.page(account.sid, CallFilter(), offset=0, limit=50)
    assert (empty.rows, empty.total) == ((), 0)
    fill(database, account, [MINUTES])
    page = calls.page(account.sid, CallFilter(), offset=0, limit=50)
    assert (minutes(page), page.total) == ([MINUTES], 1)


def test_another_account_keeps_its_rows(database: Database, account: AccountRow) -> None:
    other = story.account(database)
    fill(database, account, range(3))
    fill(database, other, range(3))
    for listing in Listing:
        forget_all(database, listing, account, after(60 * 99))
    assert Calls(database).page(other.sid, CallFilter(), offset=0, limit=50).total == 3
    assert Notifications(database).page(other.sid, NotificationFilter(), offset=0, limit=50).total == 3


def test_a_running_call_keeps_itself_and_what_came_after_it(database: Database, account: AccountRow) -> None:
    fill(database, account, range(2))
    running = new_id()
    record(database, started(account.sid, running, after(120)))
    fill(database, account, range(3, 5))
    assert forget_all(database, Listing.CALLS, account, after(60 * 99)) == 2
    page = Calls(database).page(account.sid, CallFilter(), offset=0, limit=50)
    assert (minutes(page), page.total) == ([4, 3, 2], 3)
    record(database, finished(account.sid, running, after(60 * 50)))
    assert forget_all(database, Listing.CALLS, account, after(60 * 99)) == 3


def test_it_goes_in_small_steps(
    database: Database, account: AccountRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "BATCH_ROWS", 5)
    fill(database, account)
    steps = [forget_listed(database, Listing.CALLS, account.sid, after(60 * 99)) for _ in range(4)]
    assert steps == [5, 5, 2, 0]


def test_the_timeline_of_a_call_goes_with_it(database: Database, account: AccountRow) -> None:
    ids = fill(database, account, range(2))
    with database.writing() as connection:
        connection.execute(
            call_timelines.insert(),
            [
                {"call_id": call_id, "chunk": chunk, "account_sid": account.sid, "at": after(0), "events": []}
                for call_id in ids
                for chunk in range(2)
            ],
        )
    forget_all(database, Listing.CALLS, account, after(60))
    with database.reading() as connection:
        left = connection.scalars(select(call_timelines.c.call_id).distinct()).all()
    assert left == [ids[1]]


def test_only_callbacks_that_are_over_are_forgotten(database: Database, account: AccountRow) -> None:
    call_id = new_id()
    record(
        database,
        started(account.sid, call_id, callbacks=(told("one"), told("two"))),
        finished(account.sid, call_id, callbacks=(told("three"),), at=after(1)),
    )
    with database.writing() as connection:
        connection.execute(outbox.update().where(outbox.c.seq == 1).values(state=State.DONE.value))
    later = datetime.now(tz=story.NOON.tzinfo) + (after(3600) - story.NOON)
    assert forget_callbacks(database, account.sid, after(-1)) == 0
    assert forget_callbacks(database, account.sid, later) == 1
    assert forget_callbacks(database, account.sid, later) == 0
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(outbox)) == 2

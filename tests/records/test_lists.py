from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offhook.call.facts import Fact
from offhook.call.info import CallStatus, new_id
from offhook.call.listing import CallFilter, GatherFilter, NotificationFilter
from offhook.call.rows import AccountRow, GatherKind
from offhook.records.calls import Calls
from offhook.records.database import Database
from offhook.records.gathers import Gathers
from offhook.records.notifications import Notifications
from tests.records import story
from tests.records.story import after, finished, gather, notified, record, started

CALLS = [f"{n:032x}" for n in range(3)]
SPEECH = GatherKind.SPEECH


@pytest.fixture
def gathers(database: Database, account: AccountRow) -> Gathers:
    """Twelve gathers of three calls, one each second, and one of another account."""
    other = story.account(database)
    for number in range(12):
        record(database, *gather(account.sid, CALLS[number % 3], after(number)))
    record(database, *gather(other.sid, CALLS[0]))
    return Gathers(database)


def seconds(dates: list[datetime]) -> list[float]:
    return [(date - story.NOON).total_seconds() for date in dates]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    offset=st.integers(0, 15),
    limit=st.integers(1, 15),
    since_ms=st.none() | st.integers(-2000, 13000),
    call=st.none() | st.integers(0, 2),
)
def test_a_stretch_of_gathers_is_what_a_plain_list_would_give(
    gathers: Gathers, account: AccountRow, offset: int, limit: int, since_ms: int | None, call: int | None
) -> None:
    expected = [
        second
        for second in reversed(range(12))
        if (since_ms is None or second * 1000 >= since_ms) and (call is None or second % 3 == call)
    ]
    wanted = GatherFilter(
        kind=SPEECH,
        created_from=None if since_ms is None else after(since_ms / 1000),
        call_id=None if call is None else CALLS[call],
    )
    page = gathers.page(account.sid, wanted, offset=offset, limit=limit)
    assert page.total == len(expected)
    assert seconds([row.date_created for row in page.rows]) == expected[offset : offset + limit]


def test_a_list_of_an_account_without_rows_is_empty(gathers: Gathers) -> None:
    page = gathers.page("AC" + "0" * 32, GatherFilter(kind=SPEECH), offset=0, limit=50)
    assert (page.rows, page.total) == ((), 0)


def test_another_account_sees_nothing_of_a_call(gathers: Gathers, database: Database) -> None:
    stranger = story.account(database)
    wanted = GatherFilter(kind=SPEECH, call_id=CALLS[0])
    assert gathers.page(stranger.sid, wanted, offset=0, limit=50).total == 0


@pytest.fixture
def calls(database: Database, account: AccountRow) -> Calls:
    """Six calls an hour apart; every other one ended as busy after a minute."""
    facts: list[Fact] = []
    for number in range(6):
        call_id = new_id()
        begins = after(3600 * number)
        facts.append(
            started(account.sid, call_id, begins, from_=f"+1555000{number}", to="sip:desk_1@example.com")
        )
        if number % 2:
            over = finished(account.sid, call_id, after(3600 * number + 60), status=CallStatus.BUSY)
            facts.append(over)
    record(database, *facts)
    return Calls(database)


@pytest.mark.parametrize(
    ("wanted", "hours"),
    [
        (CallFilter(), [5, 4, 3, 2, 1, 0]),
        (CallFilter(from_="+15550004"), [4]),
        (CallFilter(from_="+1555000%"), [5, 4, 3, 2, 1, 0]),
        (CallFilter(from_="%3"), [3]),
        (CallFilter(from_="+1555000_"), []),
        (CallFilter(to="sip:desk_1@%"), [5, 4, 3, 2, 1, 0]),
        (CallFilter(status=CallStatus.BUSY), [5, 3, 1]),
        (CallFilter(status=CallStatus.BUSY, from_="%1"), [1]),
        (CallFilter(status=CallStatus.FAILED), []),
        (CallFilter(started_from=after(3600 * 3)), [5, 4, 3]),
        (CallFilter(started_from=after(3600 * 3 + 0.001)), [5, 4]),
        (CallFilter(ended_before=after(3600 * 3 + 60)), [1]),
        (CallFilter(ended_before=after(3600 * 3 + 60.001)), [3, 1]),
        (CallFilter(parent_call_id="a" * 32), []),
        (CallFilter(from_="'; DROP TABLE calls; --"), []),
        (CallFilter(from_="a\x00b\ud800%"), []),
    ],
)
def test_calls_are_narrowed(calls: Calls, account: AccountRow, wanted: CallFilter, hours: list[int]) -> None:
    page = calls.page(account.sid, wanted, offset=0, limit=50)
    assert [second / 3600 for second in seconds([row.date_created for row in page.rows])] == hours
    assert page.total == len(hours)
    second_page = calls.page(account.sid, wanted, offset=1, limit=2)
    assert second_page.rows == page.rows[1:3]
    assert second_page.total == page.total


MINUTES = st.none() | st.integers(-10, 6 * 60 + 10)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    offset=st.integers(0, 7),
    limit=st.integers(1, 7),
    since=MINUTES,
    before=MINUTES,
    status=st.none() | st.sampled_from([CallStatus.BUSY, CallStatus.RINGING]),
)
def test_a_stretch_of_calls_is_what_a_plain_list_would_give(
    calls: Calls,
    account: AccountRow,
    offset: int,
    limit: int,
    since: int | None,
    before: int | None,
    status: CallStatus | None,
) -> None:
    def is_wanted(hour: int) -> bool:
        is_busy = bool(hour % 2)
        return (
            (since is None or 60 * hour >= since)
            and (before is None or (is_busy and 60 * hour + 1 < before))
            and (status is None or is_busy == (status is CallStatus.BUSY))
        )

    expected = [hour for hour in reversed(range(6)) if is_wanted(hour)]
    wanted = CallFilter(
        status=status,
        started_from=None if since is None else after(60 * since),
        ended_before=None if before is None else after(60 * before),
    )
    page = calls.page(account.sid, wanted, offset=offset, limit=limit)
    assert page.total == len(expected)
    hours = [second / 3600 for second in seconds([row.date_created for row in page.rows])]
    assert hours == expected[offset : offset + limit]


def test_notifications_are_narrowed(database: Database, account: AccountRow) -> None:
    record(
        database,
        *(
            notified(account.sid, CALLS[n % 2], after(n), code=11200 + n % 3, message=f"No. {n}")
            for n in range(6)
        ),
    )
    notifications = Notifications(database)

    def listed(**wanted: object) -> list[str]:
        narrowed = NotificationFilter(**wanted)  # type: ignore[arg-type]
        page = notifications.page(account.sid, narrowed, offset=0, limit=50)
        assert page.total == len(page.rows)
        return [row.message[4:] for row in page.rows]

    assert listed() == ["5", "4", "3", "2", "1", "0"]
    assert listed(created_from=after(2)) == ["5", "4", "3", "2"]
    assert listed(created_from=after(1.001), created_before=after(4)) == ["3", "2"]
    assert listed(created_before=after(0)) == []
    assert listed(created_from=after(9)) == []
    assert listed(created_from=after(4), created_before=after(2)) == []
    assert listed(call_id=CALLS[1]) == ["5", "3", "1"]
    assert listed(call_id=CALLS[1], created_from=after(2)) == ["5", "3"]
    assert listed(code=11201) == ["4", "1"]
    assert listed(message="%5") == ["5"]
    assert listed(request_url="http://nobody.example/") == []

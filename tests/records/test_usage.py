"""What accounts used, counted by day on either database."""

from datetime import UTC, datetime

from offhook.call.info import new_id
from offhook.call.resource_rows import DayOfUsage, UsageCategory
from offhook.call.rows import AccountRow
from offhook.records.database import Database
from offhook.records.usage import Usage
from tests.records import story
from tests.records.story import after, finished, gather, record, started

NOON_DAYS = (datetime(2026, 3, 9, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
DAY_S = 86_400


def test_calls_are_counted_on_the_day_they_began(database: Database, account: AccountRow) -> None:
    for begin in (0.0, 60.0, DAY_S):
        call_id = new_id()
        record(
            database,
            started(account.sid, call_id, after(begin)),
            finished(account.sid, call_id, after(begin + 30)),
        )
    usage = Usage(database)
    days = usage.days(account.sid, [UsageCategory.CALLS, UsageCategory.CALLS_OUTBOUND])
    assert [(day.days, day.count) for day in days] == [(NOON_DAYS, 2), (NOON_DAYS + 1, 1)]
    assert usage.days(account.sid, [UsageCategory.CALLS], since=after(1), before=after(DAY_S)) == (
        DayOfUsage(category=UsageCategory.CALLS, days=NOON_DAYS, count=1, seconds=days[0].seconds / 2),
    )
    assert usage.days(story.account(database).sid, UsageCategory) == ()


def test_every_category_can_be_counted(database: Database, account: AccountRow) -> None:
    record(database, *gather(account.sid, new_id(), after(0)))
    counted = Usage(database).days(account.sid, UsageCategory)
    assert {day.category: day.count for day in counted}.get(UsageCategory.GATHERS) == 1

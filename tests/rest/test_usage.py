"""Usage records: what was used, altogether and in each day, month and year."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import insert

from offhook.call.info import new_id
from offhook.records.tables import calls
from tests.records import story
from tests.rest.site import Site

USAGE = "/Usage/Records"
MINUTE = 60.0


def keep_call(
    site: Site, at: datetime, seconds: float | None, direction: str = "inbound", **fields: Any
) -> None:
    """A call's row."""
    with site.database.writing() as connection:
        connection.execute(
            insert(calls),
            {
                "call_id": new_id(),
                "account_sid": site.account.sid,
                "seq": keep_call.__dict__.setdefault("seq", 0) + 1,
                "instance_id": story.INSTANCE,
                "worker_id": "",
                "direction": direction,
                "from_": "+15550001",
                "to": "+15550002",
                "status": "completed",
                "date_created": at,
                "date_updated": at,
                "start_time": at,
                "duration_s": seconds,
                "reason": "",
                **fields,
            },
        )
    keep_call.__dict__["seq"] += 1


@pytest.fixture
def used(site: Site) -> Site:
    """A site with five calls in three months of two years."""
    keep_call(site, datetime(2025, 12, 31, 23, 59, 59, 999000, tzinfo=UTC), 30.0)
    keep_call(site, datetime(2026, 1, 1, tzinfo=UTC), 2 * MINUTE, "outbound-api")
    keep_call(site, datetime(2026, 1, 1, 12, tzinfo=UTC), 3 * MINUTE)
    keep_call(site, datetime(2026, 2, 28, tzinfo=UTC), None)
    keep_call(site, datetime(2026, 2, 28, 8, tzinfo=UTC), MINUTE, "outbound-dial")
    return site


def told(records: list[dict[str, Any]], category: str = "calls") -> list[tuple[str, str, str, str]]:
    """Start, end, count and usage of each record of a category."""
    return [
        (each["start_date"], each["end_date"], each["count"], each["usage"])
        for each in records
        if each["category"] == category
    ]


SINCE = "StartDate=2025-01-01&EndDate=2026-12-31"


async def test_days_months_and_years_with_something_in_them(used: Site) -> None:
    assert told(await used.json(used.at(f"{USAGE}/Daily?{SINCE}"))) == [
        ("2025-12-31", "2025-12-31", "1", "0.5"),
        ("2026-01-01", "2026-01-01", "2", "5"),
        ("2026-02-28", "2026-02-28", "2", "1"),
    ]
    assert told(await used.json(used.at(f"{USAGE}/monthly?{SINCE}"))) == [
        ("2025-12-01", "2025-12-31", "1", "0.5"),
        ("2026-01-01", "2026-01-31", "2", "5"),
        ("2026-02-01", "2026-02-28", "2", "1"),
    ]
    assert told(await used.json(used.at(f"{USAGE}/YEARLY?{SINCE}"))) == [
        ("2025-01-01", "2025-12-31", "1", "0.5"),
        ("2026-01-01", "2026-12-31", "4", "6"),
    ]


async def test_a_category_is_counted_alone(used: Site) -> None:
    for written in ("calls-outbound", "CALLS_OUTBOUND"):
        [record] = await used.json(used.at(f"{USAGE}?Category={written}&{SINCE}"))
        assert (record["category"], record["count"], record["usage"]) == ("calls-outbound", "2", "3")
    assert (record["usage_unit"], record["count_unit"]) == ("minutes", "calls")
    assert record["account_sid"] == used.account.sid
    again = await used.json(record["uri"])
    assert again == [record]


async def test_altogether_every_category_is_told_though_it_is_empty(used: Site) -> None:
    for path in (USAGE, f"{USAGE}/AllTime"):
        records = await used.json(used.at(f"{path}?{SINCE}"))
        assert told(records) == [("2025-01-01", "2026-12-31", "5", "6.5")]
        assert told(records, "sms") == [("2025-01-01", "2026-12-31", "0", "0")]
    assert records[0]["category"] == "calls"


@pytest.mark.parametrize("period", ["Today", "yesterday", "ThisMonth", "LASTMONTH"])
async def test_a_time_that_moves_with_today(site: Site, period: str) -> None:
    now = datetime.now(UTC)
    moments = {
        "today": now,
        "yesterday": now - timedelta(days=1),
        "thismonth": now,
        "lastmonth": now.replace(day=1) - timedelta(days=1),
    }
    keep_call(site, moments[period.lower()], MINUTE)
    keep_call(site, now - timedelta(days=70), MINUTE)
    [(start, end, count, usage)] = told(await site.json(site.at(f"{USAGE}/{period}")))
    assert (count, usage) == ("1", "1")
    assert start <= moments[period.lower()].date().isoformat() <= end


async def test_days_from_today(site: Site) -> None:
    now = datetime.now(UTC)
    for days in (0, 3, 9):
        keep_call(site, now - timedelta(days=days), MINUTE)
    [(_, _, count, _)] = told(await site.json(site.at(f"{USAGE}?StartDate=-3days&EndDate=%2B0days")))
    assert count == "2"


async def test_rows_of_other_accounts_do_not_count(used: Site) -> None:
    other = story.account(used.database)
    records = await used.json(used.at(f"{USAGE}?{SINCE}", account=other.sid), user=other)
    assert told(records) == [("2025-01-01", "2026-12-31", "0", "0")]


async def test_records_in_xml(used: Site) -> None:
    answer = await used.ask(used.at(f"{USAGE}/Yearly?Category=calls&{SINCE}"))
    records = etree.fromstring(answer.content).findall("UsageRecords/UsageRecord")
    assert [record.findtext("Count") for record in records] == ["1", "4"]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("?Category=fax", 400, "Category must be one of calls"),
        ("?StartDate=yesterday", 400, "StartDate must be a date"),
        ("?StartDate=2026-02-30", 400, "StartDate must be a date"),
        ("?EndDate=99999days", 200, ""),
        ("?EndDate=-99999days", 400, "EndDate must be a date"),
        ("?EndDate=9999-12-31", 400, "EndDate must be a date"),
        ("?StartDate=2026-02-02&EndDate=2026-02-01", 400, "StartDate must not be after EndDate"),
        ("/Today?StartDate=2026-02-02", 400, "StartDate does not go with Today"),
        ("/Hourly", 404, "usage records for Hourly"),
    ],
)
async def test_a_bad_question_is_named(site: Site, path: str, status: int, said: str) -> None:
    answer = await site.ask(site.at(f"{USAGE}{path}"), headers={"accept": "application/json"})
    assert answer.status_code == status
    assert said in answer.text

"""`/Accounts/{sid}/Usage/Records`: how much of what the account used, by day, month or year, or altogether."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.resource_rows import DayOfUsage, UsageCategory
from offhook.rest.errors import invalid, not_found
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind, whole_number
from offhook.rest.restcomm.spelling import resource_uri

USAGE = Kind(element="UsageRecord", elements="UsageRecords", key="usage_records")
DAY = timedelta(days=1)
EPOCH = date(1970, 1, 1)
DESCRIPTIONS = {
    UsageCategory.CALLS: "Calls, in both directions",
    UsageCategory.CALLS_INBOUND: "Inbound calls",
    UsageCategory.CALLS_OUTBOUND: "Outbound calls",
    UsageCategory.SMS: "Text messages, in both directions",
    UsageCategory.SMS_INBOUND: "Inbound text messages",
    UsageCategory.SMS_OUTBOUND: "Outbound text messages",
    UsageCategory.EMAILS: "E-mails",
    UsageCategory.RECORDINGS: "Recordings",
    UsageCategory.TRANSCRIPTIONS: "Transcriptions",
    UsageCategory.GATHERS: "Gathers of keys and speech",
}
UNTIMED = frozenset(
    {UsageCategory.SMS, UsageCategory.SMS_INBOUND, UsageCategory.SMS_OUTBOUND, UsageCategory.EMAILS}
)
_RELATIVE = re.compile(r"([+ -]?)([0-9]{1,5})days", re.IGNORECASE)

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Span:
    """Days, both included."""

    first: date
    last: date


@router.get("/Accounts/{account_sid}/Usage/Records")
def show_all(access: LetIn) -> Response:
    """What was used altogether, category by category."""
    return _altogether(access, _between(access, _today()))


@router.get("/Accounts/{account_sid}/Usage/Records/{period}")
def show(access: LetIn, period: str) -> Response:
    """What was used day by day (Daily, Monthly, Yearly), or in a time: AllTime, Today, Yesterday, ThisMonth, LastMonth."""
    named, today = period.lower(), _today()
    if named in _EACH:
        return _each(access, _between(access, today), _EACH[named])
    if named == "alltime":
        return _altogether(access, _between(access, today))
    if named not in _TIMES:
        raise not_found(f"usage records for {period}")
    for name in ("StartDate", "EndDate"):
        if name in access.query:
            raise invalid(f"{name} does not go with {period}; ask for AllTime, Daily, Monthly or Yearly.")
    return _altogether(access, _TIMES[named](today))


def _each(access: Access, asked: Span, around: Callable[[date], Span]) -> Response:
    """A record for each category and day, month or year with something in it."""
    kept: dict[tuple[UsageCategory, Span], list[DayOfUsage]] = {}
    for used in _days(access, asked):
        whole = around(EPOCH + timedelta(days=used.days))
        span = Span(max(whole.first, asked.first), min(whole.last, asked.last))
        kept.setdefault((used.category, span), []).append(used)
    return access.every(
        USAGE, [_fields(access, category, span, days) for (category, span), days in kept.items()]
    )


def _altogether(access: Access, asked: Span) -> Response:
    """One record for each category, though nothing was used."""
    days = _days(access, asked)
    return access.every(
        USAGE,
        [
            _fields(access, category, asked, [used for used in days if used.category is category])
            for category in _categories(access)
        ],
    )


def _days(access: Access, asked: Span) -> tuple[DayOfUsage, ...]:
    since, before = _midnight(asked.first), _midnight(asked.last + DAY)
    return access.ports.usage.days(access.account.sid, _categories(access), since=since, before=before)


def _categories(access: Access) -> tuple[UsageCategory, ...]:
    """The category that is asked for; all where none is. Raises Refusal."""
    text = access.query.get("Category", "").strip().lower().replace("_", "-")
    if not text:
        return tuple(UsageCategory)
    if text not in list(UsageCategory):
        raise invalid(f"Category must be one of {', '.join(UsageCategory)}.")
    return (UsageCategory(text),)


def _between(access: Access, today: date) -> Span:
    """From StartDate to EndDate; from the account's first day to today. Raises Refusal."""
    first = _date(access, "StartDate", today) or access.account.date_created.astimezone(UTC).date()
    last = _date(access, "EndDate", today) or max(first, today)
    if first > last:
        raise invalid("StartDate must not be after EndDate.")
    return Span(first, last)


def _date(access: Access, name: str, today: date) -> date | None:
    text = access.query.get(name, "").strip()
    if not text:
        return None
    relative = _RELATIVE.fullmatch(text)
    try:
        if relative is None:
            day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None
        else:
            days = int(relative[2]) * (-1 if relative[1] == "-" else 1)
            day = today + timedelta(days=days)
        if day is not None and EPOCH <= day < date.max:
            return day
    except (ValueError, OverflowError):
        pass
    raise invalid(f"{name} must be a date such as 2018-10-05, or days from today such as -30days.")


def _day(day: date) -> Span:
    return Span(day, day)


def _month(day: date) -> Span:
    first = day.replace(day=1)
    return Span(first, (first + 31 * DAY).replace(day=1) - DAY)


def _year(day: date) -> Span:
    return Span(date(day.year, 1, 1), date(day.year, 12, 31))


_EACH = {"daily": _day, "monthly": _month, "yearly": _year}
_TIMES: dict[str, Callable[[date], Span]] = {
    "today": _day,
    "yesterday": lambda today: _day(today - DAY),
    "thismonth": lambda today: Span(today.replace(day=1), today),
    "lastmonth": lambda today: _month(today.replace(day=1) - DAY),
}


def _today() -> date:
    return datetime.now(UTC).date()


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _fields(access: Access, category: UsageCategory, span: Span, days: Iterable[DayOfUsage]) -> Fields:
    """A record; numbers are texts, as clients expect them."""
    count, seconds = 0, 0.0
    for used in days:
        count, seconds = count + used.count, seconds + used.seconds
    unit = _count_unit(category)
    is_timed = category not in UNTIMED
    uri = resource_uri(access.account.sid, "Usage/Records", format=access.spelling.format)
    return {
        "category": category,
        "description": DESCRIPTIONS[category],
        "account_sid": access.account.sid,
        "start_date": span.first.isoformat(),
        "end_date": span.last.isoformat(),
        "usage": str(whole_number(seconds / 60)) if is_timed else str(count),
        "usage_unit": "minutes" if is_timed else unit,
        "count": str(count),
        "count_unit": unit,
        "uri": f"{uri}?Category={category}&StartDate={span.first}&EndDate={span.last}",
    }


def _count_unit(category: UsageCategory) -> str:
    """What is counted: `calls` for calls-inbound too."""
    named = category.partition("-")[0]
    return "messages" if named == "sms" else named

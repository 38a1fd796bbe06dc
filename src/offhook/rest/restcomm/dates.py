"""Dates, in and out."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

from offhook.rest.errors import invalid

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(r"T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+ -][0-9]{2}:?[0-9]{2})?")
_MILLISECOND = timedelta(milliseconds=1)


def rfc_822(moment: datetime) -> str:
    """`Tue, 9 Mar 2021 12:03:00 +0000`: English names, the day not padded."""
    utc = moment.astimezone(UTC)
    return f"{_DAYS[utc.weekday()]}, {utc.day} {_MONTHS[utc.month - 1]} {utc.year:04} {utc:%H:%M:%S} +0000"


def iso_with_offset(moment: datetime) -> str:
    """`2021-03-09T12:03:00.787+00:00`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def iso_utc(moment: datetime) -> str:
    """`2021-03-09T12:03:00.787Z`."""
    return iso_with_offset(moment).removesuffix("+00:00") + "Z"


def read_from(name: str, text: str) -> datetime:
    """The first moment that parameter `name` includes: a date's midnight, or a date and time, in UTC unless it says.

    What is finer than a millisecond is rounded up, as dates are kept to the millisecond. Raises Refusal.
    """
    day, moment = _read(name, text)
    return moment if moment is not None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def read_until(name: str, text: str) -> datetime:
    """The first moment after those that parameter `name` includes: a date includes its whole day. Raises Refusal."""
    day, moment = _read(name, text)
    try:
        if moment is not None:
            return moment + _MILLISECOND
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    except OverflowError:
        raise _no_date(name) from None


def _read(name: str, text: str) -> tuple[date, datetime | None]:
    on = _DATE.match(text)
    if on is None:
        raise _no_date(name)
    at = _TIME.fullmatch(text, on.end())
    if at is None and on.end() != len(text):
        raise _no_date(name)
    try:
        day = date(int(on[1]), int(on[2]), int(on[3]))
        return day, _moment(day, at) if at else None
    except (ValueError, OverflowError):
        raise _no_date(name) from None


def _moment(day: date, at: re.Match[str]) -> datetime:
    nanoseconds = int((at[4] or "").ljust(9, "0"))
    milliseconds = -(-nanoseconds // 1_000_000)
    whole = datetime(day.year, day.month, day.day, int(at[1]), int(at[2]), int(at[3]), tzinfo=_zone(at[5]))
    return whole.astimezone(UTC) + milliseconds * _MILLISECOND


def _zone(text: str | None) -> timezone:
    if text in (None, "Z"):
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    # A plus sign that was not encoded arrives as a space.
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _no_date(name: str) -> Exception:
    return invalid(
        f"{name} must be a date such as 2018-10-05, or a date and time such as 2018-10-05T22:45:32 or "
        "2018-10-05T22:45:32.500Z, in UTC unless it names an offset."
    )

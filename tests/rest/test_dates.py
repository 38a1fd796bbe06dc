from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.rest.errors import Refusal
from offhook.rest.restcomm.dates import iso_utc, iso_with_offset, read_from, read_until, rfc_822

MOMENTS = st.datetimes(
    datetime.fromisoformat("0001-01-03T00:00:00"), datetime.fromisoformat("9999-12-29T00:00:00")
)
OFFSETS = st.integers(-23 * 60, 23 * 60)


@given(MOMENTS)
def test_a_moment_is_read_as_it_was_written(moment: datetime) -> None:
    kept = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    assert read_from("DateCreated", iso_utc(kept)) == kept
    assert read_from("DateCreated", iso_with_offset(kept)) == kept
    assert read_from("DateCreated", iso_with_offset(kept).replace("+", " ")) == kept
    assert read_until("EndTime", iso_utc(kept)) == kept + timedelta(milliseconds=1)


@given(MOMENTS, OFFSETS)
def test_an_offset_is_taken_into_account(moment: datetime, minutes: int) -> None:
    there = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert read_from("DateCreated", there.isoformat()) == there
    assert read_from("DateCreated", there.strftime("%z").join([there.isoformat()[:19], ""])) == there


@given(st.dates())
def test_a_date_is_its_midnight_or_its_whole_day(day: datetime) -> None:
    assert read_from("DateCreated", day.isoformat()).isoformat() == f"{day.isoformat()}T00:00:00+00:00"
    if day.year < 9999:
        assert read_until("EndTime", day.isoformat()) == read_from("EndTime", day.isoformat()) + timedelta(1)


@given(MOMENTS, st.integers(1, 9), st.data())
def test_what_is_finer_than_a_millisecond_is_rounded_up(
    moment: datetime, digits: int, data: st.DataObject
) -> None:
    fraction = data.draw(st.text("0123456789", min_size=digits, max_size=digits))
    whole = moment.replace(microsecond=0, tzinfo=UTC)
    read = read_from("DateCreated", f"{whole:%H:%M:%S}.{fraction}".join([f"{whole.date()}T", ""]))
    exact_ns = int(fraction.ljust(9, "0"))
    read_ns = round((read - whole) / timedelta(microseconds=1)) * 1000
    assert 0 <= read_ns - exact_ns < 1_000_000
    assert read.microsecond % 1000 == 0


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{0,20}[Z+ -]?[0-9:]{0,5})?"))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_from, read_until):
        with suppress(Refusal):
            assert read("DateCreated", text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 2018-10-05",
        "2018-10-05 ",
        "2018-10-05\n",
        "2018-02-30",
        "2018-13-01",
        "0000-01-01",
        "18-10-05",
        "2018-10-05T",
        "2018-10-05T22:45",
        "2018-10-05 22:45:32",
        "2018-10-05T22:45:60",
        "2018-10-05T24:00:00",
        "2018-10-05T22:45:32.",
        "2018-10-05T22:45:32.1234567890",
        "2018-10-05T22:45:32+25:00",
        "2018-10-05T22:45:32+01:60",
        "2018-10-05T22:45:32+1",
        "2018-10-05T22:45:32ZZ",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "9999-12-31T23:59:59.9999",
        "２018-10-05",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match=r"^DateCreated must be a date such as") as refused:
        read_from("DateCreated", text)
    assert refused.value.status == 400


def test_dates_are_written_as_clients_read_them() -> None:
    moment = datetime(2021, 3, 9, 14, 3, 0, 787000, timezone(timedelta(hours=2)))
    assert rfc_822(moment) == "Tue, 9 Mar 2021 12:03:00 +0000"
    assert iso_with_offset(moment) == "2021-03-09T12:03:00.787+00:00"
    assert iso_utc(moment) == "2021-03-09T12:03:00.787Z"

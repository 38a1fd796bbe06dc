"""What becomes of a callback after each kind of answer."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.webhooks.schedule import (
    JITTER,
    SCHEDULE_S,
    Dead,
    Delivered,
    Retry,
    Verdict,
    is_too_old,
    judge,
    may_mend,
)

NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


def after(
    status: int | None,
    *,
    attempt: int = 1,
    retry_after: str | None = None,
    chance: float = 0.5,
    is_final: bool = False,
) -> Verdict:
    return judge(
        attempt=attempt, status=status, is_final=is_final, retry_after=retry_after, now=NOON, chance=chance
    )


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_delivery(status: int) -> None:
    assert after(status) == Delivered(status)


@pytest.mark.parametrize("status", [None, 408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_mend_is_tried_again(status: int | None) -> None:
    assert after(status) == Retry(NOON + timedelta(seconds=2))


@pytest.mark.parametrize("status", [301, 302, 304, 400, 401, 403, 404, 405, 409, 410, 422, 451])
def test_what_will_not_mend_is_dead(status: int) -> None:
    assert after(status) == Dead()


def test_a_failure_that_no_try_mends_is_dead() -> None:
    assert after(None, is_final=True) == Dead()


def test_twelve_attempts_are_made_over_two_days() -> None:
    waits = []
    for attempt in range(1, 12):
        verdict = after(503, attempt=attempt)
        assert isinstance(verdict, Retry)
        waits.append((verdict.at - NOON).total_seconds())
    assert waits == [2, 5, 15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600]
    assert after(503, attempt=12) == Dead()
    assert after(503, attempt=99) == Dead()


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 2),
        ("1", 2),
        ("Sat, 21 Nov 2026 12:05:00 GMT", 300),
        ("Sat, 21 Nov 2026 11:05:00 GMT", 2),
        ("Sat, 21 Nov 2026 12:05:00", 300),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 86_400),
        ("99999999999999999999", 86_400),
        ("soon", 2),
        ("-5", 2),
        ("", 2),
        ("٣", 2),
    ],
)
def test_retry_after_is_obeyed_up_to_a_day(header: str, wait_s: float) -> None:
    assert after(429, retry_after=header) == Retry(NOON + timedelta(seconds=wait_s))


@given(attempt=st.integers(1, 11), chance=st.floats(0, 1))
def test_jitter_stays_within_its_share(attempt: int, chance: float) -> None:
    verdict = after(None, attempt=attempt, chance=chance)
    assert isinstance(verdict, Retry)
    wait_s = (verdict.at - NOON).total_seconds()
    planned_s = SCHEDULE_S[attempt]
    assert planned_s * (1 - JITTER) - 0.001 <= wait_s <= planned_s * (1 + JITTER) + 0.001


@given(header=st.text(max_size=40))
def test_any_retry_after_leaves_a_verdict(header: str) -> None:
    assert isinstance(after(503, retry_after=header), Retry)


def test_what_waited_for_as_long_as_all_attempts_take_is_too_old() -> None:
    longest = timedelta(seconds=sum(SCHEDULE_S) * (1 + JITTER))
    assert not is_too_old(NOON - longest, NOON)
    assert is_too_old(NOON - longest - timedelta(seconds=1), NOON)
    assert timedelta(days=1) < longest < timedelta(days=3)


@pytest.mark.parametrize(
    ("status", "is_final", "mends"),
    [(None, False, True), (None, True, False), (429, False, True), (503, False, True), (404, False, False)],
)
def test_what_may_mend_counts_against_its_url(status: int | None, is_final: bool, mends: bool) -> None:
    assert may_mend(status, is_final=is_final) is mends

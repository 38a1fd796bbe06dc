"""What becomes of a callback after an attempt: pure, so that a day of retries is tested in no time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

SCHEDULE_S = (0, 2, 5, 15, 60, 5 * 60, 15 * 60, 60 * 60, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
"""How long each attempt waits after the one before, in seconds; the first goes at once, the twelfth is the last."""
JITTER = 0.15
"""Delays vary by this part of themselves, so that callbacks that failed together do not come back together."""
GIVEN_UP_AFTER_S = sum(SCHEDULE_S) * (1 + JITTER)
"""How long a callback may wait in all, though it used up fewer attempts: about two days."""
LONGEST_RETRY_AFTER_S = 24 * 3600
RETRIED_4XX = (408, 425, 429)
"""Request Timeout, Too Early, Too Many Requests."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """It arrived."""

    status: int


@dataclass(frozen=True, slots=True)
class Retry:
    """It goes out again at `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Dead:
    """It is not sent again."""


Verdict = Delivered | Retry | Dead


def judge(
    *,
    attempt: int,
    status: int | None,
    is_final: bool,
    retry_after: str | None,
    now: datetime,
    chance: float,
) -> Verdict:
    """What becomes of a callback.

    `attempt` counts from 1. `status` is None where no answer came, and then `is_final` says whether another
    try is of no use. `retry_after` is the answer's header. `chance` is 0 to 1, for the jitter.
    """
    if status is not None and 200 <= status < 300:
        return Delivered(status)
    if attempt >= len(SCHEDULE_S) or not may_mend(status, is_final=is_final):
        return Dead()
    delay_s = SCHEDULE_S[attempt] * (1 + JITTER * (2 * chance - 1))
    return Retry(now + timedelta(seconds=max(delay_s, _asked_for_s(retry_after, now))))


def may_mend(status: int | None, *, is_final: bool) -> bool:
    """Whether what did not arrive may do so another time; for what arrived it says nothing. As `judge`."""
    return not is_final if status is None else status >= 500 or status in RETRIED_4XX


def is_too_old(since: datetime, now: datetime) -> bool:
    """Whether a callback that is tried since a moment has waited for longer than all its attempts would take."""
    return (now - since).total_seconds() > GIVEN_UP_AFTER_S


def _asked_for_s(retry_after: str | None, now: datetime) -> float:
    """The seconds that a Retry-After header (RFC 9110, 10.2.3) asks for; 0 where it cannot be read."""
    if retry_after is None:
        return 0.0
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:9]), LONGEST_RETRY_AFTER_S))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), float(LONGEST_RETRY_AFTER_S))

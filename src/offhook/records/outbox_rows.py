"""Rows of the outbox as values, and the history of attempts as JSON."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from offhook.call.rows import Attempt, CallbackRow, OutboxItem
from offhook.records.columns import EPOCH, MILLISECOND
from offhook.verbs import Method, Request, Target

MOST_ATTEMPTS = 20
"""So many of the last attempts are kept of each callback."""
MAX_HEAD_CHARS = 1024
MAX_ERROR_CHARS = 1024

Kept = list[dict[str, object]]
"""Attempts as they are kept, oldest first: `at` in milliseconds since 1970, status, error, took_ms, head."""


def item_of(row: Row[Any]) -> OutboxItem:
    """A row that was just claimed."""
    attempts = attempts_of(row.attempts)
    replayed = [one.replayed_at for one in attempts if one.replayed_at is not None]
    return OutboxItem(
        id=row.id,
        account_sid=row.account_sid,
        call_id=row.call_id,
        seq=row.seq,
        kind=row.kind,
        request=_request(row),
        attempt=row.attempt + 1,
        created=row.created,
        since=replayed[-1] if replayed else row.created,
        lease_until=row.lease_until,
        attempts=attempts,
    )


def callback_of(row: Row[Any]) -> CallbackRow:
    """A row for people to read."""
    return CallbackRow(
        id=row.id,
        account_sid=row.account_sid,
        call_id=row.call_id,
        seq=row.seq,
        kind=row.kind,
        state=row.state,
        request=_request(row),
        attempt=row.attempt,
        attempts=attempts_of(row.attempts),
        created=row.created,
        next_at=row.next_at,
        last_status=row.last_status,
        last_error=row.last_error or "",
    )


def attempts_of(kept: Iterable[dict[str, Any]] | None) -> tuple[Attempt, ...]:
    """The attempts that a row keeps."""
    return tuple(
        Attempt(
            at=EPOCH + one["at"] * MILLISECOND,
            status=one["status"],
            error=one["error"] or "",
            took_ms=one["took_ms"],
            head=one["head"],
            replayed_at=EPOCH + one["replayed_at"] * MILLISECOND if "replayed_at" in one else None,
        )
        for one in kept or ()
    )


def kept_attempts(attempts: Sequence[Attempt]) -> Kept | None:
    """Attempts as a row keeps them; no more than the last MOST_ATTEMPTS."""
    return [_kept(one) for one in attempts[-MOST_ATTEMPTS:]] or None


def _kept(attempt: Attempt) -> dict[str, object]:
    kept: dict[str, object] = {
        "at": _ms(attempt.at),
        "status": attempt.status,
        "error": attempt.error[:MAX_ERROR_CHARS] or None,
        "took_ms": attempt.took_ms,
        "head": attempt.head[:MAX_HEAD_CHARS],
    }
    return kept if attempt.replayed_at is None else {**kept, "replayed_at": _ms(attempt.replayed_at)}


def _ms(moment: datetime) -> int:
    return (moment - EPOCH) // MILLISECOND


def _request(row: Row[Any]) -> Request:
    parameters = tuple((str(name), str(value)) for name, value in row.parameters)
    return Request(Target(row.url, Method(row.method)), parameters, signature=row.signature or "")

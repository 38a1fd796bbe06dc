"""Calls as commands name, read and show them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from offhook.call.rows import CallRow

_ID = re.compile(r"(?:ID[0-9a-f]{32}-)?(?:CA)?([0-9a-f]{32})", re.IGNORECASE)
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def read_call_id(text: str) -> str | None:
    """The call's id out of `ID…-CA…`, `CA…` or 32 hex digits; None for anything else."""
    found = _ID.fullmatch(text.strip())
    return found[1].lower() if found else None


def read_since(text: str, now: datetime) -> datetime:
    """The moment that `1h`, `30m` or `2d` ago was, or a date or time in ISO 8601 (UTC unless it says). Raises ValueError."""
    if found := _SPAN.fullmatch(text.strip().lower()):
        try:
            return now - timedelta(seconds=float(found[1]) * _SECONDS[found[2]])
        except OverflowError:
            raise ValueError(f"{text!r} is longer ago than there are dates") from None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(
            f"{text!r} is no time: write 30m, 1h, 2d, or a date such as 2026-01-31T12:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def sid_of(call: CallRow) -> str:
    """The short form of the call's sid, which every command and the REST API take."""
    return f"CA{call.call_id}"


def plain(text: str) -> str:
    """`text` on one line, without what could move a terminal's cursor: it comes from callers and applications."""
    return "".join(character if character.isprintable() else "·" for character in text)


def seconds(value: float | None) -> str:
    """A duration for people; empty where there is none."""
    return "" if value is None else f"{value:.1f} s"


def call_json(call: CallRow) -> dict[str, Any]:
    """A call as a JSON object. Moments are ISO 8601 in UTC, durations seconds."""
    return {
        "sid": sid_of(call),
        "call_id": call.call_id,
        "account_sid": call.account_sid,
        "direction": call.direction.value,
        "from": call.from_,
        "to": call.to,
        "caller_name": call.caller_name,
        "status": call.status.value,
        "date_created": _moment(call.date_created),
        "answered_at": _moment(call.answered_at),
        "end_time": _moment(call.end_time),
        "duration_s": call.duration_s,
        "ring_duration_s": call.ring_duration_s,
        "reason": call.reason,
        "sip_status": call.sip_status,
        "worker_id": call.worker_id,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment is not None else None

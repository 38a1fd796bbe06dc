"""Callbacks as commands show them; what came from applications moves no terminal's cursor."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from offhook.call.exchange import without_credentials
from offhook.call.rows import Attempt, CallbackRow
from offhook.cli.call_words import plain
from offhook.records.callbacks import DeadUrl

if TYPE_CHECKING:
    from rich.table import Table

MAX_SHOWN_HEAD = 300
"""Characters of an answer that are shown to people; JSON has all that is kept."""


def callback_json(row: CallbackRow) -> dict[str, Any]:
    """A callback as a JSON object. Moments are ISO 8601 in UTC; the URL has no credentials."""
    return {
        "id": row.id,
        "account_sid": row.account_sid,
        "call_sid": f"CA{row.call_id}",
        "seq": row.seq,
        "kind": row.kind,
        "state": row.state,
        "method": row.request.target.method.value,
        "url": without_credentials(row.request.target.url),
        "parameters": [list(pair) for pair in row.request.parameters],
        "created": _iso(row.created),
        "next_at": _iso(row.next_at),
        "tries": row.attempt,
        "last_status": row.last_status,
        "last_error": row.last_error or None,
        "attempts": [_attempt_json(attempt) for attempt in row.attempts],
    }


def dead_json(url: DeadUrl) -> dict[str, Any]:
    """A URL that callbacks were given up at, as a JSON object."""
    return {
        "account_sid": url.account_sid,
        "url": url.url,
        "count": url.count,
        "last_at": _iso(url.last_at),
        "last_error": url.last_error or None,
    }


def callback_table(rows: Iterable[CallbackRow]) -> "Table":
    """Callbacks, a line each."""
    table = _table("CREATED (UTC)", "ID", "STATE", "TRIES", "LAST", "CALL", "URL", "WHY")
    for row in rows:
        last = "" if row.last_status is None else str(row.last_status)
        url = plain(without_credentials(row.request.target.url))
        _add(
            table,
            *(_short(row.created), row.id, row.state, str(row.attempt), last),
            *(f"CA{row.call_id}", url, plain(row.last_error)),
        )
    return table


def dead_table(urls: Iterable[DeadUrl]) -> "Table":
    """URLs that callbacks were given up at, a line each."""
    table = _table("LAST (UTC)", "ACCOUNT", "COUNT", "URL", "WHY")
    for url in urls:
        _add(
            table, _short(url.last_at), url.account_sid, str(url.count), plain(url.url), plain(url.last_error)
        )
    return table


def callback_story(row: CallbackRow) -> str:
    """A callback with what it says and all its attempts."""
    target = row.request.target
    when = {"pending": "due", "leased": "due since"}.get(row.state, "over")
    facts = (
        ("state", row.state),
        ("request", f"{target.method} {plain(without_credentials(target.url))}"),
        ("call", f"CA{row.call_id}, number {row.seq} of its callbacks"),
        ("account", row.account_sid),
        ("created", f"{_short(row.created)} UTC"),
        (when, f"{_short(row.next_at)} UTC"),
        ("why", plain(row.last_error)),
    )
    lines = [f"{row.id}  {row.kind}"]
    lines += [f"  {label:10} {value}" for label, value in facts if value]
    lines += ["", "It says:"]
    lines += [f"  {plain(name)} = {plain(value)}" for name, value in row.request.parameters]
    lines += ["", "Attempts:" if row.attempts else "It was not sent yet."]
    for attempt in row.attempts:
        lines += _attempt_lines(attempt)
    return "\n".join(lines)


def _attempt_lines(attempt: Attempt) -> Iterable[str]:
    came = plain(attempt.error) if attempt.error else f"arrived, {attempt.status}"
    yield f"  {_short(attempt.at)}  {attempt.took_ms:6} ms  {came}"
    if attempt.head.strip():
        yield f"      it answered: {plain(attempt.head.strip())[:MAX_SHOWN_HEAD]}"
    if attempt.replayed_at is not None:
        yield f"  {_short(attempt.replayed_at)}             somebody had it sent again"


def _attempt_json(attempt: Attempt) -> dict[str, Any]:
    told = {
        "at": _iso(attempt.at),
        "status": attempt.status,
        "error": attempt.error or None,
        "took_ms": attempt.took_ms,
        "head": attempt.head,
    }
    return told if attempt.replayed_at is None else {**told, "replayed_at": _iso(attempt.replayed_at)}


def _table(*names: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        is_number = name in ("TRIES", "COUNT", "LAST")
        table.add_column(name, justify="right" if is_number else "left", no_wrap=True, overflow="ellipsis")
    return table


def _add(table: "Table", *values: str) -> None:
    from rich.text import Text

    table.add_row(*(Text(value) for value in values))


def _short(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")

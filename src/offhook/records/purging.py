"""Erases one caller everywhere: the number, what was said and pressed in its calls, and all that tells of them.

Rows stay, because lists are numbered without a gap; the number in them is replaced by a word. Of the purge itself a
receipt is kept, with a digest of the number instead of the number.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)

from offhook.call.errors import OffhookError
from offhook.call.info import new_id
from offhook.records.caller_number import ERASED, CallerNumber
from offhook.records.database import Database
from offhook.records.message_forgetting import count_messages, erase_messages
from offhook.records.outbox import State
from offhook.records.recordings import remove_files
from offhook.records.recordings_forgetting import count_of_calls, erase_of_calls
from offhook.records.resource_tables import messages
from offhook.records.tables import (
    call_timelines,
    calls,
    gathers,
    incoming_phone_numbers,
    notifications,
    outbox,
    purges,
)
from offhook.records.voice_tables import recordings, transcriptions, verb_records

BATCH_CALLS = 200
SCAN_ROWS = 5000
ADDRESSES = ("from_", "to", "caller_name", "forwarded_from")
_HEARD = (recordings.name, transcriptions.name)
_OF_CALLS = (calls, gathers, notifications, outbox, call_timelines, verb_records)

Tell = Callable[[str, int, int], None]
"""Hears of progress: what is done, how far it is, and how much there is."""


class PurgeRefused(OffhookError):
    """Nothing was erased; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a purge did, and what it could not do."""

    purge_id: str
    at: datetime
    rows: dict[str, int]
    """How many rows of each table were changed or deleted."""
    remains: list[str] = field(default_factory=list)
    """What may still tell of the caller, and why."""


class Purge:
    """One purge, of all accounts or of one. `recordings` is the folder of all recordings; `drop_pending` drops callbacks
    that are not sent yet."""

    def __init__(
        self,
        database: Database,
        number: CallerNumber,
        *,
        recordings: Path,
        account_sid: str | None = None,
        drop_pending: bool = False,
    ) -> None:
        self._database = database
        self._number = number
        self._recordings = recordings
        self._account_sid = account_sid
        self._drop_pending = drop_pending

    def found(self, tell: Tell | None = None) -> list[str]:
        """The ids of the caller's calls. Raises PurgeRefused while one of them runs, or has callbacks to send."""
        self._refuse_own_number()
        ids: list[str] = []
        running: list[str] = []
        total = self._calls_in_all()
        for seen, row in enumerate(self._calls(), 1):
            if any(self._number.is_in(getattr(row, name)) for name in ADDRESSES):
                ids.append(row.call_id)
                if row.end_time is None:
                    running.append(row.call_id)
            if tell is not None and (seen % SCAN_ROWS == 0 or seen == total):
                tell("calls looked at", seen, max(seen, total))
        if running:
            raise PurgeRefused(
                f"{len(running)} of its calls run now (such as {running[0]}): try again when they are over"
            )
        ids += self._left_over()
        self._refuse_unsent(ids)
        return ids

    def count(self, ids: Sequence[str]) -> dict[str, int]:
        """How many rows of each table are about these calls."""
        counts = dict.fromkeys((*(table.name for table in _OF_CALLS), *_HEARD), 0)
        with self._database.reading() as connection:
            for some in _some(ids):
                for table in _OF_CALLS:
                    of_calls = select(func.count()).select_from(table).where(table.c.call_id.in_(some))
                    counts[table.name] += connection.scalar(of_calls) or 0
                for name, rows in count_of_calls(connection, some).items():
                    counts[name] += rows
            counts[messages.name] = count_messages(connection, self._number, self._account_sid)
        return counts

    def erase(self, ids: Sequence[str], *, digest_key: bytes, tell: Tell | None = None) -> Receipt:
        """Erase the caller from its calls, some a transaction, and keep a receipt."""
        rows = dict.fromkeys((*(table.name for table in _OF_CALLS), *_HEARD), 0)
        done = 0
        for some in _some(ids):
            with self._database.writing() as connection:
                if connection.dialect.name == "sqlite":
                    connection.exec_driver_sql("PRAGMA secure_delete = ON")
                heard, files = erase_of_calls(connection, some)
                for name, changed in (self._erase(connection, some) | heard).items():
                    rows[name] += changed
            remove_files(self._recordings, files)
            done += len(some)
            if tell is not None:
                tell("calls erased", done, len(ids))
        with self._database.writing() as connection:
            rows[messages.name] = erase_messages(connection, self._number, self._account_sid)
            receipt = Receipt(new_id(), datetime.now(UTC), rows)
            kept = {
                "purge_id": receipt.purge_id,
                "number_digest": self._number.digest(digest_key),
                "account_sid": self._account_sid,
                "counts": rows,
                "at": receipt.at,
            }
            connection.execute(insert(purges), kept)
        return receipt

    def _refuse_own_number(self) -> None:
        own = select(incoming_phone_numbers.c.phone_number, incoming_phone_numbers.c.sid)
        with self._database.reading() as connection:
            for row in connection.execute(own):
                if self._number.is_in(row.phone_number):
                    raise PurgeRefused(
                        f"{row.phone_number} is a number of this installation ({row.sid}) and no caller: all calls to "
                        "it would be erased; delete the number first if that is what you want"
                    )

    def _calls_in_all(self) -> int:
        with self._database.asking() as connection:
            return connection.scalar(select(func.count()).select_from(calls)) or 0

    def _calls(self) -> Iterator[Row[Any]]:
        """All calls, some at a time: no spelling of a number is too odd for an index to find."""
        place = calls.c.account_sid, calls.c.seq
        wanted = select(*place, calls.c.call_id, calls.c.end_time, *(calls.c[name] for name in ADDRESSES))
        if self._account_sid is not None:
            wanted = wanted.where(calls.c.account_sid == self._account_sid)
        reached = ("", 0)
        while True:
            following = wanted.where(tuple_(*place) > reached).order_by(*place).limit(SCAN_ROWS)
            with self._database.asking() as connection:
                rows = connection.execute(following).all()
            yield from rows
            if len(rows) < SCAN_ROWS:
                return
            reached = (rows[-1].account_sid, rows[-1].seq)

    def _left_over(self) -> list[str]:
        """The ids of calls that were forgotten, of which something is still there that names the caller."""
        texts = (
            (notifications, notifications.c.request_variables),
            (notifications, notifications.c.request_url),
            (notifications, notifications.c.message),
            (outbox, cast(outbox.c.parameters, Text)),
            (outbox, outbox.c.url),
            (transcriptions, cast(transcriptions.c.callback_parameters, Text)),
        )
        ids: set[str] = set()
        with self._database.reading() as connection:
            for table, text in texts:
                is_left: ColumnElement[bool] = table.c.call_id.not_in(select(calls.c.call_id))
                if self._account_sid is not None:
                    is_left = and_(is_left, table.c.account_sid == self._account_sid)
                names = text.contains(self._number.name, autoescape=True)
                ids |= set(connection.scalars(select(table.c.call_id).where(names, is_left)))
        return sorted(ids)

    def _refuse_unsent(self, ids: Sequence[str]) -> None:
        states = [State.LEASED.value] if self._drop_pending else [State.LEASED.value, State.PENDING.value]
        unsent = 0
        with self._database.reading() as connection:
            for some in _some(ids):
                of_calls = outbox.c.call_id.in_(some), outbox.c.state.in_(states)
                unsent += connection.scalar(select(func.count()).select_from(outbox).where(*of_calls)) or 0
        if unsent and self._drop_pending:
            raise PurgeRefused(
                f"{unsent} callbacks of its calls are being sent this moment: try again in a minute"
            )
        if unsent:
            raise PurgeRefused(
                f"{unsent} callbacks of its calls are still to be sent, and carry the number: try again when they "
                "are, or drop them with --now"
            )

    def _erase(self, connection: Connection, ids: Sequence[str]) -> dict[str, int]:
        return {
            calls.name: _rewrite(connection, calls, ids, self._call),
            notifications.name: _rewrite(connection, notifications, ids, self._notification),
            outbox.name: _rewrite(connection, outbox, ids, self._callback),
            verb_records.name: _rewrite(connection, verb_records, ids, self._verb),
            gathers.name: connection.execute(
                update(gathers)
                .where(gathers.c.call_id.in_(ids))
                .values({"speech": "", "keys": "", "confidence": None, "hints": []})
            ).rowcount,
            call_timelines.name: connection.execute(
                delete(call_timelines).where(call_timelines.c.call_id.in_(ids))
            ).rowcount,
        }

    def _call(self, row: Row[Any]) -> dict[str, Any]:
        erased = {name: ERASED for name in ADDRESSES if self._number.is_in(row._mapping[name])}
        return {
            "from_": row.from_,
            "to": row.to,
            "forwarded_from": row.forwarded_from,
            **erased,
            "caller_name": None if row.caller_name is None else ERASED,
            "metadata": None,
            "reason": self._number.erased_from(row.reason),
            "if_lost_url": None if row.if_lost_url is None else _without_query(row.if_lost_url),
            "if_lost_parameters": [],
        }

    def _notification(self, row: Row[Any]) -> dict[str, Any]:
        return {
            "message": self._number.erased_from(row.message),
            "request_url": _without_query(row.request_url),
            "request_variables": "",
            "response_headers": "",
            "response_body": "",
        }

    def _verb(self, row: Row[Any]) -> dict[str, Any]:
        return {
            "reason": self._number.erased_from(row.reason),
            "details": {name: self._detail(name, value) for name, value in row.details.items()},
        }

    def _detail(self, name: str, value: str | int | None) -> str | int | None:
        """Whom a call was transferred to may be the caller; a sound's URL may name them."""
        if not isinstance(value, str):
            return value
        return _without_query(value) if name == "play_uri" else self._number.erased_from(value)

    def _callback(self, row: Row[Any]) -> dict[str, Any]:
        is_dropped = row.state == State.PENDING.value
        return {
            "url": _without_query(row.url),
            "parameters": [],
            "attempts": None,
            "state": State.DEAD.value if is_dropped else row.state,
            "last_error": "dropped: its caller was erased" if is_dropped else None,
        }


def _rewrite(
    connection: Connection, table: Table, ids: Sequence[str], changed: Callable[[Row[Any]], dict[str, Any]]
) -> int:
    """Give the rows of these calls what `changed` makes of them; returns how many there were."""
    key = next(iter(table.primary_key))
    rows = connection.execute(select(table).where(table.c.call_id.in_(ids))).all()
    changes = [{f"v_{name}": value for name, value in changed(row).items()} for row in rows]
    if not changes:
        return 0
    values: dict[str, Any] = {name.removeprefix("v_"): bindparam(name) for name in changes[0]}
    changing = update(table).where(key == bindparam("v_key")).values(values)
    keyed = [{**change, "v_key": row._mapping[key]} for change, row in zip(changes, rows, strict=True)]
    connection.execute(changing, keyed)
    return len(rows)


def _without_query(url: str) -> str:
    return url.partition("?")[0]


def _some(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + BATCH_CALLS] for start in range(0, len(ids), BATCH_CALLS))

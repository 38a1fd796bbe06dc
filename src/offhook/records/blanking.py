"""Takes what callers said and pressed out of old rows, which are kept without it.

It reads first and writes then, a few rows a transaction, and remembers how far it came: after its first round it looks
at what has become old since, and at nothing twice.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, or_, select, tuple_, update

from offhook.records.database import Database
from offhook.records.forgetting import BATCH_ROWS, NUMBERED
from offhook.records.numbering import Listing
from offhook.records.tables import call_timelines, gathers, notifications

HARMLESS = frozenset({"began", "status", "sip", "media", "ended", "left_out"})
"""Kinds of events on a timeline that cannot hold what a caller said or pressed."""
_ASKED = "webhook"
_KEPT_OF_ASKED = ("method", "status", "took_ms", "try")

_GATHERED = or_(gathers.c.speech != "", gathers.c["keys"] != "", gathers.c.confidence.is_not(None))
_WITHOUT: dict[Listing, tuple[ColumnElement[bool], dict[str, object]]] = {
    Listing.GATHERS_SPEECH: (_GATHERED, {"speech": "", "keys": "", "confidence": None}),
    Listing.GATHERS_DTMF: (_GATHERED, {"speech": "", "keys": "", "confidence": None}),
    # Of a webhook that failed; among its parameters are the words and keys that it was to hear of.
    Listing.NOTIFICATIONS: (
        or_(notifications.c.request_variables != "", notifications.c.response_body != ""),
        {"request_variables": "", "response_body": "", "response_headers": ""},
    ),
}


class Blanking:
    """Remembers how far it came with each account, for as long as its process lives."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listed: dict[tuple[str, Listing], int] = {}
        self._timelines: dict[str, tuple[datetime, str, int]] = {}

    def blank(self, account_sid: str, before: datetime) -> int:
        """Blank some rows older than `before`; returns how many were looked at, 0 when none is left."""
        done = sum(self._blank_listed(listing, account_sid, before) for listing in _WITHOUT)
        return done + self._blank_timelines(account_sid, before)

    def _blank_listed(self, listing: Listing, account_sid: str, before: datetime) -> int:
        table, belongs = NUMBERED[listing]
        has_words, without = _WITHOUT[listing]
        key = _key(table)
        wanted = (
            select(key, table.c.seq)
            .where(table.c.account_sid == account_sid, *belongs, table.c.date_created < before, has_words)
            .where(table.c.seq > self._listed.get((account_sid, listing), 0))
            .order_by(table.c.seq)
        )
        with self._database.reading() as connection:
            rows = connection.execute(wanted.limit(BATCH_ROWS)).all()
        if rows:
            with self._database.writing() as connection:
                connection.execute(update(table).where(key.in_([row[0] for row in rows])).values(without))
            self._listed[account_sid, listing] = rows[-1].seq
        return len(rows)

    def _blank_timelines(self, account_sid: str, before: datetime) -> int:
        place = call_timelines.c.at, call_timelines.c.call_id, call_timelines.c.chunk
        wanted = select(call_timelines).where(
            call_timelines.c.account_sid == account_sid, call_timelines.c.at < before
        )
        if account_sid in self._timelines:
            reached = self._timelines[account_sid]
            # The first condition says no more than the second, and is the one that an index serves.
            wanted = wanted.where(call_timelines.c.at >= reached[0], tuple_(*place) > reached)
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(*place).limit(BATCH_ROWS)).all()
        if rows:
            self._write_timelines([(row, without_words(row.events)) for row in rows])
            self._timelines[account_sid] = (rows[-1].at, rows[-1].call_id, rows[-1].chunk)
        return len(rows)

    def _write_timelines(self, rows: Sequence[tuple[Any, Sequence[Any]]]) -> None:
        changed = [
            {"its_call": row.call_id, "its_chunk": row.chunk, "blank": events}
            for row, events in rows
            if list(events) != list(row.events)
        ]
        if not changed:
            return
        with self._database.writing() as connection:
            connection.execute(_BLANK_TIMELINE, changed)


_BLANK_TIMELINE = (
    update(call_timelines)
    .where(
        and_(
            call_timelines.c.call_id == bindparam("its_call"),
            call_timelines.c.chunk == bindparam("its_chunk"),
        )
    )
    .values(events=bindparam("blank"))
)


def without_words(events: Sequence[Any]) -> list[Any]:
    """The events of a timeline, all at their times, without what a caller said or pressed.

    An event of a kind that is not known to be harmless keeps its kind and nothing else.
    """
    return [_without_words(*event) for event in events]


def _without_words(at: int, kind: str, facts: dict[str, Any]) -> list[Any]:
    if kind in HARMLESS:
        return [at, kind, facts]
    if kind == _ASKED:
        kept = {name: facts[name] for name in _KEPT_OF_ASKED if name in facts}
        return [at, kind, {**kept, "url": str(facts.get("url", "")).partition("?")[0]}]
    return [at, kind, {}]


def _key(table: Table) -> Any:
    return next(iter(table.primary_key))

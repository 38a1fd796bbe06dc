"""Deletes what is old, a few rows at a time, so that whoever writes a call never waits for it.

A numbered list loses its oldest rows only, and its `sequences` row says where it begins now. So a call that runs
keeps itself and all that came after it, however old they are. Each function does one small transaction, and says how
much it did; it is called again until that is nothing.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select

from offhook.call.rows import GatherKind
from offhook.call.voice_rows import ConferenceStatus, VerbKind
from offhook.records.database import Database
from offhook.records.numbering import Listing, begin_after, ends
from offhook.records.outbox import State
from offhook.records.tables import call_timelines, calls, gathers, notifications, outbox
from offhook.records.voice_tables import conferences, participants, verb_records

BATCH_ROWS = 500

NUMBERED: dict[Listing, tuple[Table, tuple[ColumnElement[bool], ...]]] = {
    Listing.CALLS: (calls, ()),
    Listing.GATHERS_SPEECH: (gathers, (gathers.c.kind == GatherKind.SPEECH.value,)),
    Listing.GATHERS_DTMF: (gathers, (gathers.c.kind == GatherKind.DTMF.value,)),
    Listing.NOTIFICATIONS: (notifications, ()),
}
"""The table of each numbered list, and which of its rows belong to the list."""


def forget_listed(database: Database, listing: Listing, account_sid: str, before: datetime) -> int:
    """Delete some of an account's rows in a list, the oldest first, where they are older than `before`.

    Returns how many; 0 when none is left to delete. With calls go their timelines.
    """
    table, belongs = NUMBERED[listing]
    with database.writing() as connection:
        first, newest = ends(connection, account_sid, listing)
        last = min(_last_old(connection, listing, account_sid, before), newest, first + BATCH_ROWS - 1)
        if last < first:
            return 0
        old = table.c.account_sid == account_sid, *belongs, table.c.seq.between(first, last)
        if table is calls:
            ids = select(calls.c.call_id).where(*old)
            connection.execute(delete(call_timelines).where(call_timelines.c.call_id.in_(ids)))
        forgotten = connection.execute(delete(table).where(*old)).rowcount
        begin_after(connection, account_sid, listing, last)
    return forgotten


def _last_old(connection: Connection, listing: Listing, account_sid: str, before: datetime) -> int:
    """The last number that may be forgotten; 0 for none."""
    table, belongs = NUMBERED[listing]
    is_old = table.c.account_sid == account_sid, *belongs, table.c.date_created < before
    newest = select(table.c.seq).where(*is_old).order_by(table.c.date_created.desc()).limit(1)
    last = connection.scalar(newest) or 0
    if table is calls:
        is_running = calls.c.account_sid == account_sid, calls.c.end_time.is_(None)
        running = connection.scalar(select(func.min(calls.c.seq)).where(*is_running))
        last = last if running is None else min(last, running - 1)
    return last


def forget_verbs(database: Database, account_sid: str, before: datetime) -> int:
    """Delete some of an account's records of verbs that are older than `before`; returns how many."""
    forgotten = 0
    with database.writing() as connection:
        for kind in VerbKind:  # an index finds the old ones of each
            old = select(verb_records.c.record_id).where(
                verb_records.c.account_sid == account_sid,
                verb_records.c.kind == kind.value,
                verb_records.c.date_created < before,
            )
            some = old.limit(BATCH_ROWS - forgotten)
            chosen = delete(verb_records).where(verb_records.c.record_id.in_(some))
            forgotten += connection.execute(chosen).rowcount
            if forgotten >= BATCH_ROWS:
                break
    return forgotten


def forget_conferences(database: Database, account_sid: str, before: datetime) -> int:
    """Delete some of an account's conferences that ended before `before`, with who was in them; returns how many."""
    old = (
        select(conferences.c.conference_id)
        .where(
            conferences.c.account_sid == account_sid,
            conferences.c.date_created < before,
            conferences.c.date_updated < before,
            conferences.c.status.in_([str(status) for status in ConferenceStatus if status.is_final]),
        )
        .limit(BATCH_ROWS)
    )
    with database.writing() as connection:
        ids = connection.scalars(old).all()
        connection.execute(delete(participants).where(participants.c.conference_id.in_(ids)))
        connection.execute(delete(conferences).where(conferences.c.conference_id.in_(ids)))
    return len(ids)


def forget_callbacks(database: Database, account_sid: str, before: datetime) -> int:
    """Delete some of an account's callbacks that are over and were last due before a moment; returns how many."""
    old = select(outbox.c.id).where(
        outbox.c.account_sid == account_sid,
        outbox.c.created < before,
        outbox.c.next_at < before,
        outbox.c.state.in_((State.DONE.value, State.DEAD.value)),
    )
    with database.writing() as connection:
        chosen = delete(outbox).where(outbox.c.id.in_(old.limit(BATCH_ROWS)))
        return connection.execute(chosen).rowcount

"""Finished gathers, as they are read. One that still runs is no record yet."""

from typing import Any

from sqlalchemy import ColumnElement, Row, select

from offhook.call.listing import GatherFilter, Page
from offhook.call.rows import GatherKind, GatherRow, GatherStatus
from offhook.records.database import Database
from offhook.records.listing import NumberedList, counted
from offhook.records.numbering import Listing, ends
from offhook.records.tables import gathers
from offhook.verbs import GatherEnd

LISTING_OF = {GatherKind.SPEECH: Listing.GATHERS_SPEECH, GatherKind.DTMF: Listing.GATHERS_DTMF}
"""The list that a gather of each kind is numbered in."""


class Gathers:
    """The gathers of all accounts, each seen by its account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, account_sid: str, kind: GatherKind, gather_id: str) -> GatherRow | None:
        """The account's finished gather of this kind with this id."""
        wanted = select(gathers).where(gathers.c.gather_id == gather_id, *_listed(account_sid, kind))
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return _gather(row) if row else None

    def page(self, account_sid: str, wanted: GatherFilter, *, offset: int, limit: int) -> Page[GatherRow]:
        """A stretch of the account's finished gathers of a kind, newest first."""
        seq, date = gathers.c.seq, gathers.c.date_created
        belongs = _listed(account_sid, wanted.kind)
        with self._database.reading() as connection:
            whole = NumberedList(belongs, seq, date, ends(connection, account_sid, LISTING_OF[wanted.kind]))
            first, last = whole.between(connection, wanted.created_from, None)
            if wanted.call_id is not None:
                of_call = gathers.c.call_id == wanted.call_id
                query = select(gathers).where(*belongs, of_call, seq.between(first, last))
                rows, total = counted(connection, query, seq.desc(), offset=offset, limit=limit)
            else:
                rows, total = whole.stretch(connection, (first, last), offset=offset, limit=limit)
        return Page(tuple(_gather(row) for row in rows), total)


def _listed(account_sid: str, kind: GatherKind) -> tuple[ColumnElement[bool], ...]:
    return gathers.c.account_sid == account_sid, gathers.c.kind == kind.value, gathers.c.seq.is_not(None)


def _gather(row: Row[Any]) -> GatherRow:
    return GatherRow(
        gather_id=row.gather_id,
        account_sid=row.account_sid,
        call_id=row.call_id,
        kind=GatherKind(row.kind),
        provider=row.provider,
        language=row.language,
        start_timeout_s=row.start_timeout_s,
        key_timeout_s=row.key_timeout_s,
        speech_end_timeout_s=row.speech_end_timeout_s,
        hints=tuple(row.hints),
        act_on_empty=row.act_on_empty,
        finish_keys=row.finish_keys,
        max_keys=row.max_keys,
        status=GatherStatus(row.status),
        reason=row.reason,
        ended_by=GatherEnd(row.ended_by),
        duration_s=row.duration_s,
        keys=row.keys,
        speech=row.speech,
        confidence=row.confidence,
        switches=tuple(row.switches or ()),
        is_kept=row.is_kept,
        date_created=row.date_created,
    )

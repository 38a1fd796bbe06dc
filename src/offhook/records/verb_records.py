"""Records of the verbs that ran, as they are read."""

from typing import Any

from sqlalchemy import Row, select

from offhook.call.listing import Page, VerbFilter
from offhook.call.voice_rows import VerbKind, VerbRow
from offhook.records.database import Database
from offhook.records.listing import counted
from offhook.records.voice_tables import verb_records


class VerbRecords:
    """The records of all accounts, each seen by its account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, account_sid: str, kind: VerbKind, record_id: str) -> VerbRow | None:
        """The account's record of this kind with this id."""
        wanted = select(verb_records).where(
            verb_records.c.record_id == record_id,
            verb_records.c.account_sid == account_sid,
            verb_records.c.kind == kind.value,
        )
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return _row(row) if row else None

    def page(self, account_sid: str, wanted: VerbFilter, *, offset: int, limit: int) -> Page[VerbRow]:
        """A stretch of the account's records of a kind, newest first."""
        query = select(verb_records).where(
            verb_records.c.account_sid == account_sid, verb_records.c.kind == wanted.kind.value
        )
        if wanted.call_id is not None:
            query = query.where(verb_records.c.call_id == wanted.call_id)
        if wanted.created_from is not None:
            query = query.where(verb_records.c.date_created >= wanted.created_from)
        newest_first = verb_records.c.date_created.desc(), verb_records.c.record_id
        with self._database.reading() as connection:
            rows, total = counted(connection, query, *newest_first, offset=offset, limit=limit)
        return Page(tuple(_row(row) for row in rows), total)


def _row(row: Row[Any]) -> VerbRow:
    return VerbRow(
        record_id=row.record_id,
        account_sid=row.account_sid,
        call_id=row.call_id,
        kind=VerbKind(row.kind),
        status=row.status,
        reason=row.reason,
        error_code=row.error_code,
        duration_s=row.duration_s,
        details=row.details,
        date_created=row.date_created,
    )

"""Conferences and those who are in them, as they are read."""

from typing import Any

from sqlalchemy import ColumnElement, Row, select

from offhook.call.listing import ConferenceFilter, Page
from offhook.call.voice_rows import ConferenceRow, ConferenceStatus, ParticipantRow
from offhook.records.database import Database
from offhook.records.listing import alike, counted
from offhook.records.voice_tables import conferences, participants

_FINAL = [status.value for status in ConferenceStatus if status.is_final]


class Conferences:
    """The conferences of all accounts, each seen by its account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, account_sid: str, conference_id: str) -> ConferenceRow | None:
        """The account's conference with this id."""
        wanted = select(conferences).where(
            conferences.c.conference_id == conference_id, conferences.c.account_sid == account_sid
        )
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return _conference(row) if row else None

    def page(
        self, account_sid: str, wanted: ConferenceFilter, *, offset: int, limit: int
    ) -> Page[ConferenceRow]:
        """A stretch of the account's conferences, newest first."""
        query = select(conferences).where(conferences.c.account_sid == account_sid, *_conditions(wanted))
        newest_first = conferences.c.date_created.desc(), conferences.c.conference_id
        with self._database.reading() as connection:
            rows, total = counted(connection, query, *newest_first, offset=offset, limit=limit)
        return Page(tuple(_conference(row) for row in rows), total)

    def participant(self, account_sid: str, conference_id: str, call_id: str) -> ParticipantRow | None:
        """A call that is, or was, in the account's conference."""
        wanted = select(participants).where(
            participants.c.conference_id == conference_id,
            participants.c.call_id == call_id,
            participants.c.account_sid == account_sid,
        )
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return _participant(row) if row else None

    def participants(
        self, account_sid: str, conference_id: str, *, offset: int, limit: int
    ) -> Page[ParticipantRow]:
        """A stretch of those who are in the account's conference now, in the order of their coming."""
        query = select(participants).where(
            participants.c.conference_id == conference_id,
            participants.c.account_sid == account_sid,
            participants.c.left_at.is_(None),
        )
        in_order = participants.c.date_created, participants.c.call_id
        with self._database.reading() as connection:
            rows, total = counted(connection, query, *in_order, offset=offset, limit=limit)
        return Page(tuple(_participant(row) for row in rows), total)


def _conditions(wanted: ConferenceFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.friendly_name is not None:
        conditions.append(alike(conferences.c.friendly_name, wanted.friendly_name))
    if wanted.status is not None:
        conditions.append(conferences.c.status == wanted.status.value)
    if wanted.is_over is not None:
        column = conferences.c.status
        conditions.append(column.in_(_FINAL) if wanted.is_over else column.not_in(_FINAL))
    if wanted.created_from is not None:
        conditions.append(conferences.c.date_created >= wanted.created_from)
    if wanted.updated_from is not None:
        conditions.append(conferences.c.date_updated >= wanted.updated_from)
    return conditions


def _conference(row: Row[Any]) -> ConferenceRow:
    return ConferenceRow(**{**row._asdict(), "status": ConferenceStatus(row.status)})


def _participant(row: Row[Any]) -> ParticipantRow:
    return ParticipantRow(**row._asdict())

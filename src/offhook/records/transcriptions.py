"""Transcriptions: rows as they are read and deleted, and as whoever makes them takes and finishes them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, or_, select, update

from offhook.call.listing import Page, TranscriptionFilter
from offhook.call.transcribing import TranscriptionTask
from offhook.call.voice_rows import TranscriptionRow, TranscriptionStatus
from offhook.records.columns import database_now
from offhook.records.database import Database
from offhook.records.listing import alike, counted
from offhook.records.outbox import enqueue
from offhook.records.voice_tables import recordings, transcriptions
from offhook.verbs import Method, Request, Target

Tell = Callable[[TranscriptionTask, TranscriptionRow], Request | None]
"""Makes the callback that tells of a transcription; None where nobody wants to know."""


class Transcriptions:
    """The transcriptions of all accounts, each seen by its account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, account_sid: str, transcription_id: str) -> TranscriptionRow | None:
        """The account's transcription with this id."""
        wanted = select(transcriptions).where(*_one(account_sid, transcription_id))
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return transcription_row(row) if row else None

    def page(
        self, account_sid: str, wanted: TranscriptionFilter, *, offset: int, limit: int
    ) -> Page[TranscriptionRow]:
        """A stretch of the account's transcriptions, newest first."""
        query = select(transcriptions).where(
            transcriptions.c.account_sid == account_sid, *_conditions(wanted)
        )
        newest_first = transcriptions.c.date_created.desc(), transcriptions.c.transcription_id
        with self._database.reading() as connection:
            rows, total = counted(connection, query, *newest_first, offset=offset, limit=limit)
        return Page(tuple(transcription_row(row) for row in rows), total)

    def delete(self, account_sid: str, transcription_id: str) -> bool:
        """Delete a transcription; False where the account does not have it."""
        with self._database.writing() as connection:
            which = delete(transcriptions).where(*_one(account_sid, transcription_id))
            return connection.execute(which).rowcount == 1


class TranscriptionQueue:
    """What whoever puts recordings into words takes from and reports to. Raises RecordsAway."""

    def __init__(self, database: Database, tell: Tell) -> None:
        self._database = database
        self._tell = tell

    def take(self, lease_s: float) -> TranscriptionTask | None:
        """The oldest one that waits, or whose taker went silent; nobody else's for `lease_s` seconds."""
        if not self._is_any_due():
            return None
        with self._database.writing() as connection:
            row = connection.execute(_TAKE, {"lease_ms": round(lease_s * 1000)}).one_or_none()
            if row is None:
                return None
            file = connection.scalar(
                select(recordings.c.file).where(recordings.c.recording_id == row.recording_id)
            )
        method = Method(row.callback_method or Method.POST)
        callback = Target(row.callback_url, method) if row.callback_url is not None else None
        return TranscriptionTask(
            row=transcription_row(row),
            file=file,
            callback=callback,
            callback_parameters=tuple(
                (str(name), str(value)) for name, value in row.callback_parameters or ()
            ),
            application_language=row.application_language,
            lease_until=row.lease_until,
        )

    def renew(self, task: TranscriptionTask, lease_s: float) -> datetime | None:
        """Hold on to it for `lease_s` seconds from now; returns until when, None where it was lost or deleted."""
        renewing = _held(task).values(lease_until=database_now() + round(lease_s * 1000))
        with self._database.writing() as connection:
            row = connection.execute(renewing.returning(transcriptions.c.lease_until)).one_or_none()
        return row.lease_until if row else None

    def finish(
        self, task: TranscriptionTask, *, status: TranscriptionStatus, text: str, reason: str, at: datetime
    ) -> bool:
        """Keep the words, and with them, in one transaction, the callback that tells of them.

        Returns whether a callback waits. Nothing is changed by one who lost it, or where it is over already. The
        callback's id comes from the transcription's, so that it is never sent twice with different ones.
        """
        finishing = _held(task).values(
            status=status.value, text=text, reason=reason, date_updated=at, lease_until=None
        )
        with self._database.writing() as connection:
            row = connection.execute(finishing.returning(transcriptions)).one_or_none()
            request = self._tell(task, transcription_row(row)) if row is not None else None
            if row is None or request is None:
                return False
            enqueue(
                connection,
                request,
                id=row.transcription_id,
                account_sid=row.account_sid,
                # It waits for nothing else of its call, and nothing waits for it.
                call_id=row.transcription_id,
                created=at,
            )
        return True

    def _is_any_due(self) -> bool:
        """Asked again and again, and it holds nobody up."""
        with self._database.reading() as connection:
            return (
                connection.execute(select(transcriptions.c.transcription_id).where(*_DUE).limit(1)).first()
                is not None
            )


_DUE = (
    transcriptions.c.status == TranscriptionStatus.IN_PROGRESS.value,
    or_(transcriptions.c.lease_until.is_(None), transcriptions.c.lease_until <= database_now()),
)
_OLDEST = (
    select(transcriptions.c.transcription_id)
    .where(*_DUE)
    .order_by(transcriptions.c.date_created, transcriptions.c.transcription_id)
    .limit(1)
    .with_for_update(skip_locked=True)
    .cte("due")
)
_TAKE = (
    update(transcriptions)
    .where(transcriptions.c.transcription_id.in_(select(_OLDEST.c.transcription_id)))
    .values(lease_until=database_now() + bindparam("lease_ms"))
    .returning(transcriptions)
)


def _held(task: TranscriptionTask) -> Any:
    """The row, while it is still this taker's."""
    return update(transcriptions).where(
        transcriptions.c.transcription_id == task.row.transcription_id,
        transcriptions.c.status == TranscriptionStatus.IN_PROGRESS.value,
        transcriptions.c.lease_until == task.lease_until,
    )


def _one(account_sid: str, transcription_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        transcriptions.c.transcription_id == transcription_id,
        transcriptions.c.account_sid == account_sid,
    )


def _conditions(wanted: TranscriptionFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.text is not None:
        conditions.append(alike(transcriptions.c.text, wanted.text))
    if wanted.recording_id is not None:
        conditions.append(transcriptions.c.recording_id == wanted.recording_id)
    if wanted.created_from is not None:
        conditions.append(transcriptions.c.date_created >= wanted.created_from)
    if wanted.created_before is not None:
        conditions.append(transcriptions.c.date_created < wanted.created_before)
    return conditions


def transcription_row(row: Row[Any]) -> TranscriptionRow:
    """A row of the table as a value."""
    return TranscriptionRow(
        transcription_id=row.transcription_id,
        account_sid=row.account_sid,
        recording_id=row.recording_id,
        call_id=row.call_id,
        status=TranscriptionStatus(row.status),
        reason=row.reason,
        provider=row.provider,
        language=row.language,
        duration_s=row.duration_s,
        text=row.text,
        date_created=row.date_created,
        date_updated=row.date_updated,
    )

"""Recordings: rows as they are read and deleted, and the files that belong to them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, select

from offhook.call.listing import Page, RecordingFilter
from offhook.call.voice_rows import RecordingRow, RecordingSource, RecordingStatus
from offhook.records.database import Database
from offhook.records.listing import alike, counted
from offhook.records.tables import calls
from offhook.records.voice_tables import conferences, recordings, transcriptions
from offhook.speech.wav import sides_of


class Recordings:
    """The recordings of all accounts, each seen by its account. `folder` is the folder of all of them."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def get(self, account_sid: str, recording_id: str) -> RecordingRow | None:
        """The account's recording with this id."""
        wanted = select(recordings).where(*_one(account_sid, recording_id))
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return recording_row(row) if row else None

    def page(
        self, account_sids: Sequence[str], wanted: RecordingFilter, *, offset: int, limit: int
    ) -> Page[RecordingRow]:
        """A stretch of the recordings of these accounts, newest first or as `wanted` sorts them."""
        query = select(recordings).where(recordings.c.account_sid.in_(account_sids), *_conditions(wanted))
        with self._database.reading() as connection:
            rows, total = counted(connection, query, *_order(wanted), offset=offset, limit=limit)
        return Page(tuple(recording_row(row) for row in rows), total)

    def of_call(self, account_sid: str, call_id: str) -> tuple[RecordingRow, ...]:
        """The recordings of one of the account's calls, oldest first."""
        wanted = select(recordings).where(
            recordings.c.account_sid == account_sid, recordings.c.call_id == call_id
        )
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(recordings.c.date_created)).all()
        return tuple(recording_row(row) for row in rows)

    def file(self, recording: RecordingRow) -> Path | None:
        """Where its sound lies; None where there is none."""
        path = file_in(self._folder, recording.file)
        return path if path is not None and path.is_file() else None

    def delete(self, account_sid: str, recording_id: str) -> bool:
        """Delete a recording that is over, with its words and its file; False where the account has none such."""
        is_over = recordings.c.status != RecordingStatus.IN_PROGRESS.value
        which = *_one(account_sid, recording_id), is_over
        with self._database.writing() as connection:
            file = connection.scalar(select(recordings.c.file).where(*which))
            if file is None:
                return False
            connection.execute(delete(transcriptions).where(transcriptions.c.recording_id == recording_id))
            connection.execute(delete(recordings).where(*which))
        remove_files(self._folder, (file,))
        return True


def file_in(folder: Path, name: str) -> Path | None:
    """The file of that name in the folder of all recordings; None for a name that leads out of it."""
    path = (folder / name).resolve()
    return path if name and path.is_relative_to(folder.resolve()) else None


def remove_files(folder: Path, names: Iterable[str]) -> int:
    """Remove the files of recordings, and what is left of unfinished ones; returns how many recordings had some."""
    removed = 0
    for name in names:
        path = file_in(folder, name)
        if path is None:
            continue
        there = [file for file in (path, path.with_suffix(".joined"), *sides_of(path)) if file.is_file()]
        for file in there:
            file.unlink(missing_ok=True)
        removed += bool(there)
    return removed


def _one(account_sid: str, recording_id: str) -> tuple[ColumnElement[bool], ...]:
    return recordings.c.recording_id == recording_id, recordings.c.account_sid == account_sid


def _conditions(wanted: RecordingFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.call_id is not None:
        conditions.append(recordings.c.call_id == wanted.call_id)
    if wanted.conference_id is not None:
        conditions.append(recordings.c.conference_id == wanted.conference_id)
    if wanted.conference_name is not None:
        named = select(conferences.c.conference_id).where(
            conferences.c.friendly_name == wanted.conference_name
        )
        conditions.append(recordings.c.conference_id.in_(named))
    for column, text in ((calls.c.from_, wanted.from_), (calls.c.to, wanted.to)):
        if text is not None:
            conditions.append(recordings.c.call_id.in_(select(calls.c.call_id).where(alike(column, text))))
    if wanted.created_from is not None:
        conditions.append(recordings.c.date_created >= wanted.created_from)
    if wanted.created_before is not None:
        conditions.append(recordings.c.date_created < wanted.created_before)
    return conditions


def _order(wanted: RecordingFilter) -> tuple[ColumnElement[Any], ...]:
    column = recordings.c[wanted.sort_by]
    return column.desc() if wanted.is_descending else column.asc(), recordings.c.recording_id


def recording_row(row: Row[Any]) -> RecordingRow:
    """A row of the table as a value."""
    return RecordingRow(
        recording_id=row.recording_id,
        account_sid=row.account_sid,
        call_id=row.call_id,
        conference_id=row.conference_id,
        source=RecordingSource(row.source),
        channels=row.channels,
        status=RecordingStatus(row.status),
        reason=row.reason,
        duration_s=row.duration_s,
        size_bytes=row.size_bytes,
        file=row.file,
        date_created=row.date_created,
        date_updated=row.date_updated,
    )

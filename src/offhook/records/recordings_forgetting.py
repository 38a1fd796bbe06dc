"""Recordings and their words go: because they are old, or because a caller is erased.

Each function does one small transaction, and says how much it did. Rows go first, then files: a file that is left over
when a process dies in between is old too, and goes in the next round.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update

from offhook.call.voice_rows import RecordingStatus, TranscriptionStatus
from offhook.records.database import Database
from offhook.records.forgetting import BATCH_ROWS
from offhook.records.recordings import remove_files
from offhook.records.tables import calls
from offhook.records.voice_tables import participants, recordings, transcriptions


def forget_recordings(database: Database, folder: Path, account_sid: str, before: datetime) -> int:
    """Delete some of an account's recordings that were over before a moment, with their words and files; returns how
    many."""
    old = (
        select(recordings.c.recording_id, recordings.c.file)
        .where(
            recordings.c.account_sid == account_sid,
            recordings.c.date_created < before,
            recordings.c.date_updated < before,
            recordings.c.status != RecordingStatus.IN_PROGRESS.value,
        )
        .order_by(recordings.c.date_created)
        .limit(BATCH_ROWS)
    )
    with database.reading() as connection:
        rows = connection.execute(old).all()
    if not rows:
        return 0
    with database.writing() as connection:
        _delete(connection, [row.recording_id for row in rows])
    remove_files(folder, [row.file for row in rows])
    return len(rows)


def blank_transcriptions(database: Database, account_sid: str, before: datetime) -> int:
    """Take the words out of some of an account's transcriptions older than a moment; returns how many."""
    has_words = or_(
        transcriptions.c.text != "",
        transcriptions.c.callback_url.is_not(None),
    )
    old = select(transcriptions.c.transcription_id).where(
        transcriptions.c.account_sid == account_sid,
        transcriptions.c.date_created < before,
        transcriptions.c.status != TranscriptionStatus.IN_PROGRESS.value,
        has_words,
    )
    with database.reading() as connection:
        ids = connection.scalars(old.limit(BATCH_ROWS)).all()
    if ids:
        blank = {"text": "", "callback_url": None, "callback_parameters": None}
        with database.writing() as connection:
            connection.execute(
                update(transcriptions).where(transcriptions.c.transcription_id.in_(ids)).values(blank)
            )
    return len(ids)


def count_of_calls(connection: Connection, call_ids: Sequence[str]) -> dict[str, int]:
    """How many recordings and transcriptions there are in which somebody of these calls can be heard."""
    heard = select(recordings.c.recording_id).where(_heard_in(call_ids))
    words = select(func.count()).where(_words_of(call_ids, heard))
    return {
        recordings.name: connection.scalar(select(func.count()).select_from(heard.subquery())) or 0,
        transcriptions.name: connection.scalar(words) or 0,
    }


def erase_of_calls(connection: Connection, call_ids: Sequence[str]) -> tuple[dict[str, int], list[str]]:
    """Delete these recordings and transcriptions; returns how many, and the names of the files to remove then."""
    rows = connection.execute(
        select(recordings.c.recording_id, recordings.c.file).where(_heard_in(call_ids))
    ).all()
    ids = [row.recording_id for row in rows]
    words = connection.execute(delete(transcriptions).where(_words_of(call_ids, ids))).rowcount
    connection.execute(delete(recordings).where(recordings.c.recording_id.in_(ids)))
    return {recordings.name: len(rows), transcriptions.name: words}, [row.file for row in rows]


def _delete(connection: Connection, ids: Sequence[str]) -> None:
    connection.execute(delete(transcriptions).where(transcriptions.c.recording_id.in_(ids)))
    connection.execute(delete(recordings).where(recordings.c.recording_id.in_(ids)))


def _heard_in(call_ids: Sequence[str]) -> ColumnElement[bool]:
    """The recordings of these calls, of those that dialled them, and of the conferences that they were in."""
    parents = select(calls.c.parent_call_id).where(calls.c.call_id.in_(call_ids))
    conferences = select(participants.c.conference_id).where(participants.c.call_id.in_(call_ids))
    return or_(
        recordings.c.call_id.in_(call_ids),
        recordings.c.call_id.in_(parents.where(calls.c.parent_call_id.is_not(None))),
        recordings.c.conference_id.in_(conferences),
    )


def _words_of(call_ids: Sequence[str], recording_ids: object) -> ColumnElement[bool]:
    return or_(
        transcriptions.c.call_id.in_(call_ids),
        transcriptions.c.recording_id.in_(recording_ids),  # type: ignore[arg-type]
    )

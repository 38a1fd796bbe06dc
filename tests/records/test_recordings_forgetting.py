"""Recordings, their files and their words go with their age, and with a caller who is erased."""

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from offhook.call.info import Direction, new_id
from offhook.call.listing import RecordingFilter, TranscriptionFilter
from offhook.call.meeting_facts import ParticipantChanged
from offhook.call.recording_facts import RecordingFinished, RecordingStarted, TranscriptionAsked
from offhook.call.rows import AccountRow
from offhook.call.voice_rows import RecordingSource, TranscriptionStatus
from offhook.records.caller_number import CallerNumber
from offhook.records.database import Database
from offhook.records.purging import Purge
from offhook.records.recordings import Recordings
from offhook.records.recordings_forgetting import blank_transcriptions, forget_recordings
from offhook.records.transcriptions import TranscriptionQueue, Transcriptions
from offhook.records.voice_tables import transcriptions
from offhook.verbs import Target
from tests.records import story

CALLER = "+493012345678"
KEY = b"k" * 32


def keep(
    database: Database,
    account: AccountRow,
    folder: Path,
    *,
    at_s: float = 0,
    call_id: str | None = None,
    conference_id: str | None = None,
    is_over: bool = True,
) -> str:
    """A recording with its file, whose words are asked for; returns its id."""
    id, at = new_id(), story.after(at_s)
    file = f"{account.sid}/RE{id}.wav"
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(b"sound")
    story.record(
        database,
        RecordingStarted(
            recording_id=id,
            account_sid=account.sid,
            at=at,
            source=RecordingSource.RECORD,
            file=file,
            call_id=call_id,
            conference_id=conference_id,
        ),
    )
    if is_over:
        _finish(database, account, id, call_id, at)
    return id


def _finish(database: Database, account: AccountRow, id: str, call_id: str | None, at: datetime) -> None:
    story.record(
        database,
        RecordingFinished(recording_id=id, account_sid=account.sid, at=at, duration_s=1.0, size_bytes=5),
        TranscriptionAsked(
            transcription_id=new_id(),
            recording_id=id,
            account_sid=account.sid,
            call_id=call_id,
            at=at,
            provider="embedded",
            language="en-US",
            duration_s=1.0,
            callback=Target("http://app.example/words"),
            callback_parameters=(("From", CALLER),),
        ),
    )


def left(database: Database, account: AccountRow, folder: Path) -> tuple[set[str], set[str]]:
    """The recordings that are still there, as rows and as files; each with its transcription."""
    page = Recordings(database, folder).page((account.sid,), RecordingFilter(), offset=0, limit=50)
    words = Transcriptions(database).page(account.sid, TranscriptionFilter(), offset=0, limit=50)
    ids = {row.recording_id for row in page.rows}
    assert {row.recording_id for row in words.rows} <= ids
    return ids, {path.stem.removeprefix("RE") for path in (folder / account.sid).iterdir()}


def speak(database: Database, text: str) -> None:
    """All that waits is put into these words."""
    queue = TranscriptionQueue(database, lambda _task, _row: None)
    while (task := queue.take(60)) is not None:
        queue.finish(
            task, status=TranscriptionStatus.COMPLETED, text=text, reason="", at=task.row.date_created
        )


def test_old_recordings_go_with_words_and_files(
    database: Database, account: AccountRow, tmp_path: Path
) -> None:
    old = keep(database, account, tmp_path)
    running = keep(database, account, tmp_path, is_over=False)
    young = keep(database, account, tmp_path, at_s=100)
    other = story.account(database)
    theirs = keep(database, other, tmp_path)
    assert forget_recordings(database, tmp_path, account.sid, story.after(50)) == 1
    assert forget_recordings(database, tmp_path, account.sid, story.after(50)) == 0
    assert left(database, account, tmp_path) == ({running, young}, {running, young})
    assert left(database, other, tmp_path) == ({theirs}, {theirs})
    assert old not in left(database, account, tmp_path)[1]


def test_old_words_are_taken_out_and_their_rows_stay(
    database: Database, account: AccountRow, tmp_path: Path
) -> None:
    for at_s in (0, 100):
        keep(database, account, tmp_path, at_s=at_s)
    speak(database, "my secret")
    waits = keep(database, account, tmp_path)
    assert blank_transcriptions(database, account.sid, story.after(50)) == 1
    assert blank_transcriptions(database, account.sid, story.after(50)) == 0
    rows = Transcriptions(database).page(account.sid, TranscriptionFilter(), offset=0, limit=9).rows
    assert [(row.recording_id == waits, row.text) for row in rows if row.recording_id != waits] == [
        (False, "my secret"),
        (False, ""),
    ]


def test_with_a_caller_go_all_recordings_in_which_they_are_heard(
    database: Database, account: AccountRow, tmp_path: Path
) -> None:
    theirs, parent, dialled, other = (new_id() for _ in range(4))
    conference = new_id()
    made: tuple[tuple[str, str, dict[str, Any]], ...] = (
        (theirs, CALLER, {}),
        (parent, "+15550001", {}),
        (
            dialled,
            "+15550001",
            {"to": CALLER, "parent_call_id": parent, "direction": Direction.OUTBOUND_DIAL},
        ),
        (other, "+15550002", {}),
    )
    for call_id, from_, fields in made:
        story.record(
            database,
            story.started(account.sid, call_id, from_=from_, **fields),
            story.finished(account.sid, call_id, story.after(60)),
        )
    story.record(
        database,
        ParticipantChanged(
            conference_id=conference,
            call_id=theirs,
            account_sid=account.sid,
            at=story.NOON,
            is_muted=False,
            is_on_hold=False,
            starts_conference=True,
            ends_conference=False,
        ),
    )
    for call_id, room in ((theirs, None), (parent, None), (other, conference)):
        keep(database, account, tmp_path, call_id=call_id, conference_id=room)
    stays = keep(database, account, tmp_path, call_id=other)
    speak(database, "my secret")
    erasing = Purge(database, CallerNumber(CALLER), recordings=tmp_path)
    ids = erasing.found()
    assert erasing.count(ids)["recordings"] == 3
    receipt = erasing.erase(ids, digest_key=KEY)
    assert (receipt.rows["recordings"], receipt.rows["transcriptions"]) == (3, 3)
    assert left(database, account, tmp_path)[0] == {stays}
    assert left(database, account, tmp_path)[1] == {stays}


def test_words_whose_call_was_forgotten_are_found_by_the_number(
    database: Database, account: AccountRow, tmp_path: Path
) -> None:
    keep(database, account, tmp_path, call_id=new_id())
    erasing = Purge(database, CallerNumber(CALLER), recordings=tmp_path)
    erasing.erase(erasing.found(), digest_key=KEY)
    assert left(database, account, tmp_path) == (set(), set())
    with database.reading() as connection:
        assert connection.execute(select(transcriptions)).all() == []

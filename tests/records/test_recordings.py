"""Recordings and transcriptions in the database: what is cut off is repaired, what is asked for is taken and told once."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from offhook.call.info import new_id
from offhook.call.recording_facts import RecordingFinished, RecordingStarted, TranscriptionAsked
from offhook.call.rows import AccountRow, RecordAll
from offhook.call.transcribing import TranscriptionTask
from offhook.call.voice_rows import RecordingSource, RecordingStatus, TranscriptionRow, TranscriptionStatus
from offhook.dialects.rcml.recorded import transcription_request
from offhook.records.columns import database_now
from offhook.records.database import Database
from offhook.records.numbers import Numbers
from offhook.records.recordings import Recordings
from offhook.records.recordings_repair import RecordingsRepair
from offhook.records.tables import outbox, workers
from offhook.records.transcriptions import TranscriptionQueue, Transcriptions
from offhook.records.voice_tables import recordings, transcriptions
from offhook.records.workers import Workers
from offhook.speech.wav import is_whole, sides_of, wav_header
from offhook.verbs import Request, Target
from tests.records import story
from tests.records.test_accounts_and_numbers import number

SECOND = bytes(16_000)


def begin(database: Database, account: AccountRow, *, channels: int = 1) -> RecordingStarted:
    """A recording runs, on the worker of the story."""
    id = new_id()
    fact = RecordingStarted(
        recording_id=id,
        account_sid=account.sid,
        at=story.NOON,
        source=RecordingSource.RECORD,
        file=f"{account.sid}/RE{id}.wav",
        call_id=32 * "a",
        channels=channels,
    )
    story.record(database, fact)
    return fact


def end(database: Database, began: RecordingStarted, seconds: float = 5.0) -> None:
    """It is over."""
    story.record(
        database,
        RecordingFinished(
            recording_id=began.recording_id,
            account_sid=began.account_sid,
            at=story.after(seconds),
            duration_s=seconds,
            size_bytes=round(seconds * 16_000) + 44,
        ),
    )


class TestRepair:
    def test_one_that_was_cut_off_is_made_whole_by_its_size(
        self, database: Database, account: AccountRow, tmp_path: Path
    ) -> None:
        began = begin(database, account)
        path = tmp_path / began.file
        path.parent.mkdir()
        path.write_bytes(wav_header(0) + 7 * SECOND)
        assert RecordingsRepair(database, tmp_path).repair() == 1
        row = Recordings(database, tmp_path).get(account.sid, began.recording_id)
        assert row is not None
        assert (row.status, row.duration_s) == (RecordingStatus.FAILED, 7.0)
        assert row.reason.startswith("worker_lost")
        assert row.size_bytes == path.stat().st_size
        assert is_whole(path)
        assert RecordingsRepair(database, tmp_path).repair() == 0

    def test_the_sides_of_one_in_two_channels_are_joined(
        self, database: Database, account: AccountRow, tmp_path: Path
    ) -> None:
        began = begin(database, account, channels=2)
        path = tmp_path / began.file
        path.parent.mkdir()
        for side, seconds in zip(sides_of(path), (3, 2), strict=True):
            side.write_bytes(wav_header(0) + seconds * SECOND)
        RecordingsRepair(database, tmp_path).repair()
        row = Recordings(database, tmp_path).get(account.sid, began.recording_id)
        assert row is not None
        assert row.duration_s == 3.0
        assert [file.name for file in path.parent.iterdir()] == [path.name]

    def test_one_in_which_nothing_was_written_goes(
        self, database: Database, account: AccountRow, tmp_path: Path
    ) -> None:
        began = begin(database, account)
        path = tmp_path / began.file
        path.parent.mkdir()
        path.write_bytes(wav_header(0))
        RecordingsRepair(database, tmp_path).repair()
        assert Recordings(database, tmp_path).get(account.sid, began.recording_id) is None
        assert not path.exists()

    @pytest.mark.parametrize(
        "content", [None, b"", b"no sound at all, and longer than any header would be, by far"]
    )
    def test_one_whose_file_cannot_be_used_is_closed_and_says_so(
        self, database: Database, account: AccountRow, tmp_path: Path, content: bytes | None
    ) -> None:
        began = begin(database, account)
        if content is not None:
            (tmp_path / began.file).parent.mkdir()
            (tmp_path / began.file).write_bytes(content)
        RecordingsRepair(database, tmp_path).repair()
        row = Recordings(database, tmp_path).get(account.sid, began.recording_id)
        assert (row is None) is (content == b"")
        if row is not None:
            assert (row.status, row.duration_s) == (RecordingStatus.FAILED, 0.0)

    def test_that_of_a_living_worker_is_left_alone(
        self, database: Database, account: AccountRow, tmp_path: Path
    ) -> None:
        began = begin(database, account)
        with database.reading() as connection:
            worker_id = connection.scalar(
                select(recordings.c.worker_id).where(recordings.c.recording_id == began.recording_id)
            )
        assert worker_id is not None
        Workers(database).register(
            worker_id,
            worker_index=0,
            address="http://127.0.0.1:1",
            sip_address="127.0.0.1:5060",
            call_slots=4,
            free_slots=4,
            build="test",
        )
        assert RecordingsRepair(database, tmp_path).repair() == 0
        with database.writing() as connection:
            connection.execute(update(workers).values(stopped_at=database_now()))
        assert RecordingsRepair(database, tmp_path).repair() == 1


def ask(database: Database, account: AccountRow, *, callback: bool = True) -> str:
    """A finished recording is to be put into words; returns the transcription's id."""
    began = begin(database, account)
    end(database, began)
    id = new_id()
    story.record(
        database,
        TranscriptionAsked(
            transcription_id=id,
            recording_id=began.recording_id,
            account_sid=account.sid,
            call_id=began.call_id,
            at=story.after(6),
            provider="embedded",
            language="en-US",
            duration_s=5.0,
            callback=Target("http://app.example/words") if callback else None,
            callback_parameters=(("CallSid", "CA1"),),
        ),
    )
    return id


def tell(task: TranscriptionTask, row: TranscriptionRow) -> Request | None:
    return transcription_request(task, row, "https://voice.example")


class TestQueue:
    def test_words_and_callback_are_written_at_once(self, database: Database, account: AccountRow) -> None:
        id = ask(database, account)
        queue = TranscriptionQueue(database, tell)
        task = queue.take(60)
        assert task is not None
        assert (task.row.transcription_id, task.callback_parameters) == (id, (("CallSid", "CA1"),))
        assert queue.take(60) is None
        assert queue.finish(
            task, status=TranscriptionStatus.COMPLETED, text="hello", reason="", at=story.after(9)
        )
        row = Transcriptions(database).get(account.sid, id)
        assert row is not None
        assert (row.status, row.text) == (TranscriptionStatus.COMPLETED, "hello")
        with database.reading() as connection:
            [sent] = connection.execute(select(outbox)).all()
        told = dict(sent.parameters)
        recording = f"RE{row.recording_id}"
        base = f"https://voice.example/restcomm/2012-04-24/Accounts/{account.sid}"
        assert told == {
            "CallSid": "CA1",
            "TranscriptionSid": f"TR{id}",
            "TranscriptionText": "hello",
            "TranscriptionStatus": "completed",
            "TranscriptionUrl": f"{base}/Transcriptions/TR{id}",
            "RecordingSid": recording,
            "RecordingUrl": f"{base}/Recordings/{recording}.wav",
        }

    def test_who_lost_it_can_tell_nothing_and_it_is_told_once(
        self, database: Database, account: AccountRow
    ) -> None:
        ask(database, account)
        queue = TranscriptionQueue(database, tell)
        first = queue.take(0.0)
        second = queue.take(60)
        assert first is not None
        assert second is not None
        assert queue.renew(first, 60) is None
        done = {"status": TranscriptionStatus.COMPLETED, "reason": "", "at": story.after(9)}
        assert not queue.finish(first, text="of the first", **done)  # type: ignore[arg-type]
        assert queue.finish(second, text="of the second", **done)  # type: ignore[arg-type]
        assert not queue.finish(second, text="again", **done)  # type: ignore[arg-type]
        with database.reading() as connection:
            assert len(connection.execute(select(outbox)).all()) == 1
            assert connection.scalar(select(transcriptions.c.text)) == "of the second"

    def test_a_lease_can_be_renewed_and_given_back(self, database: Database, account: AccountRow) -> None:
        ask(database, account)
        queue = TranscriptionQueue(database, tell)
        task = queue.take(1)
        assert task is not None
        until = queue.renew(task, 60)
        assert until is not None
        assert until - task.lease_until > timedelta(seconds=50)
        assert queue.take(1) is None

    def test_without_a_callback_nothing_is_sent(self, database: Database, account: AccountRow) -> None:
        ask(database, account, callback=False)
        queue = TranscriptionQueue(database, tell)
        task = queue.take(60)
        assert task is not None
        assert not queue.finish(
            task, status=TranscriptionStatus.FAILED, text="", reason="needs_model", at=story.after(9)
        )


def test_a_number_is_recorded_as_it_says_or_else_as_its_account_does(database: Database) -> None:
    account = story.account(database, record_all=RecordAll.MONO)
    numbers = Numbers(database)
    said = {"+15550101": None, "+15550102": RecordAll.STEREO, "+15550103": RecordAll.NONE}
    for called, record_all in said.items():
        numbers.create(number(account.sid, called, record_all=record_all))
    found = {called: numbers.find_for_call(called) for called in said}
    assert [row.record_all if row else None for row in found.values()] == [
        RecordAll.MONO,
        RecordAll.STEREO,
        RecordAll.NONE,
    ]
    kept = numbers.get(account.sid, found["+15550101"].sid if found["+15550101"] else "")
    assert kept is not None
    assert kept.record_all is None

"""What facts about recordings do to the tables. A recording that is over stays as it is."""

from sqlalchemy import Connection, bindparam, delete, update

from offhook.call.recording_facts import RecordingFinished, RecordingStarted, TranscriptionAsked
from offhook.call.voice_rows import RecordingStatus, TranscriptionStatus
from offhook.records.entry import Entry
from offhook.records.inserting import insert_once
from offhook.records.outbox import enqueue
from offhook.records.voice_tables import recordings, transcriptions

_RUNNING = (
    recordings.c.recording_id == bindparam("recording"),
    recordings.c.status == str(RecordingStatus.IN_PROGRESS),
)
_FINISH = update(recordings).where(*_RUNNING)
_DROP = delete(recordings).where(*_RUNNING)


def start_recording(connection: Connection, fact: RecordingStarted, worker_id: str) -> None:
    """Add its row."""
    insert_once(
        connection,
        recordings,
        {
            "recording_id": fact.recording_id,
            "account_sid": fact.account_sid,
            "call_id": fact.call_id,
            "conference_id": fact.conference_id,
            "source": fact.source,
            "channels": fact.channels,
            "status": RecordingStatus.IN_PROGRESS,
            "reason": "",
            "duration_s": 0.0,
            "size_bytes": 0,
            "file": fact.file,
            "worker_id": worker_id,
            "date_created": fact.at,
            "date_updated": fact.at,
        },
    )


def finish_recording(connection: Connection, fact: RecordingFinished, entry: Entry) -> bool:
    """Close its row, or take it away where nothing was recorded; returns whether callbacks wait to be sent."""
    if not fact.duration_s:
        connection.execute(_DROP, {"recording": fact.recording_id})
        return False
    changed = connection.execute(
        _FINISH.values(
            status=RecordingStatus.FAILED if fact.failure else RecordingStatus.COMPLETED,
            reason=fact.failure,
            duration_s=fact.duration_s,
            size_bytes=fact.size_bytes,
            date_updated=fact.at,
        ),
        {"recording": fact.recording_id},
    )
    if not changed.rowcount:
        return False
    for number, request in enumerate(fact.callbacks):
        enqueue(
            connection,
            request,
            id=entry.callback_id(number),
            account_sid=fact.account_sid,
            call_id=fact.recording_id,
            created=fact.at,
        )
    return bool(fact.callbacks)


def ask_transcription(connection: Connection, fact: TranscriptionAsked) -> None:
    """Add its row, for who does the work."""
    insert_once(
        connection,
        transcriptions,
        {
            "transcription_id": fact.transcription_id,
            "account_sid": fact.account_sid,
            "recording_id": fact.recording_id,
            "call_id": fact.call_id,
            "status": TranscriptionStatus.IN_PROGRESS,
            "reason": "",
            "provider": fact.provider,
            "language": fact.language,
            "duration_s": fact.duration_s,
            "text": "",
            "callback_url": fact.callback.url if fact.callback is not None else None,
            "callback_parameters": [list(pair) for pair in fact.callback_parameters],
            "callback_method": fact.callback.method if fact.callback is not None else None,
            "application_language": fact.application_language,
            "date_created": fact.at,
            "date_updated": fact.at,
        },
    )

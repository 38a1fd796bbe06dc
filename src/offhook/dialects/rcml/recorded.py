"""What is told of a recording, whatever verb made it, and of its words."""

from offhook.call.transcribing import TranscriptionTask
from offhook.call.voice_rows import TranscriptionRow
from offhook.verbs import Recorded, Request

Parameters = tuple[tuple[str, str], ...]
VERSION = "2012-04-24"


def recording_parameters(recorded: Recorded | None, public_url: str) -> Parameters:
    """RecordingUrl, PublicRecordingUrl and RecordingDuration; nothing where nothing was recorded."""
    if recorded is None or recorded.recording_id is None:
        return ()
    url = recording_url(recorded.account_sid, recorded.recording_id, public_url)
    return (
        ("RecordingSid", f"RE{recorded.recording_id}"),
        ("RecordingUrl", url),
        ("PublicRecordingUrl", url),
        ("RecordingDuration", seconds_text(recorded.duration_s)),
    )


def recording_url(account_sid: str, recording_id: str, public_url: str) -> str:
    """Where the sound of a recording can be fetched."""
    return f"{_account_url(account_sid, public_url)}/Recordings/RE{recording_id}.wav"


def transcription_request(task: TranscriptionTask, row: TranscriptionRow, public_url: str) -> Request | None:
    """What a transcribeCallback is told, once it is over; None where nobody wants to know."""
    if task.callback is None:
        return None
    return Request(task.callback, (*task.callback_parameters, *transcribed(row, public_url)))


def transcribed(row: TranscriptionRow, public_url: str) -> Parameters:
    """What a transcribeCallback is told besides the standard parameters."""
    url = f"{_account_url(row.account_sid, public_url)}/Transcriptions/TR{row.transcription_id}"
    return (
        ("TranscriptionSid", f"TR{row.transcription_id}"),
        ("TranscriptionText", row.text),
        ("TranscriptionStatus", row.status.value),
        ("TranscriptionUrl", url),
        ("RecordingSid", f"RE{row.recording_id}"),
        ("RecordingUrl", recording_url(row.account_sid, row.recording_id, public_url)),
    )


def seconds_text(seconds: float) -> str:
    """`5.0`: always with a decimal, two at most."""
    return str(round(seconds, 2))


def _account_url(account_sid: str, public_url: str) -> str:
    return f"{public_url.rstrip('/')}/restcomm/{VERSION}/Accounts/{account_sid}"

"""What a transcriptionUrl is told once a recording was put into words."""

from offhook.call.transcribing import TranscriptionTask
from offhook.call.voice_rows import TranscriptionRow
from offhook.dialects.clean_text import clean
from offhook.dialects.vobiz.signatures import VOBIZ_AND_PLIVO
from offhook.dialects.vobiz.values import Parameters, uuid_of
from offhook.verbs import Request


def transcription_request(
    task: TranscriptionTask, row: TranscriptionRow, public_url: str, signature: str = VOBIZ_AND_PLIVO
) -> Request | None:
    """What is told, once it is over, of a failure with an empty text; None where nobody wants to know."""
    if task.callback is None:
        return None
    parameters = (*task.callback_parameters, *transcribed(row, public_url))
    return Request(task.callback, parameters, signature=signature)


def transcribed(row: TranscriptionRow, public_url: str) -> Parameters:
    """The words, whose they are, and where they can be fetched."""
    identity = uuid_of(row.transcription_id)
    # Vobiz' REST has no list of transcriptions; the one that has them opens with the same credentials.
    place = f"/restcomm/2012-04-24/Accounts/{row.account_sid}/Transcriptions/TR{row.transcription_id}.json"
    return (
        ("transcription", clean(row.text)),
        ("transcription_id", identity),
        ("transcription_url", public_url.rstrip("/") + place),
        ("recording_id", uuid_of(row.recording_id)),
    )

"""`/Accounts/{sid}/Transcriptions`: recordings in words."""

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.listing import Page, TranscriptionFilter
from offhook.call.voice_rows import TranscriptionRow
from offhook.rest.errors import not_found
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.dates import read_from, read_until, rfc_822
from offhook.rest.restcomm.sids import read_sid
from offhook.rest.restcomm.spelling import VERSION, resource_uri

TRANSCRIPTION = Kind(element="Transcription", elements="Transcriptions", key="transcriptions")
FILTERS = ("TranscriptionText", "StartTime", "EndTime", "RecordingSid")

router = APIRouter()


@router.get("/Accounts/{account_sid}/Transcriptions")
def show_all(access: LetIn) -> Response:
    """The account's transcriptions, newest first."""
    asked = access.page_asked()
    wanted = _filter(access)
    page: Page[TranscriptionRow] = Page()
    if wanted is not None:
        transcriptions = access.ports.transcriptions
        page = transcriptions.page(access.account.sid, wanted, offset=asked.offset, limit=asked.size)
    items = [_fields(transcription, access) for transcription in page.rows]
    return access.many(TRANSCRIPTION, items, page.total, asked, FILTERS)


@router.get("/Accounts/{account_sid}/Transcriptions/{sid}")
def show(access: LetIn, sid: str) -> Response:
    """A transcription of the account."""
    transcription_id = read_sid(sid, "TR")
    transcriptions = access.ports.transcriptions
    transcription = transcriptions.get(access.account.sid, transcription_id) if transcription_id else None
    if transcription is None:
        raise not_found(f"transcription {sid}")
    return access.one(TRANSCRIPTION, _fields(transcription, access))


@router.delete("/Accounts/{account_sid}/Transcriptions/{sid}")
def delete(access: LetIn, sid: str) -> Response:
    """Delete a transcription; its recording stays."""
    transcription_id = read_sid(sid, "TR")
    if transcription_id is None or not access.ports.transcriptions.delete(
        access.account.sid, transcription_id
    ):
        raise not_found(f"transcription {sid}")
    return Response(status_code=200)


def _filter(access: Access) -> TranscriptionFilter | None:
    """The transcriptions that the query asks for; None for such as cannot be. Raises Refusal."""
    query = access.query
    recording_id = None
    if "RecordingSid" in query:
        recording_id = read_sid(query["RecordingSid"], "RE")
        if recording_id is None:
            return None
    return TranscriptionFilter(
        text=query.get("TranscriptionText"),
        recording_id=recording_id,
        created_from=read_from("StartTime", query["StartTime"]) if query.get("StartTime") else None,
        created_before=read_until("EndTime", query["EndTime"]) if query.get("EndTime") else None,
    )


def _fields(transcription: TranscriptionRow, access: Access) -> Fields:
    sid, owner = f"TR{transcription.transcription_id}", transcription.account_sid
    return {
        "sid": sid,
        "date_created": rfc_822(transcription.date_created),
        "date_updated": rfc_822(transcription.date_updated),
        "account_sid": owner,
        "status": transcription.status,
        "reason": transcription.reason or None,
        "recording_sid": f"RE{transcription.recording_id}",
        "duration": str(round(transcription.duration_s, 2)),
        "transcription_text": transcription.text,
        "language": transcription.language,
        "provider": transcription.provider,
        "api_version": VERSION,
        "uri": resource_uri(owner, f"Transcriptions/{sid}", format=access.spelling.format),
    }

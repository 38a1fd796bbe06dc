"""`/Recording/`: what was recorded, to be listed, heard and deleted."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from offhook.call.listing import Page, RecordingFilter
from offhook.call.rows import CallRow
from offhook.call.voice_rows import RecordingRow, RecordingSource
from offhook.rest import sounds
from offhook.rest.errors import invalid, not_found
from offhook.rest.ports import Ports
from offhook.rest.vobiz.access import Access, LetIn, let_in
from offhook.rest.vobiz.answers import (
    Answered,
    answer,
    done,
    moment,
    page,
    read_stretch,
    read_uuid,
    uuid_text,
)
from offhook.rest.vobiz.bodies import Fields

SOURCES = {
    RecordingSource.RECORD: "normal",
    RecordingSource.DIAL: "normal",
    RecordingSource.CONFERENCE: "conference",
    RecordingSource.QUEUE: "normal",
    RecordingSource.WHOLE_CALL: "trunk",
}
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T+](\d{2}:\d{2})(?::(\d{2})(?:\.\d+)?)?)?(?:Z|\+00:00)?")
_MOMENT = timedelta(milliseconds=1)
_BILLED_S = 60

router = APIRouter()


@router.get("/Account/{auth_id}/Recording")
def show_all(access: LetIn) -> Response:
    """The account's recordings, newest first."""
    asked = read_stretch(access.query)
    wanted = _filter(access)
    found: Page[RecordingRow] = Page()
    if wanted is not None:
        accounts = (access.account.sid,)
        found = access.ports.recordings.page(accounts, wanted, offset=asked.offset, limit=asked.limit)
    kept = {name: access.query[name] for name in access.query if name not in ("limit", "offset")}
    items = [_shown(recording, access) for recording in found.rows]
    return page(items, found.total, asked, path=access.uri("Recording"), query=kept)


def _owner(request: Request, auth_id: str) -> str:
    """Whose sound may be fetched: that of the account let in, or of any where fetching is open. Raises Refusal."""
    ports: Ports = request.app.state.ports
    if sounds.is_open_to(request) and "x-auth-id" not in request.headers:
        account = ports.accounts.find(auth_id)
        return account.sid if account is not None else auth_id
    return let_in(request, auth_id).account.sid


Owner = Annotated[str, Depends(_owner)]


@router.api_route("/Account/{auth_id}/Recording/{recording_id}.wav", methods=["GET", "HEAD"])
def fetch_wav(request: Request, owner: Owner, recording_id: str) -> Response:
    """The sound of a recording, whole or in parts (Range)."""
    ports: Ports = request.app.state.ports
    return sounds.wav(ports, _find(ports, owner, recording_id), recording_id)


@router.api_route("/Account/{auth_id}/Recording/{recording_id}.mp3", methods=["GET", "HEAD"])
def fetch_mp3(request: Request, owner: Owner, recording_id: str) -> Response:
    """The sound of a recording as MP3, made when it is asked for."""
    ports: Ports = request.app.state.ports
    return sounds.mp3(ports, _find(ports, owner, recording_id), recording_id)


@router.get("/Account/{auth_id}/Recording/{recording_id}")
def show(access: LetIn, recording_id: str) -> Response:
    """A recording of the account."""
    return answer(_shown(_find(access.ports, access.account.sid, recording_id), access))


@router.delete("/Account/{auth_id}/Recording/{recording_id}")
def delete(access: LetIn, recording_id: str) -> Response:
    """Delete a recording, its file and its words."""
    recording = _find(access.ports, access.account.sid, recording_id)
    if not access.ports.recordings.delete(access.account.sid, recording.recording_id):
        sounds.refuse_running(_find(access.ports, access.account.sid, recording_id), recording_id)
    return done()


def _find(ports: Ports, account_sid: str, text: str) -> RecordingRow:
    recording_id = read_uuid(text)
    recording = ports.recordings.get(account_sid, recording_id) if recording_id else None
    if recording is None:
        raise not_found(f"recording {text[:80]}")
    return recording


def _filter(access: Access) -> RecordingFilter | None:
    """The recordings that the query asks for; None for such as cannot be. Raises Refusal."""
    query = access.query
    call_id = conference_id = None
    if query.get("call_uuid", "").strip():
        call_id = read_uuid(query["call_uuid"].strip())
        if call_id is None:
            return None
    if query.get("conference_uuid", "").strip():
        conference_id = read_uuid(query["conference_uuid"].strip())
        if conference_id is None:
            return None
    since = [read_time(query, "add_time__gte"), _later(read_time(query, "add_time__gt"))]
    until = [_later(read_time(query, "add_time__lte")), read_time(query, "add_time__lt")]
    return RecordingFilter(
        call_id=call_id,
        conference_id=conference_id,
        conference_name=query.get("conference_name", "").strip() or None,
        from_=_party(query.get("from_number", "")),
        to=_party(query.get("to_number", "")),
        created_from=max((at for at in since if at is not None), default=None),
        created_before=min((at for at in until if at is not None), default=None),
    )


def _party(text: str) -> str | None:
    return f"%{text.strip().lstrip('+')}" if text.strip() else None


def _later(at: datetime | None) -> datetime | None:
    return at + _MOMENT if at is not None else None


def read_time(query: Fields, name: str) -> datetime | None:
    """A date, or a date and time, in UTC; None where none is given. Raises Refusal."""
    text = query.get(name, "").strip()
    if not text:
        return None
    found = _TIME.fullmatch(text)
    try:
        if found is not None:
            clock = f"{found[2] or '00:00'}:{found[3] or '00'}"
            return datetime.fromisoformat(f"{found[1]}T{clock}").replace(tzinfo=UTC)
    except ValueError:
        pass
    raise invalid(f"{name} must be a time such as 2026-03-21 11:47 or 2026-03-21 11:47:30, in UTC.")


def _shown(recording: RecordingRow, access: Access) -> Answered:
    name = uuid_text(recording.recording_id)
    call = _call_of(recording, access)
    conference_name = None
    if recording.conference_id:
        conference = access.ports.conferences.get(recording.account_sid, recording.conference_id)
        conference_name = conference.friendly_name if conference is not None else None
    began_ms = round(recording.date_created.timestamp() * 1000)
    length_ms = round(recording.duration_s * 1000)
    return {
        "recording_id": name,
        "add_time": moment(recording.date_created),
        "call_uuid": uuid_text(recording.call_id) if recording.call_id else None,
        "conference_name": conference_name,
        "from_number": call.from_ if call is not None else None,
        "to_number": call.to if call is not None else None,
        "recording_type": SOURCES[recording.source],
        "recording_format": "mp3",
        "recording_url": access.url(f"Recording/{name}.mp3"),
        "recording_duration_ms": f"{length_ms}.00000",
        "recording_start_ms": f"{began_ms}.00000",
        "recording_end_ms": f"{began_ms + length_ms}.00000",
        "rounded_recording_duration": -(-length_ms // (1000 * _BILLED_S)) * _BILLED_S,
        "recording_storage_duration": max(0, (datetime.now(UTC) - recording.date_created).days),
        "recording_storage_rate": "0.0000",
        "monthly_recording_storage_amount": "0.0000",
        "recording_status": recording.status,
        "channels": recording.channels,
        "resource_uri": access.uri(f"Recording/{name}"),
    }


def _call_of(recording: RecordingRow, access: Access) -> CallRow | None:
    if recording.call_id is None:
        return None
    return access.ports.calls.get(recording.account_sid, recording.call_id)

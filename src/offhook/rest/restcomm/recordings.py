"""`/Accounts/{sid}/Recordings`: what was recorded, to be listed, heard and deleted."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from offhook.call.listing import Page, RecordingFilter
from offhook.call.voice_rows import RecordingRow
from offhook.rest import forms, sounds
from offhook.rest.callers import LEVELS
from offhook.rest.errors import invalid, not_found
from offhook.rest.ports import Ports
from offhook.rest.restcomm.access import Access, LetIn, let_in
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.dates import read_from, read_until, rfc_822
from offhook.rest.restcomm.sids import call_sid, read_call_sid, read_sid
from offhook.rest.restcomm.spelling import VERSION, Format, resource_uri

RECORDING = Kind(element="Recording", elements="Recordings", key="recordings")
FILTERS = (
    "CallSid",
    "ConferenceSid",
    "StartTime",
    "EndTime",
    "DateCreated",
    "SubAccounts",
    "SortBy",
    "Reverse",
)
SortedBy = Literal["date_created", "duration_s", "call_id"]
SORTED_BY: dict[str, SortedBy] = {
    "DateCreated": "date_created",
    "Duration": "duration_s",
    "CallSid": "call_id",
}
router = APIRouter()


@router.get("/Accounts/{account_sid}/Recordings")
def show_all(access: LetIn) -> Response:
    """The account's recordings, newest first, or by what SortBy names; with SubAccounts=true, theirs too."""
    asked = access.page_asked()
    wanted = _filter(access)
    page: Page[RecordingRow] = Page()
    if wanted is not None:
        accounts = _accounts(access)
        page = access.ports.recordings.page(accounts, wanted, offset=asked.offset, limit=asked.size)
    items = [_fields(recording, access) for recording in page.rows]
    return access.many(RECORDING, items, page.total, asked, FILTERS)


@router.get("/Accounts/{account_sid}/Calls/{call}/Recordings")
def show_of_call(access: LetIn, call: str) -> Response:
    """The recordings of one of the account's calls, oldest first, without pages."""
    call_id = read_call_sid(call, access.ports.instance_id)
    if call_id is None or access.ports.calls.get(access.account.sid, call_id) is None:
        raise not_found(f"call {call}")
    found = access.ports.recordings.of_call(access.account.sid, call_id)
    return access.every(RECORDING, [_fields(recording, access) for recording in found])


def _owner(request: Request, account_sid: str) -> str:
    """Whose media may be fetched: that of the account let in, or of any where fetching is open. Raises Refusal."""
    return account_sid if sounds.is_open_to(request) else let_in(request, account_sid).account.sid


Owner = Annotated[str, Depends(_owner)]


@router.api_route("/Accounts/{account_sid}/Recordings/{sid}.wav", methods=["GET", "HEAD"])
def fetch_wav(request: Request, owner: Owner, sid: str) -> Response:
    """The sound of a recording, whole or in parts (Range)."""
    recording = _media(request, owner, sid)
    return sounds.wav(request.app.state.ports, recording, sid)


@router.api_route("/Accounts/{account_sid}/Recordings/{sid}.mp3", methods=["GET", "HEAD"])
def fetch_mp3(request: Request, owner: Owner, sid: str) -> Response:
    """The sound of a recording as MP3, made when it is asked for."""
    recording = _media(request, owner, sid)
    return sounds.mp3(request.app.state.ports, recording, sid)


@router.get("/Accounts/{account_sid}/Recordings/{sid}.mp4")
def refuse_mp4(access: LetIn, sid: str) -> Response:
    """There is no video."""
    _recording(access, sid)
    raise not_found(f"video of recording {sid}: ask for .wav or .mp3")


@router.get("/Accounts/{account_sid}/Recordings/{sid}")
def show(access: LetIn, sid: str) -> Response:
    """A recording of the account."""
    return access.one(RECORDING, _fields(_recording(access, sid), access))


@router.delete("/Accounts/{account_sid}/Recordings/{sid}")
def delete(access: LetIn, sid: str) -> Response:
    """Delete a recording, its file and its words."""
    recording = _recording(access, sid)
    if not access.ports.recordings.delete(access.account.sid, recording.recording_id):
        sounds.refuse_running(_recording(access, sid), sid)
    return Response(status_code=200)


def _media(request: Request, owner: str, sid: str) -> RecordingRow:
    """A recording that is over. Raises Refusal."""
    ports: Ports = request.app.state.ports
    recording_id = read_sid(sid, "RE")
    recording = ports.recordings.get(owner, recording_id) if recording_id else None
    if recording is None:
        raise not_found(f"recording {sid}")
    return recording


def _recording(access: Access, sid: str) -> RecordingRow:
    recording_id = read_sid(sid, "RE")
    recording = access.ports.recordings.get(access.account.sid, recording_id) if recording_id else None
    if recording is None:
        raise not_found(f"recording {sid}")
    return recording


def _accounts(access: Access) -> tuple[str, ...]:
    """Whose recordings are meant. Raises Refusal."""
    level = [access.account.sid]
    every = list(level)
    if forms.truth(access.query, "SubAccounts"):
        for _ in range(LEVELS):
            level = [child.sid for sid in level for child in access.ports.accounts.children(sid)]
            every += level
    return tuple(every)


def _filter(access: Access) -> RecordingFilter | None:
    """The recordings that the query asks for; None for such as cannot be. Raises Refusal."""
    query = access.query
    since = query.get("StartTime") or query.get("DateCreated")
    created_from = read_from("StartTime" if "StartTime" in query else "DateCreated", since) if since else None
    created_before = read_until("EndTime", query["EndTime"]) if query.get("EndTime") else None
    sort_by, is_descending = _sorting(access)
    call_id = conference_id = None
    if "CallSid" in query:
        call_id = read_call_sid(query["CallSid"], access.ports.instance_id)
        if call_id is None:
            return None
    if "ConferenceSid" in query:
        conference_id = read_sid(query["ConferenceSid"], "CF")
        if conference_id is None:
            return None
    return RecordingFilter(
        call_id=call_id,
        conference_id=conference_id,
        created_from=created_from,
        created_before=created_before,
        sort_by=sort_by,
        is_descending=is_descending,
    )


def _sorting(access: Access) -> tuple[SortedBy, bool]:
    """By which column, and whether from its end; newest first unless something is said. Raises Refusal."""
    text = access.query.get("SortBy", "")
    name, _, order = text.partition(":")
    if (text and name not in SORTED_BY) or order.lower() not in ("", "asc", "desc"):
        raise invalid(f"SortBy must be one of {', '.join(SORTED_BY)}, and may end in :asc or :desc.")
    if not text:
        return "date_created", True
    return SORTED_BY[name], order.lower() == "desc" or bool(forms.truth(access.query, "Reverse"))


def _fields(recording: RecordingRow, access: Access) -> Fields:
    format = access.spelling.format
    sid = f"RE{recording.recording_id}"
    owner = recording.account_sid
    call, conference = recording.call_id, recording.conference_id
    return {
        "sid": sid,
        "date_created": rfc_822(recording.date_created),
        "date_updated": rfc_822(recording.date_updated),
        "account_sid": owner,
        "call_sid": call_sid(access.ports.instance_id, call) if call else None,
        "conference_sid": f"CF{conference}" if conference else None,
        "duration": str(round(recording.duration_s, 2)),
        "channels": recording.channels,
        "source": recording.source,
        "status": recording.status,
        "reason": recording.reason or None,
        "api_version": VERSION,
        "uri": resource_uri(owner, f"Recordings/{sid}", format=format),
        "file_uri": _file_uri(owner, sid, access),
    }


def _file_uri(owner: str, sid: str, access: Access) -> str:
    path = resource_uri(owner, f"Recordings/{sid}", format=Format.XML)
    return f"{access.ports.public_url.rstrip('/')}/restcomm{path}.wav"

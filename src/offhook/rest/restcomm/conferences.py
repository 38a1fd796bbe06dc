"""`/Accounts/{sid}/Conferences`: conferences, and how to end one."""

import asyncio

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.listing import ConferenceFilter
from offhook.call.voice_rows import ConferenceRow, ConferenceStatus
from offhook.rest.errors import BUSY, GONE, Refusal, invalid, not_found
from offhook.rest.forms import FormFields
from offhook.rest.live_ports import OwnerAway
from offhook.rest.meeting_ports import ConferenceIsOver
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.calls import RETRY_AFTER_S
from offhook.rest.restcomm.dates import read_from, rfc_822
from offhook.rest.restcomm.sids import read_sid
from offhook.rest.restcomm.spelling import VERSION, resource_uri

CONFERENCE = Kind(element="Conference", elements="Conferences", key="conferences")
FILTERS = ("Status", "DateCreated", "DateUpdated", "FriendlyName")
COMPLETED = "completed"

_STATUSES = {
    ConferenceStatus.INITIALIZING: "RUNNING_INITIALIZING",
    ConferenceStatus.MODERATOR_ABSENT: "RUNNING_MODERATOR_ABSENT",
    ConferenceStatus.MODERATOR_PRESENT: "RUNNING_MODERATOR_PRESENT",
    ConferenceStatus.STOPPING: "STOPPING",
    ConferenceStatus.COMPLETED: "COMPLETED",
    ConferenceStatus.FAILED: "FAILED",
}
_BY_WORD = {word: status for status, word in _STATUSES.items()}

router = APIRouter()


@router.get("/Accounts/{account_sid}/Conferences")
def show_all(access: LetIn) -> Response:
    """The account's conferences, newest first."""
    asked = access.page_asked()
    page = access.ports.conferences.page(
        access.account.sid, _filter(access), offset=asked.offset, limit=asked.size
    )
    items = [_fields(conference, access) for conference in page.rows]
    return access.many(CONFERENCE, items, page.total, asked, FILTERS)


@router.get("/Accounts/{account_sid}/Conferences/{conference}")
def show(access: LetIn, conference: str) -> Response:
    """A conference of the account."""
    return access.one(CONFERENCE, _fields(find_conference(access, conference), access))


@router.post("/Accounts/{account_sid}/Conferences/{conference}")
async def end(access: LetIn, conference: str, form: FormFields) -> Response:
    """End a conference for all who are in it; answers with the conference as it is then."""
    if form.get("Status", "").strip().lower() != COMPLETED:
        raise invalid(f"Status must be {COMPLETED}: it ends the conference, and nothing else can be changed.")
    row = await asyncio.to_thread(find_conference, access, conference)
    if row.status.is_final:
        raise already_over()
    try:
        await access.ports.conference_control.end(row)
    except ConferenceIsOver:
        raise already_over() from None
    except OwnerAway as away:
        raise owner_away(away) from None
    now = await asyncio.to_thread(find_conference, access, conference)
    return access.one(CONFERENCE, _fields(now, access))


def find_conference(access: Access, sid: str) -> ConferenceRow:
    """The account's conference with this sid. Blocks. Raises Refusal."""
    conference_id = read_sid(sid, "CF")
    row = access.ports.conferences.get(access.account.sid, conference_id) if conference_id else None
    if row is None:
        raise not_found(f"conference {sid}")
    return row


def already_over() -> Refusal:
    """The conference has ended."""
    return Refusal(410, GONE, "The conference is over.")


def owner_away(away: OwnerAway) -> Refusal:
    """The conference is where nobody answers now."""
    message = f"The conference cannot be reached now: {away}. Try again in a moment."
    return Refusal(503, BUSY, message, {"Retry-After": str(RETRY_AFTER_S)})


def _filter(access: Access) -> ConferenceFilter:
    """Raises Refusal."""
    query = access.query
    word = query.get("Status", "").upper()
    if word and word not in _BY_WORD:
        raise invalid(f"Status must be one of {', '.join(_BY_WORD)}.")
    return ConferenceFilter(
        friendly_name=query.get("FriendlyName"),
        status=_BY_WORD.get(word),
        created_from=read_from("DateCreated", query["DateCreated"]) if "DateCreated" in query else None,
        updated_from=read_from("DateUpdated", query["DateUpdated"]) if "DateUpdated" in query else None,
    )


def _fields(conference: ConferenceRow, access: Access) -> Fields:
    sid, format = f"CF{conference.conference_id}", access.spelling.format
    account_sid = conference.account_sid
    return {
        "sid": sid,
        "date_created": rfc_822(conference.date_created),
        "date_updated": rfc_822(conference.date_updated),
        "account_sid": account_sid,
        "status": _STATUSES[conference.status],
        "api_version": VERSION,
        "friendly_name": conference.friendly_name,
        "uri": resource_uri(account_sid, f"Conferences/{sid}", format=format),
        "subresource_uris": {
            "participants": resource_uri(account_sid, f"Conferences/{sid}/Participants", format=format)
        },
    }

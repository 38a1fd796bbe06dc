"""`/Accounts/{sid}/Conferences/{sid}/Participants`: who is in a conference, and what can be done to them."""

import asyncio

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.voice_rows import ConferenceRow, ParticipantRow
from offhook.rest import forms
from offhook.rest.errors import invalid, not_found
from offhook.rest.forms import Form, FormFields
from offhook.rest.live_ports import OwnerAway
from offhook.rest.meeting_ports import ConferenceIsOver, ParticipantChange
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.conferences import COMPLETED, already_over, find_conference, owner_away
from offhook.rest.restcomm.dates import rfc_822
from offhook.rest.restcomm.sids import call_sid, read_call_sid
from offhook.rest.restcomm.spelling import resource_uri

PARTICIPANT = Kind(element="Participant", elements="Participants", key="calls")

router = APIRouter()


@router.get("/Accounts/{account_sid}/Conferences/{conference}/Participants")
def show_all(access: LetIn, conference: str) -> Response:
    """Those who are in a conference now, in the order of their coming."""
    row, asked = find_conference(access, conference), access.page_asked()
    page = access.ports.conferences.participants(
        access.account.sid, row.conference_id, offset=asked.offset, limit=asked.size
    )
    items = [_fields(participant, access) for participant in page.rows]
    return access.many(PARTICIPANT, items, page.total, asked, ())


@router.get("/Accounts/{account_sid}/Conferences/{conference}/Participants/{call}")
def show(access: LetIn, conference: str, call: str) -> Response:
    """Somebody who is in a conference now."""
    _, participant = _find(access, conference, call)
    return access.one(PARTICIPANT, _fields(participant, access))


@router.post("/Accounts/{account_sid}/Conferences/{conference}/Participants/{call}")
async def change(access: LetIn, conference: str, call: str, form: FormFields) -> Response:
    """Mute somebody, hold them, or put them out; answers with them as they are then."""
    wanted = read_change(form)
    row, participant = await asyncio.to_thread(_find, access, conference, call)
    await _change(access, row, participant, wanted)
    now = await asyncio.to_thread(
        access.ports.conferences.participant, access.account.sid, row.conference_id, participant.call_id
    )
    return access.one(PARTICIPANT, _fields(now or participant, access))


@router.delete("/Accounts/{account_sid}/Conferences/{conference}/Participants/{call}")
async def put_out(access: LetIn, conference: str, call: str) -> Response:
    """Put somebody out of a conference."""
    row, participant = await asyncio.to_thread(_find, access, conference, call)
    await _change(access, row, participant, ParticipantChange(is_out=True))
    return Response(status_code=204)


def read_change(form: Form) -> ParticipantChange:
    """What a form wants. Raises Refusal."""
    status = form.get("Status", "").strip().lower()
    if status not in ("", COMPLETED):
        raise invalid(f"Status must be {COMPLETED}, which puts the participant out of the conference.")
    wanted = ParticipantChange(
        is_muted=forms.truth(form, "Mute"),
        is_on_hold=forms.truth(form, "Hold"),
        hold_sound=forms.target(form, "HoldUrl", "HoldMethod"),
        is_out=status == COMPLETED,
    )
    if wanted.hold_sound is not None and not wanted.is_on_hold:
        raise invalid("HoldUrl needs Hold=true.")
    if wanted == ParticipantChange():
        raise invalid("Give Mute, Hold or Status=completed: there is nothing to change.")
    return wanted


async def _change(
    access: Access, conference: ConferenceRow, participant: ParticipantRow, wanted: ParticipantChange
) -> None:
    try:
        await access.ports.conference_control.change(conference, participant.call_id, wanted)
    except ConferenceIsOver:
        raise _not_inside(access, participant.call_id) from None
    except OwnerAway as away:
        raise owner_away(away) from None


def _find(access: Access, conference: str, call: str) -> tuple[ConferenceRow, ParticipantRow]:
    """Blocks. Raises Refusal."""
    row = find_conference(access, conference)
    call_id = read_call_sid(call, access.ports.instance_id)
    if row.status.is_final:
        raise already_over()
    participant = (
        access.ports.conferences.participant(access.account.sid, row.conference_id, call_id)
        if call_id
        else None
    )
    if participant is None or participant.left_at is not None:
        raise not_found(f"participant {call} in this conference")
    return row, participant


def _not_inside(access: Access, call_id: str) -> Exception:
    return not_found(f"participant {call_sid(access.ports.instance_id, call_id)} in this conference")


def _fields(participant: ParticipantRow, access: Access) -> Fields:
    sid = call_sid(access.ports.instance_id, participant.call_id)
    conference_sid = f"CF{participant.conference_id}"
    path = f"Conferences/{conference_sid}/Participants/{sid}"
    return {
        "sid": sid,
        "conference_sid": conference_sid,
        "date_created": rfc_822(participant.date_created),
        "date_updated": rfc_822(participant.date_updated),
        "account_sid": participant.account_sid,
        "muted": participant.is_muted,
        "hold": participant.is_on_hold,
        "start_conference_on_enter": participant.starts_conference,
        # Named so by the API; its value is that of endConferenceOnExit.
        "end_conference_on_enter": participant.ends_conference,
        "uri": resource_uri(participant.account_sid, path, format=access.spelling.format),
    }

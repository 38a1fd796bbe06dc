"""`/Conference/`: conferences that run, by their names, and how to end and record them."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.listing import ConferenceFilter
from offhook.call.rows import CallRow
from offhook.call.voice_rows import ConferenceRow, ParticipantRow
from offhook.rest.errors import conflict, not_found
from offhook.rest.live_ports import OwnerAway
from offhook.rest.meeting_ports import ConferenceIsOver
from offhook.rest.vobiz.access import Access, LetIn
from offhook.rest.vobiz.answers import Answered, answer, done, uuid_text
from offhook.rest.vobiz.bodies import BodyFields
from offhook.rest.vobiz.cdr_rows import direction_of
from offhook.rest.vobiz.live import read_record

MOST_CONFERENCES, MOST_MEMBERS = 1000, 1000

router = APIRouter()


@router.get("/Account/{auth_id}/Conference")
def show_all(access: LetIn) -> Response:
    """The names of the account's conferences that run."""
    return answer({"conferences": [row.friendly_name for row in _running(access)]})


@router.delete("/Account/{auth_id}/Conference")
async def end_all(access: LetIn) -> Response:
    """End all conferences of the account."""
    for conference in await asyncio.to_thread(_running, access):
        await control(access.ports.conference_control.end, conference, is_gone_well=True)
    return done()


@router.get("/Account/{auth_id}/Conference/{name}")
def show(access: LetIn, name: str) -> Response:
    """A conference that runs, with its members."""
    conference = find_conference(access, name)
    members = [_member_fields(member, access) for member in members_of(access, conference)]
    fields: Answered = {
        "conference_name": conference.friendly_name,
        "conference_uuid": uuid_text(conference.conference_id),
        "conference_run_time": str(_age_s(conference.date_created)),
        "conference_member_count": str(len(members)),
        "members": members,
    }
    return answer(fields)


@router.delete("/Account/{auth_id}/Conference/{name}")
async def end(access: LetIn, name: str) -> Response:
    """End a conference for all who are in it."""
    conference = await asyncio.to_thread(find_conference, access, name)
    await control(access.ports.conference_control.end, conference)
    return done()


@router.post("/Account/{auth_id}/Conference/{name}/Record")
async def start_recording(access: LetIn, name: str, body: BodyFields) -> Response:
    """Record a conference from now on."""
    file_format = read_record(body).file_format
    conference = await asyncio.to_thread(find_conference, access, name)
    recording_id = new_id()
    await control(access.ports.conference_control.record, conference, recording_id)
    shown = uuid_text(recording_id)
    url = access.url(f"Recording/{shown}.{file_format}")
    told = {"message": "conference recording started", "recording_id": shown, "url": url}
    return answer(told, 202)


@router.delete("/Account/{auth_id}/Conference/{name}/Record")
async def stop_recording(access: LetIn, name: str) -> Response:
    """End the recordings of a conference that this API began."""
    conference = await asyncio.to_thread(find_conference, access, name)
    await control(access.ports.conference_control.stop_recording, conference)
    return done()


def find_conference(access: Access, name: str) -> ConferenceRow:
    """The account's conference of that name that runs. Blocks. Raises Refusal."""
    found = next((row for row in _running(access) if row.friendly_name == name), None)
    if found is None:
        raise not_found(f"running conference {name[:80]}")
    return found


def members_of(access: Access, conference: ConferenceRow) -> tuple[ParticipantRow, ...]:
    """Who is in a conference now, in the order of their coming. Blocks."""
    conferences, account_sid = access.ports.conferences, access.account.sid
    return conferences.participants(account_sid, conference.conference_id, offset=0, limit=MOST_MEMBERS).rows


async def control(
    do: Callable[..., Coroutine[Any, Any, None]],
    conference: ConferenceRow,
    *given: object,
    is_gone_well: bool = False,
) -> None:
    """Have it done; `is_gone_well` where nothing is to be done to what is over. Raises Refusal."""
    try:
        await do(conference, *given)
    except ConferenceIsOver:
        if not is_gone_well:
            raise not_found(f"such member, or the conference {conference.friendly_name} is over") from None
    except OwnerAway as away:
        raise conflict(f"The conference cannot be reached now: {away}. Try again in a moment.") from None


def _running(access: Access) -> tuple[ConferenceRow, ...]:
    wanted = ConferenceFilter(is_over=False)
    return access.ports.conferences.page(access.account.sid, wanted, offset=0, limit=MOST_CONFERENCES).rows


def _member_fields(member: ParticipantRow, access: Access) -> Answered:
    call: CallRow | None = access.ports.calls.get(access.account.sid, member.call_id)
    return {
        "member_id": uuid_text(member.call_id),
        "call_uuid": uuid_text(member.call_id),
        "muted": member.is_muted,
        "deaf": member.is_deaf,
        "from": call.from_ if call is not None else "",
        "to": call.to if call is not None else "",
        "caller_name": (call.caller_name or "") if call is not None else "",
        "direction": direction_of(call) if call is not None else "",
        "join_time": str(_age_s(member.date_created)),
    }


def _age_s(since: datetime) -> int:
    return max(0, int((datetime.now(UTC) - since).total_seconds()))

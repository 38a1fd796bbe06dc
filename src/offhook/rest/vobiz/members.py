"""`/Conference/{name}/Member/{ids}/`: what is done to those who are in a conference. Ids are UUIDs of calls, with commas
between, or the word all."""

import asyncio

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.rows import CallRow
from offhook.call.voice_rows import ConferenceRow
from offhook.rest.errors import invalid, not_found
from offhook.rest.live_ports import Performance, PerformanceKind
from offhook.rest.meeting_ports import ParticipantChange
from offhook.rest.vobiz.access import Access, LetIn
from offhook.rest.vobiz.answers import answer, done, read_uuid, uuid_text
from offhook.rest.vobiz.bodies import BodyFields
from offhook.rest.vobiz.conferences import control, find_conference, members_of
from offhook.rest.vobiz.live import perform, read_urls, stop
from offhook.rest.vobiz.words import read_speech
from offhook.verbs import Play

ALL = "all"

router = APIRouter()


@router.post("/Account/{auth_id}/Conference/{name}/Member/{ids}/Mute")
async def mute(access: LetIn, name: str, ids: str) -> Response:
    """Let nobody hear them."""
    return _told("muted", await _change(access, name, ids, ParticipantChange(is_muted=True)))


@router.delete("/Account/{auth_id}/Conference/{name}/Member/{ids}/Mute")
async def unmute(access: LetIn, name: str, ids: str) -> Response:
    """Let all hear them again."""
    await _change(access, name, ids, ParticipantChange(is_muted=False))
    return done()


@router.post("/Account/{auth_id}/Conference/{name}/Member/{ids}/Deaf")
async def deafen(access: LetIn, name: str, ids: str) -> Response:
    """Let them hear nobody."""
    return _told("deaf", await _change(access, name, ids, ParticipantChange(is_deaf=True)))


@router.delete("/Account/{auth_id}/Conference/{name}/Member/{ids}/Deaf")
async def undeafen(access: LetIn, name: str, ids: str) -> Response:
    """Let them hear all again."""
    await _change(access, name, ids, ParticipantChange(is_deaf=False))
    return done()


@router.post("/Account/{auth_id}/Conference/{name}/Member/{ids}/Kick")
async def kick(access: LetIn, name: str, ids: str) -> Response:
    """Put them out; their calls go on."""
    return _told("kicked", await _change(access, name, ids, ParticipantChange(is_out=True)))


@router.delete("/Account/{auth_id}/Conference/{name}/Member/{ids}")
async def put_out(access: LetIn, name: str, ids: str) -> Response:
    """Put them out."""
    await _change(access, name, ids, ParticipantChange(is_out=True))
    return done()


@router.post("/Account/{auth_id}/Conference/{name}/Member/{ids}/Play")
async def start_playing(access: LetIn, name: str, ids: str, body: BodyFields) -> Response:
    """Play a sound to them."""
    verbs = tuple(Play(url=url, is_skippable=True) for url in read_urls(body, "url"))
    performance = Performance(kind=PerformanceKind.PLAY, verbs=verbs)
    return _told("play queued into conference", await _perform(access, name, ids, performance))


@router.delete("/Account/{auth_id}/Conference/{name}/Member/{ids}/Play")
async def stop_playing(access: LetIn, name: str, ids: str) -> Response:
    """End what is played to them."""
    return await _stop(access, name, ids, PerformanceKind.PLAY)


@router.post("/Account/{auth_id}/Conference/{name}/Member/{ids}/Speak")
async def start_speaking(access: LetIn, name: str, ids: str, body: BodyFields) -> Response:
    """Speak to them."""
    performance = Performance(kind=PerformanceKind.SPEAK, verbs=(read_speech(body),))
    return _told("speak queued into conference", await _perform(access, name, ids, performance))


@router.delete("/Account/{auth_id}/Conference/{name}/Member/{ids}/Speak")
async def stop_speaking(access: LetIn, name: str, ids: str) -> Response:
    """End what is spoken to them."""
    return await _stop(access, name, ids, PerformanceKind.SPEAK)


def _told(message: str, call_ids: tuple[str, ...]) -> Response:
    return answer({"message": message, "member_id": [uuid_text(call_id) for call_id in call_ids]}, 202)


def _meant(access: Access, name: str, ids: str) -> tuple[ConferenceRow, tuple[str, ...]]:
    """The conference, and the ids of the calls that are meant. Blocks. Raises Refusal."""
    conference = find_conference(access, name)
    inside = tuple(member.call_id for member in members_of(access, conference))
    if ids.strip().lower() == ALL:
        return conference, inside
    wanted = {text.strip(): read_uuid(text.strip()) for text in ids.split(",")}
    for text, call_id in wanted.items():
        if call_id is None:
            raise invalid(
                f"{text[:60]!r} is no member's id: give UUIDs of calls with commas between, or all."
            )
        if call_id not in inside:
            raise not_found(f"member {text} in the conference {name[:80]}")
    return conference, tuple(call_id for call_id in wanted.values() if call_id is not None)


async def _change(access: Access, name: str, ids: str, change: ParticipantChange) -> tuple[str, ...]:
    conference, call_ids = await asyncio.to_thread(_meant, access, name, ids)
    is_for_all = ids.strip().lower() == ALL
    for call_id in call_ids:
        do = access.ports.conference_control.change
        await control(do, conference, call_id, change, is_gone_well=is_for_all)
    return call_ids


async def _calls(access: Access, name: str, ids: str) -> tuple[CallRow, ...]:
    """The calls that are meant. Raises Refusal."""

    def read() -> tuple[CallRow, ...]:
        _, call_ids = _meant(access, name, ids)
        rows = (access.ports.calls.get(access.account.sid, call_id) for call_id in call_ids)
        return tuple(row for row in rows if row is not None)

    return await asyncio.to_thread(read)


async def _perform(access: Access, name: str, ids: str, performance: Performance) -> tuple[str, ...]:
    calls = await _calls(access, name, ids)
    for call in calls:
        await perform(access, call, performance)
    return tuple(call.call_id for call in calls)


async def _stop(access: Access, name: str, ids: str, kind: PerformanceKind) -> Response:
    for call in await _calls(access, name, ids):
        await stop(access, call, kind)
    return done()

"""Audio streams of a call: begun beside its document, shown while they run and later, ended."""

import asyncio
import re

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.listing import VerbFilter
from offhook.call.rows import CallRow
from offhook.call.stream_urls import stream_url
from offhook.call.voice_rows import VerbKind
from offhook.rest import forms
from offhook.rest.errors import Refusal, conflict, invalid, not_found
from offhook.rest.live_ports import CallIsOver, CallNotAnswered, OwnerAway
from offhook.rest.stream_ports import RunningStream
from offhook.rest.vobiz.access import Access, LetIn
from offhook.rest.vobiz.answers import answer, done, must_be, page, read_stretch, read_uuid, uuid_text
from offhook.rest.vobiz.bodies import BodyFields, Fields, clamped, whole
from offhook.rest.vobiz.calls import away, running_call
from offhook.rest.vobiz.language import LANGUAGE
from offhook.rest.vobiz.stream_fields import FORMATS, ended_fields, running_fields
from offhook.verbs import Stream, Track

LONGEST_S = 86_400
LONGEST_HEADERS = 512
_HEADER = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=\s*([A-Za-z0-9_ .:/@+%-]*?)\s*")

router = APIRouter()


@router.post("/Account/{auth_id}/Call/{call_uuid}/Stream")
async def start_stream(access: LetIn, call_uuid: str, body: BodyFields) -> Response:
    """Send a call's audio to a WebSocket from now on."""
    verb = read_stream(body)
    call = await asyncio.to_thread(running_call, access, call_uuid)
    try:
        begun = await access.ports.live_streams.begin_stream(call, verb)
    except CallNotAnswered:
        raise conflict("The call is not in progress yet: there is nothing to stream.") from None
    except (CallIsOver, OwnerAway) as error:
        raise _out_of_reach(call, error) from None
    if not begun:
        raise conflict("The call has as many streams as it may.")
    return answer({"message": "audio streaming started", "stream_id": uuid_text(verb.stream_id)}, 202)


@router.get("/Account/{auth_id}/Call/{call_uuid}/Stream")
async def list_streams(access: LetIn, call_uuid: str) -> Response:
    """The streams of a call: those that run, and then those that are over, the latest first."""
    asked = read_stretch(access.query)
    call = await asyncio.to_thread(access.call, call_uuid)
    running = await _running(access, call)
    some, left = running[asked.offset : asked.offset + asked.limit], max(0, asked.offset - len(running))
    wanted = VerbFilter(kind=VerbKind.STREAM, call_id=call.call_id)
    over = await asyncio.to_thread(
        access.ports.verb_records.page,
        access.account.sid,
        wanted,
        offset=left,
        limit=asked.limit - len(some),
    )
    shown = [running_fields(access, stream, call.call_id) for stream in some]
    shown += [ended_fields(access, row) for row in over.rows]
    return page(shown, len(running) + over.total, asked, path=access.path, query={})


@router.get("/Account/{auth_id}/Call/{call_uuid}/Stream/{stream_id}")
async def get_stream(access: LetIn, call_uuid: str, stream_id: str) -> Response:
    """One stream of a call, running or over."""
    wanted = read_uuid(stream_id)
    call = await asyncio.to_thread(access.call, call_uuid)
    if wanted is None:
        raise not_found(f"stream {stream_id[:80]}")
    for stream in await _running(access, call):
        if stream.verb.stream_id == wanted:
            return answer(running_fields(access, stream, call.call_id))
    kept = access.ports.verb_records
    row = await asyncio.to_thread(kept.get, access.account.sid, VerbKind.STREAM, wanted)
    if row is None or row.call_id != call.call_id:
        raise not_found(f"stream {stream_id[:80]}")
    return answer(ended_fields(access, row))


@router.delete("/Account/{auth_id}/Call/{call_uuid}/Stream/{stream_id}")
async def stop_stream(access: LetIn, call_uuid: str, stream_id: str) -> Response:
    """End one stream of a call."""
    wanted = read_uuid(stream_id)
    call = await asyncio.to_thread(running_call, access, call_uuid)
    if wanted is None or not await _stop(access, call, wanted):
        raise not_found(f"stream {stream_id[:80]}: it does not run")
    return done()


@router.delete("/Account/{auth_id}/Call/{call_uuid}/Stream")
async def stop_streams(access: LetIn, call_uuid: str) -> Response:
    """End all streams of a call."""
    call = await asyncio.to_thread(access.call, call_uuid)
    if not call.status.is_final:
        await _stop(access, call, None)
    return done()


def read_stream(body: Fields) -> Stream:
    """The stream that a body asks for, with a new id. Raises Refusal."""
    url = stream_url(forms.required(body, "service_url"))
    if url is None:
        raise invalid("service_url must be an absolute ws or wss URL.")
    is_two_way = forms.truth(body, "bidirectional") or False
    track = Track(must_be(body.get("audio_track", ""), "audio_track", tuple(Track), Track.INBOUND))
    if is_two_way and track is not Track.INBOUND:
        raise invalid("audio_track must be inbound where bidirectional is true.")
    kind = must_be(
        re.sub(r"\s", "", body.get("content_type", "")), "content_type", tuple(FORMATS), next(iter(FORMATS))
    )
    return Stream(
        url=url,
        language=LANGUAGE,
        stream_id=new_id(),
        is_two_way=is_two_way,
        track=track,
        sound_format=FORMATS[kind],
        most_s=float(whole(body, "stream_timeout", least=1, most=LONGEST_S, default=LONGEST_S)),
        told=_headers(body.get("extra_headers", "")),
        retries=clamped(body, "max_retries", least=0, most=10, default=0),
        status_target=forms.target(body, "status_callback_url", "status_callback_method"),
    )


def _headers(text: str) -> tuple[tuple[str, str], ...]:
    found = [_HEADER.fullmatch(item) for item in text.split(",") if item.strip()]
    if None in found or len(text.encode()) > LONGEST_HEADERS:
        raise invalid(
            f"extra_headers must be name=value, with commas between, of up to {LONGEST_HEADERS} bytes."
        )
    return tuple({match[1]: match[2] for match in found if match is not None}.items())


async def _running(access: Access, call: CallRow) -> tuple[RunningStream, ...]:
    """Those that run, of a call that may be over. Raises Refusal."""
    if call.status.is_final:
        return ()
    try:
        return await access.ports.live_streams.streams(call)
    except CallIsOver:
        return ()
    except OwnerAway as error:
        raise away(error) from None


async def _stop(access: Access, call: CallRow, stream_id: str | None) -> bool:
    try:
        return await access.ports.live_streams.stop_stream(call, stream_id)
    except CallIsOver:
        return False
    except OwnerAway as error:
        raise away(error) from None


def _out_of_reach(call: CallRow, error: CallIsOver | OwnerAway) -> Refusal:
    if isinstance(error, OwnerAway):
        return away(error)
    return not_found(f"live call {uuid_text(call.call_id)}: it is over")

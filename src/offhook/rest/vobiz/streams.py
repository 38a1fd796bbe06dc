"""Audio streams of a live call: begun beside its document, shown while they run, ended."""

import asyncio
import re

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.rows import CallRow
from offhook.call.stream_urls import stream_url
from offhook.rest import forms
from offhook.rest.errors import Refusal, conflict, invalid, not_found
from offhook.rest.live_ports import CallIsOver, CallNotAnswered, OwnerAway
from offhook.rest.stream_ports import RunningStream
from offhook.rest.vobiz.access import Access, LetIn
from offhook.rest.vobiz.answers import Answered, answer, done, moment, must_be, read_uuid, uuid_text
from offhook.rest.vobiz.bodies import BodyFields, Fields, clamped, whole
from offhook.rest.vobiz.calls import away, running_call
from offhook.rest.vobiz.language import LANGUAGE
from offhook.verbs import Coding, SoundFormat, Stream, Track

LONGEST_S = 86_400
LONGEST_HEADERS = 512
FORMATS = {
    "audio/x-l16;rate=8000": SoundFormat(),
    "audio/x-l16;rate=16000": SoundFormat(Coding.LINEAR, 16_000),
    "audio/x-mulaw;rate=8000": SoundFormat(Coding.MU_LAW),
}
_NAMES = {sound_format: name for name, sound_format in FORMATS.items()}
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
    """The streams of a call that run."""
    call, found = await _running(access, call_uuid)
    objects = [_shown(access, call, stream) for stream in found]
    meta = {"limit": len(objects), "offset": 0, "next": None, "previous": None, "total_count": len(objects)}
    return answer({"meta": meta, "objects": objects})


@router.get("/Account/{auth_id}/Call/{call_uuid}/Stream/{stream_id}")
async def get_stream(access: LetIn, call_uuid: str, stream_id: str) -> Response:
    """One stream of a call, while it runs."""
    wanted = read_uuid(stream_id)
    call, found = await _running(access, call_uuid)
    for stream in found:
        if stream.verb.stream_id == wanted:
            return answer(_shown(access, call, stream))
    raise not_found(f"stream {stream_id[:80]}: it does not run")


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


async def _running(access: Access, call_uuid: str) -> tuple[CallRow, tuple[RunningStream, ...]]:
    call = await asyncio.to_thread(running_call, access, call_uuid)
    try:
        return call, await access.ports.live_streams.streams(call)
    except (CallIsOver, OwnerAway) as error:
        raise _out_of_reach(call, error) from None


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


def _shown(access: Access, call: CallRow, stream: RunningStream) -> Answered:
    verb, call_uuid = stream.verb, uuid_text(call.call_id)
    target, stream_id = verb.status_target, uuid_text(verb.stream_id)
    return {
        "stream_id": stream_id,
        "call_uuid": call_uuid,
        "service_url": verb.url,
        "bidirectional": verb.is_two_way,
        "audio_track": verb.track.value,
        "content_type": _NAMES.get(verb.sound_format, ""),
        "stream_timeout": int(verb.most_s),
        "extra_headers": ",".join(f"{name}={value}" for name, value in verb.told),
        "status": "connected" if stream.is_connected else "connecting",
        "status_callback_url": target.url if target is not None else "",
        "status_callback_method": target.method.value if target is not None else "",
        "start_time": moment(stream.began_at),
        "created_at": moment(stream.began_at),
        "end_time": None,
        "resource_uri": access.uri(f"Call/{call_uuid}/Stream/{stream_id}"),
    }

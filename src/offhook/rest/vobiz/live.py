"""What is done to a live call beside its document: record it, play and speak to it, send keys."""

import asyncio
import re

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.rows import CallRow
from offhook.rest import forms
from offhook.rest.errors import conflict, invalid, not_found, too_many
from offhook.rest.live_ports import (
    CallIsOver,
    CallNotAnswered,
    Legs,
    NobodyConnected,
    OwnerAway,
    Performance,
    PerformanceKind,
)
from offhook.rest.ports import LimitReached
from offhook.rest.vobiz.access import Access, LetIn
from offhook.rest.vobiz.answers import answer, done, must_be, uuid_text
from offhook.rest.vobiz.bodies import BodyFields, Fields, whole
from offhook.rest.vobiz.calls import away, read_legs, running_call
from offhook.rest.vobiz.new_call import read_keys
from offhook.rest.vobiz.words import read_speech
from offhook.verbs import FileFormat, Play, Record, SendKeys

RECORD_S, LONGEST_RECORD_S = 60, 86_400
MOST_SOUNDS = 20
_LEGS = {"aleg": Legs.OWN, "bleg": Legs.OTHER, "both": Legs.BOTH}
_NEXT_URL = re.compile(r"\s*,\s*(?=https?://)", re.IGNORECASE)

router = APIRouter()


@router.post("/Account/{auth_id}/Call/{call_uuid}/Record")
async def start_recording(access: LetIn, call_uuid: str, body: BodyFields) -> Response:
    """Record a call from now on, both sides."""
    verb = read_record(body)
    call = await asyncio.to_thread(running_call, access, call_uuid)
    recording_id = new_id()
    kind = PerformanceKind.RECORD
    await perform(access, call, Performance(kind=kind, verbs=(verb,), record_id=recording_id))
    name = uuid_text(recording_id)
    url = access.url(f"Recording/{name}.{verb.file_format}")
    return answer({"message": "call recording started", "recording_id": name, "url": url}, 202)


@router.delete("/Account/{auth_id}/Call/{call_uuid}/Record")
async def stop_recording(access: LetIn, call_uuid: str) -> Response:
    """End all recordings of a call that go on."""
    return await _stop(access, call_uuid, PerformanceKind.RECORD)


@router.post("/Account/{auth_id}/Call/{call_uuid}/Play")
async def start_playing(access: LetIn, call_uuid: str, body: BodyFields) -> Response:
    """Play sounds to a call."""
    performance = Performance(
        kind=PerformanceKind.PLAY,
        verbs=tuple(Play(url=url, is_skippable=True) for url in read_urls(body, "urls")),
        legs=_LEGS[read_legs(body, "legs")],
        repeats=forms.truth(body, "loop") or False,
        longest_s=whole(body, "length", least=1, most=86_400, default=0) or None,
    )
    forms.truth(body, "mix")
    call = await asyncio.to_thread(running_call, access, call_uuid)
    await perform(access, call, performance)
    return answer({"message": "play started"}, 202)


@router.delete("/Account/{auth_id}/Call/{call_uuid}/Play")
async def stop_playing(access: LetIn, call_uuid: str) -> Response:
    """End what is played to a call."""
    return await _stop(access, call_uuid, PerformanceKind.PLAY)


@router.post("/Account/{auth_id}/Call/{call_uuid}/Speak")
async def start_speaking(access: LetIn, call_uuid: str, body: BodyFields) -> Response:
    """Speak to a call."""
    performance = Performance(
        kind=PerformanceKind.SPEAK,
        verbs=(read_speech(body),),
        legs=_LEGS[read_legs(body, "legs")],
        repeats=forms.truth(body, "loop") or False,
    )
    forms.truth(body, "mix")
    call = await asyncio.to_thread(running_call, access, call_uuid)
    await perform(access, call, performance)
    return answer({"message": "speak started"}, 202)


@router.delete("/Account/{auth_id}/Call/{call_uuid}/Speak")
async def stop_speaking(access: LetIn, call_uuid: str) -> Response:
    """End what is spoken to a call."""
    return await _stop(access, call_uuid, PerformanceKind.SPEAK)


@router.post("/Account/{auth_id}/Call/{call_uuid}/DTMF")
async def send_keys(access: LetIn, call_uuid: str, body: BodyFields) -> Response:
    """Send keys to a call."""
    forms.required(body, "digits")
    verb = SendKeys(keys=read_keys(body, "digits"))
    if not verb.keys.strip("w"):
        raise invalid("digits must have a key to press, besides pauses: one of 0-9, *, #, A-D.")
    legs = read_legs(body, "leg" if "leg" in body else "legs")
    call = await asyncio.to_thread(running_call, access, call_uuid)
    await perform(access, call, Performance(kind=PerformanceKind.KEYS, verbs=(verb,), legs=_LEGS[legs]))
    return answer({"message": "digits sent"}, 202)


async def perform(access: Access, call: CallRow, performance: Performance) -> None:
    """Have it begun. Raises Refusal."""
    try:
        await access.ports.live_calls.perform(call, performance)
    except CallIsOver:
        raise not_found(f"live call {uuid_text(call.call_id)}: it is over") from None
    except NobodyConnected:
        raise conflict("The call is connected with nobody, so there is no bleg.") from None
    except CallNotAnswered:
        raise conflict("The call is not in progress yet: nobody would hear it.") from None
    except LimitReached as reached:
        raise too_many(reached.message, reached.wait_s) from None
    except OwnerAway as error:
        raise away(error) from None


async def stop(access: Access, call: CallRow, kind: PerformanceKind) -> None:
    """Have it ended; what is over already stays so. Raises Refusal."""
    if call.status.is_final:
        return
    try:
        await access.ports.live_calls.stop(call, kind)
    except CallIsOver:
        return
    except OwnerAway as error:
        raise away(error) from None


async def _stop(access: Access, call_uuid: str, kind: PerformanceKind) -> Response:
    await stop(access, await asyncio.to_thread(access.call, call_uuid), kind)
    return done()


def read_record(body: Fields) -> Record:
    """A recording in the background. Raises Refusal."""
    words = must_be(
        body.get("transcription_type", ""), "transcription_type", ("auto", "hybrid", "none"), "none"
    )
    channels = must_be(body.get("record_channel_type", ""), "record_channel_type", ("mono", "stereo"), "mono")
    transcription = forms.target(body, "transcription_url", "transcription_method")
    return Record(
        is_background=True,
        has_beep=False,
        follows_action=False,
        callback=forms.target(body, "callback_url", "callback_method"),
        max_length_s=whole(body, "time_limit", least=1, most=LONGEST_RECORD_S, default=RECORD_S),
        is_stereo=channels == "stereo",
        file_format=FileFormat(must_be(body.get("file_format", ""), "file_format", ("mp3", "wav"), "mp3")),
        is_transcribed=words != "none" or transcription is not None,
        transcription_target=transcription,
    )


def read_urls(body: Fields, name: str) -> tuple[str, ...]:
    """URLs of sounds, with commas between. Raises Refusal."""
    parts = _NEXT_URL.split(forms.required(body, name))
    if len(parts) > MOST_SOUNDS:
        raise invalid(f"{name} must be at most {MOST_SOUNDS} URLs.")
    urls = [forms.url({name: part}, name) for part in parts]
    return tuple(url for url in urls if url is not None)

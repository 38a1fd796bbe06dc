"""How a stream is shown, while it runs and once it is over."""

import math
from datetime import timedelta

from offhook.call.voice_rows import VerbRow
from offhook.rest.stream_ports import RunningStream
from offhook.rest.vobiz.access import Access
from offhook.rest.vobiz.answers import Answered, moment, uuid_text
from offhook.verbs import Coding, SoundFormat

FORMATS = {
    "audio/x-l16;rate=8000": SoundFormat(),
    "audio/x-l16;rate=16000": SoundFormat(Coding.LINEAR, 16_000),
    "audio/x-mulaw;rate=8000": SoundFormat(Coding.MU_LAW),
}
_NAMES = {sound_format: name for name, sound_format in FORMATS.items()}
BILLED_S = 60
"""What durations are rounded up to, where they are billed."""


def running_fields(access: Access, stream: RunningStream, call_id: str) -> Answered:
    """One that runs."""
    verb, target = stream.verb, stream.verb.status_target
    return {
        **_identity(access, verb.stream_id, call_id),
        "service_url": verb.url,
        "bidirectional": verb.is_two_way,
        "audio_track": verb.track.value,
        "content_type": _NAMES.get(verb.sound_format, ""),
        "stream_timeout": int(verb.most_s),
        "extra_headers": ",".join(f"{name}={value}" for name, value in verb.told),
        "status": "connected" if stream.is_connected else "connecting",
        "error": "",
        "status_callback_url": target.url if target is not None else "",
        "status_callback_method": target.method.value if target is not None else "",
        "start_time": moment(stream.began_at),
        "created_at": moment(stream.began_at),
        "end_time": None,
        **_billing(None),
    }


def ended_fields(access: Access, row: VerbRow) -> Answered:
    """One that is over."""
    kept = row.details
    sound_format = SoundFormat(Coding(str(kept["coding"])), int(kept["rate_hz"] or 0))
    began = row.date_created - timedelta(seconds=row.duration_s)
    return {
        **_identity(access, row.record_id, row.call_id),
        "service_url": kept["url"],
        "bidirectional": bool(kept["is_two_way"]),
        "audio_track": kept["track"],
        "content_type": _NAMES.get(sound_format, ""),
        "stream_timeout": kept["most_s"],
        "extra_headers": "",
        "status": row.status,
        "error": row.reason,
        "status_callback_url": kept["status_url"] or "",
        "status_callback_method": kept["status_method"] or "",
        "start_time": moment(began),
        "created_at": moment(began),
        "end_time": moment(row.date_created),
        **_billing(row.duration_s),
    }


def _identity(access: Access, stream_id: str, call_id: str) -> Answered:
    stream_uuid, call_uuid = uuid_text(stream_id), uuid_text(call_id)
    return {
        "stream_id": stream_uuid,
        "call_uuid": call_uuid,
        "plivo_auth_id": access.account.auth_id,
        "resource_uri": access.uri(f"Call/{call_uuid}/Stream/{stream_uuid}"),
    }


def _billing(duration_s: float | None) -> Answered:
    """Durations in whole seconds; nothing is charged."""
    if duration_s is None:
        return {"bill_duration": None, "rounded_bill_duration": None, "billed_amount": "0.00000"}
    seconds = round(duration_s)
    rounded = math.ceil(seconds / BILLED_S) * BILLED_S
    return {"bill_duration": seconds, "rounded_bill_duration": rounded, "billed_amount": "0.00000"}

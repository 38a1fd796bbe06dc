"""What each operation takes, as `/openapi.json` and `/docs` tell it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from offhook.rest.vobiz.paths import PREFIX
from offhook.rest.vocabulary import Vocabulary

Json = dict[str, Any]
ACCOUNT = f"{PREFIX}/Account/{{auth_id}}"
SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "text": {"type": "string"},
    "url": {"type": "string", "format": "uri"},
    "whole": {"type": "integer", "minimum": 0},
    "truth": {"type": "boolean"},
}
_METHOD = ("POST|GET", "How the URL of the same name is asked; POST unless it says.")
_LEGS = ("aleg|bleg|both", "The call itself, whom it is connected with, or both; aleg unless it says.")
_PARTY = ("text", "A number, or a part of one.")
_TIME = ("text", "A date, or a date and time, in UTC.")

PARAMETERS: Mapping[str, tuple[str, str]] = {
    "auth_id": ("text", "The account's Auth ID or sid."),
    "app_id": ("text", "The application's id."),
    "application_id": ("text", "The application's id."),
    "number": ("text", "The number: digits, with a `+` before them (`%2B`) or without."),
    "call_uuid": ("text", "The call's UUID."),
    "call_id": ("text", "The call's UUID."),
    "recording_id": ("text", "The recording's UUID."),
    "stream_id": ("text", "The stream's UUID."),
    "service_url": ("url", "A ws or wss URL that the audio is sent to."),
    "bidirectional": ("truth", "Whether the application may play sounds, too."),
    "audio_track": ("inbound|outbound|both", "What is sent; inbound unless it says."),
    "content_type": (
        "audio/x-l16;rate=8000|audio/x-l16;rate=16000|audio/x-mulaw;rate=8000",
        "How it is written; audio/x-l16;rate=8000 unless it says.",
    ),
    "stream_timeout": ("whole", "The most seconds; 86400 unless it says."),
    "extra_headers": ("text", "What the application is told as it begins: name=value, with commas between."),
    "max_retries": ("whole", "How often the connection is made anew, up to 10."),
    "status_callback_url": ("url", "Told what becomes of the stream."),
    "status_callback_method": _METHOD,
    "conference_uuid": ("text", "The conference's UUID."),
    "name": ("text", "The conference's name."),
    "ids": ("text", "UUIDs of calls with commas between, or `all`."),
    "limit": ("whole", "How many; 20 unless it says."),
    "offset": ("whole", "How many are passed over."),
    "page": ("whole", "Which page, counted from 1."),
    "per_page": ("whole", "How many on a page, up to 100; 20 unless it says."),
    "app_name": ("text", "A name out of letters, digits, _ and -; of a list, a part of one."),
    "answer_url": ("url", "Asked what to do."),
    "answer_method": _METHOD,
    "hangup_url": ("url", "Told that the call is over; else it is the answer URL."),
    "hangup_method": _METHOD,
    "fallback_answer_url": ("url", "Asked where the answer URL cannot be had."),
    "fallback_url": ("url", "Asked where the answer URL cannot be had."),
    "fallback_method": _METHOD,
    "ring_url": ("url", "Told that the call rings."),
    "ring_method": _METHOD,
    "message_url": ("url", "Read, and without effect."),
    "default_number_app": ("truth", "Read, and without effect."),
    "default_endpoint_app": ("truth", "Read, and without effect."),
    "log_incoming_messages": ("truth", "Read, and without effect."),
    "public_uri": ("truth", "Read, and without effect."),
    "cascade": ("truth", "Whether numbers that are attached lose it."),
    "from": ("text", "Who calls, as the called side sees it."),
    "to": ("text", "A number or SIP URI, or up to 1000 with `<` between."),
    "caller_name": ("text", "The name that goes with `from`, up to 50 characters."),
    "send_digits": ("text", "Keys that are sent once the call is answered; w waits for 0.5 s, W for 1 s."),
    "send_on_preanswer": ("truth", "Not served; a notification says so."),
    "time_limit": ("whole", "The most seconds: 14400 of a call, 60 of a recording, unless it says."),
    "hangup_on_ring": ("whole", "After how many seconds of ringing it ends."),
    "ring_timeout": ("whole", "How many seconds it may ring; 120 unless it says."),
    "sip_headers": ("text", "Custom headers, name=value with commas between; names get X-VH- before them."),
    "machine_detection": (
        "true|hangup|false",
        "Whether it is found out if a machine answers, and whether that is hung up; true where machine_detection_url is "
        "given, else false unless it says.",
    ),
    "machine_detection_time": ("whole", "The most milliseconds, 2000 to 10000; 5000 unless it says."),
    "machine_detection_url": ("url", "Told who answered; with it the answer URL is asked at once."),
    "machine_detection_method": _METHOD,
    "machine_detection_maximum_speech_length": (
        "whole",
        "Milliseconds of a greeting with its pauses, above which it is a machine: 1000 to 6000; 5000 unless it says.",
    ),
    "machine_detection_initial_silence": (
        "whole",
        "Milliseconds of silence from the answer on, after which it is a machine: 2000 to 10000; 4500 unless it says.",
    ),
    "machine_detection_maximum_words": (
        "whole",
        "Words, stretches of voice between pauses, above which it is a machine: 2 to 10; 3 unless it says.",
    ),
    "machine_detection_initial_greeting": (
        "whole",
        "Milliseconds of voice in a greeting, above which it is a machine: 1000 to 5000; 1500 unless it says.",
    ),
    "status": ("live|queued", "Calls that run, or that wait; else those that are over."),
    "call_direction": ("inbound|outbound", "Who began the call."),
    "from_number": _PARTY,
    "to_number": _PARTY,
    "legs": _LEGS,
    "leg": _LEGS,
    "aleg_url": ("url", "Where the call itself goes on."),
    "aleg_method": _METHOD,
    "bleg_url": ("url", "Where those go on whom it is connected with."),
    "bleg_method": _METHOD,
    "file_format": ("mp3|wav", "What the sound is fetched as; mp3 unless it says."),
    "transcription_type": ("auto|hybrid|none", "Whether it is put into words; hybrid is as auto."),
    "transcription_url": ("url", "Told the words."),
    "transcription_method": _METHOD,
    "callback_url": ("url", "Told that the recording is over."),
    "callback_method": _METHOD,
    "record_channel_type": ("mono|stereo", "Whether the two sides are kept apart."),
    "urls": ("text", "URLs of sounds, with commas between, or a list of them."),
    "url": ("text", "URLs of sounds, with commas between."),
    "length": ("whole", "The most seconds that it plays."),
    "loop": ("truth", "Whether it goes on until it is stopped."),
    "mix": ("truth", "Read, and without effect: all that is played is heard together."),
    "text": ("text", "The words, up to 3000 characters."),
    "type": ("text|ssml", "What the words are written as."),
    "voice": ("text", "WOMAN, MAN, or Polly. and a name."),
    "language": ("text", "A language such as en-US."),
    "digits": ("text", "Keys; w waits for 0.5 s, W for 1 s."),
    "conference_name": ("text", "Recordings of conferences of this name."),
    "add_time__gt": _TIME,
    "add_time__gte": _TIME,
    "add_time__lt": _TIME,
    "add_time__lte": _TIME,
    "start_date": ("text", "A date, in UTC; goes with end_date."),
    "end_date": ("text", "A date, in UTC, itself included; goes with start_date."),
    "min_duration": ("whole", "The fewest seconds that it lasted."),
    "hangup_cause": ("text", "A cause such as NORMAL_CLEARING."),
    "hangup_disposition": ("ANSWERED|BUSY|NO ANSWER|CANCELLED|FAILED", "What became of the call."),
    "bridge_uuid": ("text", "The UUID of the call that dialled it."),
    "sip_call_id": ("text", "Kept of no call, so that none is found."),
    "context": ("text", "Kept of no call, so that none is found."),
    "campaign_id": ("text", "Kept of no call, so that none is found."),
    "search": ("text", "A part of a number, a name or a UUID."),
}
"""Of what kind each parameter is, and what it says; bars part the words that can stand there."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What an operation takes, names parted by blanks; a field that is required has an asterisk after it."""

    query: str = ""
    body: str = ""


_DATES = "call_direction from_number to_number start_date end_date min_duration"
_CDR = f"{_DATES} hangup_cause hangup_disposition bridge_uuid sip_call_id context campaign_id search"
_APPLICATION = (
    "answer_url answer_method hangup_url hangup_method fallback_answer_url fallback_method message_url default_number_app "
    "default_endpoint_app log_incoming_messages public_uri"
)
_RECORD = (
    "time_limit file_format transcription_type transcription_url transcription_method callback_url callback_method "
    "record_channel_type"
)
_SPEAK = "text* type voice language"
TAKEN: Mapping[tuple[str, str], Taken] = {
    ("GET", "Application"): Taken("app_name limit offset"),
    ("POST", "Application"): Taken(body=f"app_name* {_APPLICATION.replace('answer_url', 'answer_url*', 1)}"),
    ("POST", "Application/{app_id}"): Taken(body=f"app_name {_APPLICATION}"),
    ("DELETE", "Application/{app_id}"): Taken("cascade"),
    ("POST", "numbers/{number}/application"): Taken(body="application_id* app_id"),
    ("POST", "Call"): Taken(
        body=(
            "from* to* answer_url* answer_method ring_url ring_method hangup_url hangup_method fallback_url fallback_method "
            "caller_name send_digits send_on_preanswer time_limit hangup_on_ring ring_timeout sip_headers machine_detection "
            "machine_detection_time machine_detection_url machine_detection_method machine_detection_maximum_speech_length "
            "machine_detection_initial_silence machine_detection_maximum_words machine_detection_initial_greeting"
        )
    ),
    ("GET", "Call"): Taken(f"status limit offset {_DATES}"),
    ("GET", "Call/{call_uuid}"): Taken("status"),
    ("POST", "Call/{call_uuid}"): Taken(body="legs aleg_url aleg_method bleg_url bleg_method"),
    ("POST", "Call/{call_uuid}/Record"): Taken(body=_RECORD),
    ("POST", "Call/{call_uuid}/Play"): Taken(body="urls* legs loop length mix"),
    ("POST", "Call/{call_uuid}/Speak"): Taken(body=f"{_SPEAK} legs loop mix"),
    ("POST", "Call/{call_uuid}/DTMF"): Taken(body="digits* leg legs"),
    ("POST", "Call/{call_uuid}/Stream"): Taken(
        body=(
            "service_url* bidirectional audio_track content_type stream_timeout extra_headers max_retries "
            "status_callback_url status_callback_method"
        )
    ),
    ("GET", "Recording"): Taken(
        "limit offset call_uuid conference_uuid conference_name from_number to_number add_time__gt add_time__gte add_time__lt "
        "add_time__lte"
    ),
    ("POST", "Conference/{name}/Record"): Taken(body="file_format"),
    ("POST", "Conference/{name}/Member/{ids}/Play"): Taken(body="url*"),
    ("POST", "Conference/{name}/Member/{ids}/Speak"): Taken(body=_SPEAK),
    ("GET", "cdr"): Taken(f"page per_page {_CDR}"),
    ("GET", "cdr/search"): Taken(f"page per_page {_CDR}"),
    ("GET", "cdr/recent"): Taken("limit"),
    ("GET", "cdr/export"): Taken(_CDR),
}
"""What is not here takes what stands in its path, and no more."""
_JSON = Vocabulary(PARAMETERS, SCHEMAS, "application/json")


def is_described(path: str) -> bool:
    """Whether a route is one of this API."""
    return path.startswith(ACCOUNT)


def operation(path: str, method: str, summary: str) -> Json:
    """One operation as OpenAPI tells it."""
    within = path.removeprefix(ACCOUNT).lstrip("/")
    taken = TAKEN.get((method, within), Taken())
    names = re.findall(r"\{(\w+)\}", path)
    told: Json = {
        "operationId": "_".join(["v1", method.lower(), *re.findall("[A-Za-z0-9]+", within or "Account")]),
        "tags": [f"Vobiz/{within.partition('/')[0] or 'Account'}"],
        "summary": summary,
        "parameters": [
            *(_JSON.parameter(name, "path", is_required=True) for name in names),
            *(_JSON.parameter(name, "query") for name in taken.query.split()),
        ],
        "responses": {
            "2XX": {"description": "It is done, or what is there."},
            "default": {
                "description": "A refusal: a JSON object with `api_id` and `error`.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorText"}}},
            },
        },
        "security": [{"account": []}, {"auth_id": [], "auth_token": []}],
    }
    if taken.body:
        told["requestBody"] = _JSON.body(taken.body)
    return told


ERROR: Json = {
    "type": "object",
    "required": ["api_id", "error"],
    "properties": {"api_id": {"type": "string"}, "error": {"type": "string"}},
}
SIGNING_IN: Json = {
    "auth_id": {"type": "apiKey", "in": "header", "name": "X-Auth-ID"},
    "auth_token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"},
}

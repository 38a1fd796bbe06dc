"""Call-progress callbacks: what `StatusCallback` of a POST to Calls asks for.

Four events, each told at most once, each with its fixed number and with its own name as CallStatus. These are
not the states that a phone number's status callback tells.
"""

import re
from email.utils import format_datetime

from offhook.call.info import CallInfo, CallStatus
from offhook.dialects.rcml.recorded import recording_parameters
from offhook.dialects.rcml.values import NOTHING, Parameters, call_sid, clean
from offhook.interpreter.ports import StatusChange

EVENTS = ("initiated", "ringing", "answered", "completed")
"""In the order in which they happen; an event's place is its SequenceNumber."""


def progress_event(status: CallStatus) -> str:
    """The event that reaching `status` is."""
    match status:
        case CallStatus.QUEUED:
            return "initiated"
        case CallStatus.RINGING:
            return "ringing"
        case CallStatus.IN_PROGRESS:
            return "answered"
        case _:
            return "completed"


def progress_parameters(
    instance_id: str, info: CallInfo, change: StatusChange, public_url: str = ""
) -> Parameters:
    """The parameters of the callback for the event that `change` is. `public_url`: what URLs of ours begin with."""
    event = progress_event(change.status)
    duration = (("CallDuration", str(int(change.duration_s))),) if event == "completed" else ()
    parent = (
        (("ParentCallSid", call_sid(instance_id, info.parent_call_id)),)
        if info.parent_call_id is not None
        else ()
    )
    return (
        ("InstanceId", f"ID{instance_id}"),
        ("AccountSid", info.account_sid),
        ("CallSid", call_sid(instance_id, info.call_id)),
        ("From", clean(info.from_)),
        ("To", clean(info.to)),
        ("Direction", info.direction.value),
        ("CallerName", clean(_user_part(info.from_))),
        ("ForwardedFrom", clean(info.forwarded_from or NOTHING)),
        *parent,
        ("CallStatus", event),
        *duration,
        *recording_parameters(change.recording, public_url),
        ("Timestamp", format_datetime(change.at)),
        ("CallbackSource", "call-progress-events"),
        ("SequenceNumber", str(EVENTS.index(event))),
    )


def _user_part(address: str) -> str:
    """The user of a SIP URI; anything else as it is."""
    found = re.match(r"sips?:([^@;?>]+)@", address)
    return found[1] if found else address

"""From what Offhook knows to the parameters that applications read: Restcomm's names, formats and habits."""

import re
from datetime import UTC, datetime

from offhook.call.exchange import without_credentials
from offhook.call.info import CallInfo, CallStatus
from offhook.interpreter.ports import Report, StatusChange
from offhook.verbs import Done, Gather, Gathered, Outcome, Redirect, Verb

API_VERSION = "2012-04-24"
NOTHING = "null"
"""Restcomm's text for a value that is not there."""

Parameters = tuple[tuple[str, str], ...]

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def call_sid(instance_id: str, call_id: str) -> str:
    """The CallSid of a call: `ID…-CA…`, as every Restcomm since 2017 writes it."""
    return f"ID{instance_id}-CA{call_id}"


def clean(value: str) -> str:
    """`value` fit for a form: what a caller may have sent of control characters becomes a space, what of bytes
    that are no text a question mark."""
    return _CONTROL.sub(" ", value.encode(errors="replace").decode())


def standard(instance_id: str, info: CallInfo, status: CallStatus) -> Parameters:
    """The parameters that every request about a call carries."""
    return (
        ("CallSid", call_sid(instance_id, info.call_id)),
        ("InstanceId", f"ID{instance_id}"),
        ("AccountSid", info.account_sid),
        ("From", clean(info.from_)),
        ("To", clean(info.to)),
        ("CallStatus", status.value),
        ("ApiVersion", API_VERSION),
        ("Direction", info.direction.value),
        ("CallerName", clean(info.caller_name or NOTHING)),
        ("ForwardedFrom", clean(info.forwarded_from or NOTHING)),
        ("CallTimestamp", timestamp(info.created_at)),
        *((f"SipHeader_{clean(name)}", clean(value)) for name, value in info.sip_headers),
        *((("Metadata", clean(info.metadata)),) if info.metadata is not None else ()),
    )


def timestamp(at: datetime) -> str:
    """An ISO date-time in UTC with milliseconds: `2021-03-09T12:03:00.787Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def report(verb: Verb, outcome: Outcome) -> Report:
    """Where an outcome goes, and with what. No target: the next verb runs."""
    match verb, outcome:
        case Redirect(target=target), Done():
            return Report(target)
        case Gather(action=action, act_on_empty=act_on_empty), Gathered() as gathered:
            if action is None or (gathered.is_empty and not act_on_empty):
                return Report()
            return Report(action, _gathered(gathered))
        case _:
            return Report()


def _gathered(gathered: Gathered) -> Parameters:
    heard = (("Digits", gathered.keys), ("SpeechResult", clean(gathered.speech)))
    if gathered.speech and gathered.confidence is not None:
        return (*heard, ("Confidence", f"{gathered.confidence:.4f}"))
    return heard


def partial(text: str) -> Parameters:
    """The parameters that tell what is understood so far."""
    return (("UnstableSpeechResult", clean(text)),)


def failure(code: int, url: str) -> Parameters:
    """The parameters that tell a fallback URL what went wrong, and where; credentials in `url` are left out."""
    return (("ErrorCode", str(code)), ("ErrorUrl", without_credentials(url)))


def status_callback(instance_id: str, info: CallInfo, change: StatusChange) -> Parameters:
    """The parameters of a phone number's status callback, sent at every state of a call."""
    parameters = standard(instance_id, info, change.status)
    if change.status.is_final:
        return (*parameters, ("CallDuration", str(int(change.duration_s))))
    return parameters

"""What applications are told of messages: the state of one that they sent, and one that came in for them."""

import re
from collections.abc import Mapping

from offhook.call.messages import MessageRow
from offhook.verbs import MessageAsked, MessageKind, Request, Target

Parameters = tuple[tuple[str, str], ...]
API_VERSION = "2012-04-24"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PREFIX: Mapping[MessageKind, str] = {MessageKind.SMS: "Sms", MessageKind.MESSAGE: "Message"}
_SID: Mapping[MessageKind, str] = {MessageKind.SMS: "SM", MessageKind.MESSAGE: "ME"}


def asked(outcome: MessageAsked) -> Parameters:
    """What the `action` of a verb is told, besides the call's own parameters."""
    prefix = _PREFIX[outcome.kind]
    return (
        (f"{prefix}Sid", f"{_SID[outcome.kind]}{outcome.message_id}"),
        (f"{prefix}Status", outcome.status),
    )


def status_request(message: MessageRow) -> Request | None:
    """What the message's status callback is told of its state; None where nobody wants to know of it."""
    target, events = message.status_callback, message.status_events
    if target is None or (events is not None and message.status.value not in events):
        return None
    why: Parameters = ()
    if message.error_code is not None:
        why = (("ErrorCode", str(message.error_code)), ("ErrorMessage", _clean(message.error_message or "")))
    return Request(target, (*_of_message(message), *why))


def arrived_request(message: MessageRow, target: Target, reply: Parameters = ()) -> Request:
    """What an application is asked with when a message came in for it; `reply` is what became of its answer."""
    told = dict(reply)
    return Request(target, (*(pair for pair in _of_message(message) if pair[0] not in told), *reply))


def _of_message(message: MessageRow) -> Parameters:
    prefix = _PREFIX[message.kind]
    is_sms = message.kind is MessageKind.SMS
    before = "" if is_sms else f"{message.channel}:"
    return (
        (f"{prefix}Sid", f"{_SID[message.kind]}{message.message_id}"),
        (f"{prefix}Status", message.status.value),
        ("AccountSid", message.account_sid),
        ("From", _clean(f"{before}{message.from_}")),
        ("To", _clean(f"{before}{message.to}")),
        ("Body", _clean(message.body)),
        ("ApiVersion", API_VERSION),
        ("Direction", message.direction.value),
        *(() if is_sms else (("Channel", message.channel),)),
        *((("NumMedia", str(len(message.media))),) if message.media else ()),
        *((f"MediaUrl{number}", _clean(url)) for number, url in enumerate(message.media)),
    )


def _clean(text: str) -> str:
    """`text` fit for a form: bytes that are no text become a question mark, control characters a space."""
    return _CONTROL.sub(" ", text.encode(errors="replace").decode())

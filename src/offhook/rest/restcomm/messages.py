"""`/Accounts/{sid}/Messages`: messages on all channels.

Everybody is a URI of their channel, such as `sms:+15551234567`. A POST takes JSON, with names in small letters, or a form.
"""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.message_parties import is_channel, recipient_on, sender_on
from offhook.call.messages import MessageDirection, MessageRow, MessageStatus
from offhook.rest import forms
from offhook.rest.errors import TOO_LARGE, Refusal, invalid, not_found
from offhook.rest.forms import Form
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.dates import iso_with_offset, rfc_822
from offhook.rest.restcomm.message_lists import FILTERS, read_body, read_filter
from offhook.rest.restcomm.sids import read_sid
from offhook.rest.restcomm.spelling import VERSION, Format, resource_uri
from offhook.verbs import SMS_CHANNEL, MessageKind

MESSAGE = Kind(element="Message", elements="Messages", key="messages")
EVENTS = (
    MessageStatus.SENT,
    MessageStatus.DELIVERED,
    MessageStatus.UNDELIVERED,
    MessageStatus.FAILED,
)
MOST_MEDIA = 10
JSON_TYPE = "application/json"

router = APIRouter()


async def _read_fields(request: Request) -> Form:
    """The fields of a form, or the members of a JSON object under the names that a form has. Raises Refusal."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON_TYPE:
        return await forms.read_form(request)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > forms.MAX_BODY_BYTES:
            raise Refusal(413, TOO_LARGE, f"The body must not be larger than {forms.MAX_BODY_BYTES} bytes.")
    try:
        told = json.loads(bytes(body))
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise invalid('The body must be a JSON object, such as {"from": "sms:+15551234567", …}.')
    return {
        _pascal(str(name)): " ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in told.items()
        if value is not None
    }


AnyFields = Annotated[Form, Depends(_read_fields)]


@router.get("/Accounts/{account_sid}/Messages")
def show_all(access: LetIn) -> Response:
    """The account's messages, newest first unless `SortBy` says otherwise."""
    asked = access.page_asked()
    wanted = read_filter(access.query, MessageKind.MESSAGE, lambda text: _channel_of(text)[1])
    page = access.ports.messaging.messages.page(
        access.account.sid, wanted, offset=asked.offset, limit=asked.size
    )
    items = [_fields(message, access) for message in page.rows]
    return access.many(MESSAGE, items, page.total, asked, FILTERS)


@router.post("/Accounts/{account_sid}/Messages")
def create(request: Request, access: LetIn, form: AnyFields) -> Response:
    """A new message, which is sent soon. Who sends JSON is answered in JSON."""
    if request.headers.get("content-type", "").startswith(JSON_TYPE):
        access = replace(access, spelling=replace(access.spelling, format=Format.JSON))
    now = datetime.now(UTC)
    channel, from_, to = _parties(form)
    media = _media(form)
    message = MessageRow(
        message_id=new_id(),
        account_sid=access.account.sid,
        kind=MessageKind.MESSAGE,
        channel=channel,
        from_=from_,
        to=to,
        body=form.get("Body", "").strip() if media and not form.get("Body", "").strip() else read_body(form),
        media=media,
        status=MessageStatus.QUEUED,
        direction=MessageDirection.OUTBOUND_API,
        status_callback=forms.target(form, "StatusCallback", "StatusCallbackMethod"),
        status_events=_events(form),
        date_created=now,
        date_updated=now,
        next_at=now,
    )
    access.ports.messaging.messages.create(message)
    return access.one(MESSAGE, _fields(message, access))


@router.get("/Accounts/{account_sid}/Messages/{sid}")
def show(access: LetIn, sid: str) -> Response:
    """A message of the account."""
    message_id = read_sid(sid, "ME")
    messages = access.ports.messaging.messages
    message = messages.get(access.account.sid, MessageKind.MESSAGE, message_id) if message_id else None
    if message is None:
        raise not_found(f"message {sid}")
    return access.one(MESSAGE, _fields(message, access))


def _parties(form: Form) -> tuple[str, str, str]:
    """The channel, and who sends to whom on it. Raises Refusal."""
    from_channel, from_ = _channel_of(forms.required(form, "From"))
    to_channel, to = _channel_of(forms.required(form, "To"))
    if from_channel and to_channel and from_channel != to_channel:
        raise invalid(f"From is on the channel {from_channel} and To on {to_channel}; both must be on one.")
    channel = to_channel or from_channel or SMS_CHANNEL
    sender, recipient = sender_on(channel, from_), recipient_on(channel, to)
    if sender is None:
        raise invalid(f"From must be a URI of its channel, such as {channel}:+15551234567.")
    if recipient is None:
        raise invalid(f"To must be a URI of its channel, such as {channel}:+15557654321.")
    return channel, sender, recipient


def _channel_of(text: str) -> tuple[str, str]:
    """The channel that a URI begins with, and the rest; without one, nothing and the whole."""
    channel, colon, rest = text.strip().partition(":")
    return (channel.lower(), rest) if colon and is_channel(channel.lower()) else ("", text.strip())


def _media(form: Form) -> tuple[str, ...]:
    urls = tuple(form.get("MediaUrl", "").split())
    if len(urls) > MOST_MEDIA:
        raise invalid(f"MediaUrl must not name more than {MOST_MEDIA} URLs.")
    for address in urls:
        forms.url({"MediaUrl": address}, "MediaUrl")
    return urls


def _events(form: Form) -> tuple[str, ...] | None:
    """The states to tell; None, which is all, where none is named. Raises Refusal."""
    names = [name.lower() for name in re.split(r"[\s,]+", form.get("StatusCallbackEvent", "")) if name]
    if any(name not in EVENTS for name in names):
        raise invalid(
            f"StatusCallbackEvent must be some of {' '.join(EVENTS)}, separated by spaces or commas."
        )
    return tuple(names) or None


def _pascal(name: str) -> str:
    return "".join(f"{word[:1].upper()}{word[1:]}" for word in name.split("_"))


def _fields(message: MessageRow, access: Access) -> Fields:
    sid = f"ME{message.message_id}"
    format = access.spelling.format
    media: object = list(message.media) if format is Format.JSON else " ".join(message.media)
    return {
        "sid": sid,
        "account_sid": message.account_sid,
        "channel": message.channel,
        "from": f"{message.channel}:{message.from_}",
        "to": f"{message.channel}:{message.to}",
        "body": message.body,
        "media_url": media if message.media else None,
        "status": message.status,
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": message.error_message,
        "status_callback": message.status_callback.url if message.status_callback else None,
        "date_created": rfc_822(message.date_created),
        "date_updated": rfc_822(message.date_updated),
        "date_sent": iso_with_offset(message.date_sent) if message.date_sent else None,
        "api_version": VERSION,
        "uri": resource_uri(message.account_sid, f"Messages/{sid}", format=format),
    }

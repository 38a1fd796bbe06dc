"""`/Accounts/{sid}/SMS/Messages`: text messages, and how to send one."""

from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.message_parties import e164, sender
from offhook.call.messages import MessageDirection, MessageRow, MessageStatus
from offhook.rest import forms
from offhook.rest.errors import invalid, not_found
from offhook.rest.forms import Form, FormFields
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.dates import iso_with_offset, rfc_822
from offhook.rest.restcomm.message_lists import FILTERS, read_body, read_filter
from offhook.rest.restcomm.sids import read_sid
from offhook.rest.restcomm.spelling import VERSION, resource_uri
from offhook.verbs import SMS_CHANNEL, MessageKind

SMS = Kind(element="SMSMessage", elements="SMSMessages", key="messages")
ENCODINGS = ("GSM", "UCS-2")

router = APIRouter()


@router.get("/Accounts/{account_sid}/SMS/Messages")
def show_all(access: LetIn) -> Response:
    """The account's text messages, newest first unless `SortBy` says otherwise."""
    asked = access.page_asked()
    wanted = read_filter(access.query, MessageKind.SMS)
    page = access.ports.messaging.messages.page(
        access.account.sid, wanted, offset=asked.offset, limit=asked.size
    )
    items = [_fields(message, access) for message in page.rows]
    return access.many(SMS, items, page.total, asked, FILTERS)


@router.post("/Accounts/{account_sid}/SMS/Messages")
def create(access: LetIn, form: FormFields) -> Response:
    """A new text message, which is sent soon."""
    now = datetime.now(UTC)
    message = MessageRow(
        message_id=new_id(),
        account_sid=access.account.sid,
        kind=MessageKind.SMS,
        channel=SMS_CHANNEL,
        from_=_from(form),
        to=_to(form),
        body=read_body(form),
        encoding=_encoding(form),
        status=MessageStatus.QUEUED,
        direction=MessageDirection.OUTBOUND_API,
        status_callback=forms.target(form, "StatusCallback", "StatusCallbackMethod"),
        date_created=now,
        date_updated=now,
        next_at=now,
    )
    access.ports.messaging.messages.create(message)
    return access.one(SMS, _fields(message, access))


@router.get("/Accounts/{account_sid}/SMS/Messages/{sid}")
def show(access: LetIn, sid: str) -> Response:
    """A text message of the account."""
    message_id = read_sid(sid, "SM")
    messages = access.ports.messaging.messages
    message = messages.get(access.account.sid, MessageKind.SMS, message_id) if message_id else None
    if message is None:
        raise not_found(f"SMS message {sid}")
    return access.one(SMS, _fields(message, access))


def _from(form: Form) -> str:
    found = sender(forms.required(form, "From"))
    if found is None:
        raise invalid(
            "From must be a number in E.164 such as +15551234567, a short code of 3 to 8 digits, or a sender's name of up "
            "to 11 letters and digits."
        )
    return found


def _to(form: Form) -> str:
    found = e164(forms.required(form, "To"))
    if found is None:
        raise invalid(
            "To must be a number in E.164: a plus sign, the country's code and the number, such as +15551234567."
        )
    return found


def _encoding(form: Form) -> str | None:
    text = form.get("Encoding", "").strip().upper()
    if text and text not in ENCODINGS:
        raise invalid(f"Encoding must be {' or '.join(ENCODINGS)}.")
    return text or None


def _fields(message: MessageRow, access: Access) -> Fields:
    sid = f"SM{message.message_id}"
    return {
        "sid": sid,
        "date_created": rfc_822(message.date_created),
        "date_updated": rfc_822(message.date_updated),
        "date_sent": iso_with_offset(message.date_sent) if message.date_sent else None,
        "account_sid": message.account_sid,
        "from": message.from_,
        "to": message.to,
        "body": message.body,
        "status": message.status,
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": message.error_message,
        "api_version": VERSION,
        "uri": resource_uri(message.account_sid, f"SMS/Messages/{sid}", format=access.spelling.format),
    }

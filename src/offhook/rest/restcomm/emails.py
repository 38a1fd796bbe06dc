"""`/Accounts/{sid}/Email/Messages`: e-mails, and how to send one."""

from collections.abc import Mapping
from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.message_parties import MOST_ADDRESSES, mail_addresses
from offhook.call.messages import EmailFilter, EmailRow, EmailStatus
from offhook.rest import forms
from offhook.rest.errors import invalid, not_found
from offhook.rest.forms import Form, FormFields
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.dates import iso_with_offset, read_from, read_until, rfc_822
from offhook.rest.restcomm.sids import read_sid
from offhook.rest.restcomm.spelling import VERSION, resource_uri

EMAIL = Kind(element="EmailMessage", elements="EmailMessages", key="messages")
FILTERS = ("From", "To", "Subject", "Status", "StartTime", "EndTime")
LONGEST_SUBJECT = 250
LONGEST_TEXT = 500_000
TYPES = ("text/plain", "text/html")

router = APIRouter()


@router.get("/Accounts/{account_sid}/Email/Messages")
def show_all(access: LetIn) -> Response:
    """The account's e-mails, newest first."""
    asked = access.page_asked()
    wanted = _filter(access.query)
    page = access.ports.messaging.emails.page(
        access.account.sid, wanted, offset=asked.offset, limit=asked.size
    )
    items = [_fields(email, access) for email in page.rows]
    return access.many(EMAIL, items, page.total, asked, FILTERS)


@router.post("/Accounts/{account_sid}/Email/Messages")
def create(access: LetIn, form: FormFields) -> Response:
    """A new e-mail, which is sent soon."""
    now = datetime.now(UTC)
    email = EmailRow(
        email_id=new_id(),
        account_sid=access.account.sid,
        from_=_from(form),
        to=_addresses(form, "To") or "",
        cc=_addresses(form, "CC"),
        bcc=_addresses(form, "BCC"),
        subject=_subject(form),
        body=_body(form),
        content_type=_type(form),
        status=EmailStatus.QUEUED,
        date_created=now,
        date_updated=now,
        next_at=now,
    )
    access.ports.messaging.emails.create(email)
    return access.one(EMAIL, _fields(email, access))


@router.get("/Accounts/{account_sid}/Email/Messages/{sid}")
def show(access: LetIn, sid: str) -> Response:
    """An e-mail of the account."""
    email_id = read_sid(sid, "EM")
    email = access.ports.messaging.emails.get(access.account.sid, email_id) if email_id else None
    if email is None:
        raise not_found(f"e-mail {sid}")
    return access.one(EMAIL, _fields(email, access))


def _from(form: Form) -> str:
    text = forms.required(form, "From")
    addresses = mail_addresses(text)
    if addresses is None or len(addresses) != 1:
        raise invalid("From must be an e-mail address, such as ada@example.com or Ada <ada@example.com>.")
    return text


def _addresses(form: Form, name: str) -> str | None:
    text = forms.required(form, name) if name == "To" else form.get(name, "").strip()
    if mail_addresses(text) is None:
        raise invalid(
            f"{name} must be up to {MOST_ADDRESSES} e-mail addresses, separated by commas, such as ada@example.com."
        )
    return text or None


def _subject(form: Form) -> str:
    forms.required(form, "Subject")
    return forms.words(form, "Subject", longest=LONGEST_SUBJECT) or ""


def _body(form: Form) -> str:
    forms.required(form, "Body")
    body = form["Body"]
    if len(body) > LONGEST_TEXT:
        raise invalid(f"Body must not be longer than {LONGEST_TEXT} characters.")
    return body


def _type(form: Form) -> str:
    text = form.get("Type", "").strip().lower() or TYPES[0]
    if text not in TYPES:
        raise invalid(f"Type must be {' or '.join(TYPES)}.")
    return text


def _filter(query: Mapping[str, str]) -> EmailFilter:
    status = query.get("Status")
    if status is not None and status not in list(EmailStatus):
        raise invalid(f"Status must be one of {', '.join(EmailStatus)}.")
    return EmailFilter(
        from_=query.get("From"),
        to=query.get("To"),
        subject=query.get("Subject"),
        status=EmailStatus(status) if status is not None else None,
        created_from=read_from("StartTime", query["StartTime"]) if "StartTime" in query else None,
        created_before=read_until("EndTime", query["EndTime"]) if "EndTime" in query else None,
    )


def _fields(email: EmailRow, access: Access) -> Fields:
    sid = f"EM{email.email_id}"
    return {
        "sid": sid,
        "date_created": rfc_822(email.date_created),
        "date_updated": rfc_822(email.date_updated),
        "date_sent": iso_with_offset(email.date_sent) if email.date_sent else None,
        "account_sid": email.account_sid,
        "from": email.from_,
        "to": email.to,
        "cc": email.cc,
        "bcc": email.bcc,
        "body": email.body,
        "subject": email.subject,
        "type": email.content_type,
        "status": email.status,
        "error_code": email.error_code,
        "error_message": email.error_message,
        "api_version": VERSION,
        "uri": resource_uri(email.account_sid, f"Email/Messages/{sid}", format=access.spelling.format),
    }

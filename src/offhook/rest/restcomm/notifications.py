"""`/Accounts/{sid}/Notifications`: what went wrong, for the customer to read."""

import re

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.listing import NotificationFilter, Page
from offhook.call.rows import NotificationRow
from offhook.rest.errors import invalid, not_found
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.dates import iso_with_offset, read_from, read_until, rfc_822
from offhook.rest.restcomm.sids import call_sid, read_call_sid, read_sid
from offhook.rest.restcomm.spelling import VERSION, resource_uri

NOTIFICATION = Kind(element="Notification", elements="Notifications", key="notifications")
FILTERS = ("StartTime", "EndTime", "ErrorCode", "RequestUrl", "MessageText", "CallSid")

router = APIRouter()


@router.get("/Accounts/{account_sid}/Notifications")
def show_all(access: LetIn) -> Response:
    """The account's notifications, newest first."""
    return _page(access, access.query.get("CallSid"))


@router.get("/Accounts/{account_sid}/Calls/{call}/Notifications")
def show_of_call(access: LetIn, call: str) -> Response:
    """The notifications of one of the account's calls, newest first."""
    call_id = read_call_sid(call, access.ports.instance_id)
    if call_id is None or access.ports.calls.get(access.account.sid, call_id) is None:
        raise not_found(f"call {call}")
    return _page(access, call)


@router.get("/Accounts/{account_sid}/Notifications/{sid}")
def show(access: LetIn, sid: str) -> Response:
    """A notification of the account."""
    notification_id = read_sid(sid, "NO")
    notifications = access.ports.notifications
    notification = notifications.get(access.account.sid, notification_id) if notification_id else None
    if notification is None:
        raise not_found(f"notification {sid}")
    return access.one(NOTIFICATION, _fields(notification, access))


def _page(access: Access, call: str | None) -> Response:
    asked = access.page_asked()
    wanted = _filter(access, call)
    page: Page[NotificationRow] = Page()
    if wanted is not None:
        notifications = access.ports.notifications
        page = notifications.page(access.account.sid, wanted, offset=asked.offset, limit=asked.size)
    items = [_fields(notification, access) for notification in page.rows]
    return access.many(NOTIFICATION, items, page.total, asked, FILTERS)


def _filter(access: Access, call: str | None) -> NotificationFilter | None:
    """The notifications that the query asks for; None for such as cannot be. Raises Refusal."""
    query = access.query
    code = query.get("ErrorCode")
    if code is not None and not re.fullmatch("[0-9]{1,9}", code):
        raise invalid("ErrorCode must be a whole number, such as 11206.")
    created_from = read_from("StartTime", query["StartTime"]) if "StartTime" in query else None
    created_before = read_until("EndTime", query["EndTime"]) if "EndTime" in query else None
    call_id = None
    if call is not None:
        call_id = read_call_sid(call, access.ports.instance_id)
        if call_id is None:
            return None
    return NotificationFilter(
        created_from=created_from,
        created_before=created_before,
        call_id=call_id,
        code=int(code) if code is not None else None,
        request_url=query.get("RequestUrl"),
        message=query.get("MessageText"),
    )


def _fields(notification: NotificationRow, access: Access) -> Fields:
    sid = f"NO{notification.notification_id}"
    format = access.spelling.format
    return {
        "sid": sid,
        "date_created": rfc_822(notification.date_created),
        "date_updated": rfc_822(notification.date_created),
        "account_sid": notification.account_sid,
        "call_sid": _call_sid(notification, access),
        "api_version": VERSION,
        "log": 0 if notification.is_error else 1,
        "error_code": notification.code,
        "more_info": f"/restcomm/errors/{notification.code}.html",
        "message_text": notification.message,
        "message_date": iso_with_offset(notification.date_created),
        "request_url": notification.request_url,
        "request_method": notification.request_method,
        "request_variables": notification.request_variables,
        "response_headers": notification.response_headers,
        "response_body": notification.response_body,
        "uri": resource_uri(notification.account_sid, f"Notifications/{sid}", format=format),
    }


def _call_sid(notification: NotificationRow, access: Access) -> str | None:
    """The call that it is about; None for one that is about the account, such as a call that was not let in."""
    call_id = notification.call_id
    return call_sid(access.ports.instance_id, call_id) if call_id else None

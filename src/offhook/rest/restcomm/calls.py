"""`/Accounts/{sid}/Calls`: calls, and how to make one."""

import asyncio
import json
from dataclasses import replace
from functools import partial

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.errors import NoFreeSlot
from offhook.call.info import CallStatus
from offhook.call.listing import CallFilter, Page
from offhook.call.rows import CallRow
from offhook.rest.errors import BUSY, DESTINATION, INVALID, Refusal, invalid, not_found, too_many
from offhook.rest.forms import FormFields
from offhook.rest.ports import CallRefused, LimitReached
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.dates import iso_with_offset, read_from, read_until, rfc_822
from offhook.rest.restcomm.new_call import read_new_call
from offhook.rest.restcomm.sids import call_sid, read_call_sid
from offhook.rest.restcomm.spelling import VERSION, Format, resource_uri

CALL = Kind(element="Call", elements="Calls", key="calls")
FILTERS = ("From", "To", "Status", "StartTime", "EndTime", "ParentCallSid")
RETRY_AFTER_S = 5

router = APIRouter()


@router.get("/Accounts/{account_sid}/Calls")
def show_all(access: LetIn) -> Response:
    """The account's calls, newest first."""
    asked = access.page_asked()
    wanted = _filter(access)
    page: Page[CallRow] = Page()
    if wanted is not None:
        page = access.ports.calls.page(access.account.sid, wanted, offset=asked.offset, limit=asked.size)
    items = [call_fields(call, access) for call in page.rows]
    return access.many(CALL, items, page.total, asked, FILTERS)


@router.post("/Accounts/{account_sid}/Calls")
async def create(access: LetIn, form: FormFields) -> Response:
    """A new call."""
    application_of = partial(access.ports.applications.get, access.account.sid)
    wanted = await asyncio.to_thread(read_new_call, form, access.account.sid, application_of)
    wanted = replace(wanted, record_all=wanted.record_all or access.account.record_all)
    try:
        calls = await access.ports.call_control.place(wanted)
    except NoFreeSlot:
        raise Refusal(
            503, BUSY, "All lines are busy. Try again in a moment.", {"Retry-After": str(RETRY_AFTER_S)}
        ) from None
    except CallRefused as refused:
        raise invalid(refused.message, DESTINATION if refused.is_destination else INVALID) from None
    except LimitReached as reached:
        raise too_many(reached.message, reached.wait_s) from None
    if len(calls) > 1:  # a client that can be reached at several places
        return access.every(CALL, [call_fields(call, access) for call in calls])
    return access.one(CALL, call_fields(calls[0], access))


@router.get("/Accounts/{account_sid}/Calls/{sid}")
def show(access: LetIn, sid: str) -> Response:
    """A call of the account."""
    call_id = read_call_sid(sid, access.ports.instance_id)
    call = access.ports.calls.get(access.account.sid, call_id) if call_id else None
    if call is None:
        raise not_found(f"call {sid}")
    return access.one(CALL, call_fields(call, access))


def _filter(access: Access) -> CallFilter | None:
    """The calls that the query asks for; None for such as cannot be. Raises Refusal."""
    query = access.query
    status = query.get("Status")
    if status is not None and status not in list(CallStatus):
        raise invalid(f"Status must be one of {', '.join(CallStatus)}.")
    started_from = read_from("StartTime", query["StartTime"]) if "StartTime" in query else None
    ended_before = read_until("EndTime", query["EndTime"]) if "EndTime" in query else None
    parent_call_id = None
    if "ParentCallSid" in query:
        parent_call_id = read_call_sid(query["ParentCallSid"], access.ports.instance_id)
        if parent_call_id is None:
            return None
    return CallFilter(
        from_=query.get("From"),
        to=query.get("To"),
        status=CallStatus(status) if status is not None else None,
        parent_call_id=parent_call_id,
        started_from=started_from,
        ended_before=ended_before,
    )


def call_fields(call: CallRow, access: Access) -> Fields:
    """A call's properties."""
    format = access.spelling.format
    sid = call_sid(call.instance_id, call.call_id)
    parent = call.parent_call_id
    return {
        "sid": sid,
        "InstanceId": f"ID{call.instance_id}",
        "date_created": rfc_822(call.date_created),
        "date_updated": rfc_822(call.date_updated),
        "parent_call_sid": call_sid(call.instance_id, parent) if parent else None,
        "account_sid": call.account_sid,
        "to": call.to,
        "from": call.from_,
        "phone_number_sid": call.number_sid,
        "status": call.status,
        "start_time": iso_with_offset(call.start_time),
        "end_time": iso_with_offset(call.end_time) if call.end_time else None,
        "duration": _whole_seconds(call.duration_s),
        "direction": call.direction,
        "api_version": VERSION,
        "forwarded_from": call.forwarded_from,
        "caller_name": call.caller_name,
        "uri": resource_uri(call.account_sid, f"Calls/{sid}", format=format),
        "Ring_duration" if format is Format.XML else "ring_duration": _whole_seconds(call.ring_duration_s),
        "metadata": _metadata(call, format),
        "subresource_uris": {
            "notifications": resource_uri(call.account_sid, f"Calls/{sid}/Notifications", format=format),
            "recordings": resource_uri(call.account_sid, f"Calls/{sid}/Recordings", format=format),
        },
    }


def _whole_seconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)


def _metadata(call: CallRow, format: Format) -> object:
    """What the customer attached: an object in JSON, its text in XML."""
    if call.metadata is None or format is Format.XML:
        return call.metadata
    return json.loads(call.metadata)

"""`/Accounts/{sid}/Calls/{sid}/Traces` and `/Traces?CallSid=…`: all that happened in a call, on one time axis. JSON only.

What is secret is shown as the timeline keeps it: URLs without their credentials, texts cut to what is kept.
"""

from collections.abc import Mapping
from datetime import timedelta

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.timeline import Event
from offhook.rest.errors import invalid, not_found
from offhook.rest.ports import CallTrace
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.dates import iso_utc
from offhook.rest.restcomm.sids import call_sid, read_call_sid
from offhook.rest.restcomm.spelling import VERSION

TRACE = Kind(element="Trace", elements="Traces", key="traces", keeps_nulls=True)
FILTERS = ("CallSid", "Kind")

router = APIRouter()


@router.get("/Accounts/{account_sid}/Calls/{call}/Traces")
def show_of_call(access: LetIn, call: str) -> Response:
    """What happened in one of the account's calls, in the order of time."""
    return _page(access, call)


@router.get("/Accounts/{account_sid}/Traces")
def show_all(access: LetIn) -> Response:
    """The same, of the call that CallSid names."""
    call = access.query.get("CallSid")
    if not call:
        raise invalid("CallSid is required: the sid of the call whose trace is wanted.")
    return _page(access, call)


def _page(access: Access, call: str) -> Response:
    call_id = read_call_sid(call, access.ports.instance_id)
    trace = access.ports.traces.read(call_id, account_sid=access.account.sid) if call_id else None
    if call_id is None or trace is None:
        raise not_found(f"call {call}")
    asked = access.page_asked()
    kind = access.query.get("Kind")
    events = [(place, event) for place, event in enumerate(trace.events) if kind is None or event[1] == kind]
    shown = events[asked.offset : asked.offset + asked.size]
    items = [_fields(call_id, place, event, trace, access) for place, event in shown]
    return access.many(TRACE, items, len(events), asked, FILTERS)


def _fields(call_id: str, place: int, event: Event, trace: CallTrace, access: Access) -> Fields:
    at_ms, kind, details = event
    return {
        "sid": str(place),  # its place in the trace, from 0
        "call_sid": call_sid(access.ports.instance_id, call_id),
        "account_sid": access.account.sid,
        "date_created": iso_utc(trace.began_at + timedelta(milliseconds=at_ms)),
        "offset_ms": at_ms,
        "kind": kind,
        "details": _plain(details),
        "api_version": VERSION,
    }


def _plain(details: Mapping[str, object]) -> Mapping[str, object]:
    return {name: value for name, value in details.items() if value is not None}

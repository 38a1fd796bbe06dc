"""`/Call/`: making calls, those that are live or wait, and what ends or takes them elsewhere."""

import asyncio
import time

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.errors import NoFreeSlot
from offhook.call.info import CallStatus, Direction
from offhook.call.listing import CallFilter
from offhook.call.rows import CallRow
from offhook.rest import forms
from offhook.rest.errors import (
    DESTINATION,
    INVALID,
    TOO_MANY,
    Refusal,
    conflict,
    invalid,
    not_found,
    too_many,
)
from offhook.rest.live_ports import CallIsOver, LiveChange, NobodyConnected, OwnerAway, WantedEnd
from offhook.rest.ports import CallRefused, LimitReached, NewCall, RowsAway
from offhook.rest.vobiz.access import Access, LetIn
from offhook.rest.vobiz.answers import (
    Answered,
    answer,
    done,
    moment,
    must_be,
    page,
    read_stretch,
    uuid_text,
)
from offhook.rest.vobiz.bodies import BodyFields, Fields
from offhook.rest.vobiz.cdr_rows import asked_filter, direction_of, plivo_fields
from offhook.rest.vobiz.language import LANGUAGE
from offhook.rest.vobiz.new_call import read_new_calls
from offhook.verbs import Target

LIVE, QUEUED = "live", "queued"
STATES = {LIVE: (CallStatus.RINGING, CallStatus.IN_PROGRESS), QUEUED: (CallStatus.QUEUED,)}
MOST_LISTED = 20
AT_ONCE, BEGIN_WITHIN_S = 8, 1.2
"""Calls of one request that are begun together, and for how long more are begun: the answer comes within 2 s."""
LEGS = ("aleg", "bleg", "both")

router = APIRouter()


@router.post("/Account/{auth_id}/Call")
async def create(access: LetIn, body: BodyFields) -> Response:
    """New calls, one for each destination; answers with their UUIDs."""
    wanted = read_new_calls(body, access.account.sid)
    if len(wanted) == 1:
        call_id = await _place(access, wanted[0])
        return answer({"message": "Call fired", "request_uuid": uuid_text(call_id)})
    begun, missed = await _place_all(access, wanted)
    fields: Answered = {"message": "Calls fired", "request_uuid": begun}
    return answer({**fields, "not_called": missed} if missed else fields)


async def _place_all(access: Access, wanted: tuple[NewCall, ...]) -> tuple[list[str], list[dict[str, str]]]:
    """The UUIDs of those that began, and which did not, and why. Raises Refusal where not one began."""
    begun: list[str] = []
    missed: list[dict[str, str]] = []
    refusal: Refusal | None = None
    until = time.monotonic() + BEGIN_WITHIN_S
    for first in range(0, len(wanted), AT_ONCE):
        together = wanted[first : first + AT_ONCE]
        if time.monotonic() > until:
            late = "there was no time left for it; send the request again"
            missed += [{"to": call.to, "error": late} for call in together]
            continue
        placed = (_placed_or_refused(access, call) for call in together)
        for call, result in zip(together, await asyncio.gather(*placed), strict=True):
            if isinstance(result, Refusal):
                refusal = refusal or result
                missed.append({"to": call.to, "error": result.message})
            else:
                begun.append(uuid_text(result))
    if not begun and refusal is not None:
        raise refusal
    return begun, missed


async def _placed_or_refused(access: Access, wanted: NewCall) -> str | Refusal:
    try:
        return await _place(access, wanted)
    except Refusal as refusal:
        return refusal


async def _place(access: Access, wanted: NewCall) -> str:
    """Begin a call; returns its id. Raises Refusal."""
    try:
        calls = await access.ports.call_control.place(wanted)
    except NoFreeSlot:
        raise Refusal(
            429, TOO_MANY, "All lines are busy. Try again in a moment.", {"Retry-After": "5"}
        ) from None
    except CallRefused as refused:
        raise invalid(refused.message, DESTINATION if refused.is_destination else INVALID) from None
    except LimitReached as reached:
        raise too_many(reached.message, reached.wait_s) from None
    except RowsAway as away:
        return away.call_ids[0]
    return calls[0].call_id


@router.get("/Account/{auth_id}/Call")
def show_all(access: LetIn) -> Response:
    """The UUIDs of calls that are live or queued, as status says; without it the calls that are over."""
    status = _status(access)
    asked = read_stretch(access.query, most=MOST_LISTED)
    directions = read_directions(access.query, "call_direction")
    if status is None:
        wanted = asked_filter(access.query, directions)
        found = access.ports.calls.page(access.account.sid, wanted, offset=asked.offset, limit=asked.limit)
        items = [plivo_fields(call, access) for call in found.rows]
        kept = {name: access.query[name] for name in access.query if name not in ("limit", "offset")}
        return page(items, found.total, asked, path=access.uri("Call"), query=kept)
    wanted = CallFilter(
        statuses=STATES[status],
        directions=directions,
        from_=_party(access, "from_number"),
        to=_party(access, "to_number"),
        is_over=False,
    )
    found = access.ports.calls.page(access.account.sid, wanted, offset=asked.offset, limit=asked.limit)
    return answer({"calls": [uuid_text(call.call_id) for call in found.rows]})


@router.get("/Account/{auth_id}/Call/{call_uuid}")
def show(access: LetIn, call_uuid: str) -> Response:
    """A call that is live or queued, as status says; without it one that is over."""
    status = _status(access)
    call = access.call(call_uuid)
    if status is None:
        if not call.status.is_final:
            raise not_found(f"finished call {call_uuid}: ask with status=live")
        return answer(plivo_fields(call, access))
    if call.status not in STATES[status]:
        raise not_found(f"{status} call {call_uuid}")
    return answer(_live_fields(call, status))


@router.delete("/Account/{auth_id}/Call/{call_uuid}")
async def hang_up(access: LetIn, call_uuid: str) -> Response:
    """End a call."""
    call = await asyncio.to_thread(running_call, access, call_uuid)
    await _change(access, call, LiveChange(end=WantedEnd.COMPLETED))
    return done()


@router.post("/Account/{auth_id}/Call/{call_uuid}")
async def transfer(access: LetIn, call_uuid: str, body: BodyFields) -> Response:
    """Take a call, or whom it is connected with, or both, to other documents."""
    legs = read_legs(body, "legs")
    own = _leg_target(body, "aleg") if legs != "bleg" else None
    other = _leg_target(body, "bleg") if legs != "aleg" else None
    call = await asyncio.to_thread(running_call, access, call_uuid)
    change = LiveChange(application=own, connected_application=other, language=LANGUAGE)
    await _change(access, call, change)
    told = {"message": "call transferred", "call_uuid": uuid_text(call.call_id)}
    return answer({**told, "call_uuids": [told["call_uuid"]]}, 202)


def running_call(access: Access, text: str) -> CallRow:
    """The account's call with this UUID, as its row says it runs. Blocks. Raises Refusal."""
    call = access.call(text)
    if call.status.is_final:
        raise not_found(f"live call {text}: it is over")
    return call


def read_legs(body: Fields, name: str) -> str:
    """Which legs are meant. Raises Refusal."""
    return must_be(body.get(name, ""), name, LEGS, "aleg")


def read_directions(query: Fields, name: str) -> tuple[Direction, ...]:
    """Which directions are meant; none is all. Raises Refusal."""
    text = query.get(name, "").strip()
    if not text:
        return ()
    if must_be(text, name, ("inbound", "outbound"), "inbound") == "inbound":
        return (Direction.INBOUND,)
    return (Direction.OUTBOUND_API, Direction.OUTBOUND_DIAL)


def away(error: OwnerAway) -> Refusal:
    """The call runs where nobody answers now."""
    return conflict(f"The call cannot be reached now: {error}. Try again in a moment.")


async def _change(access: Access, call: CallRow, change: LiveChange) -> None:
    try:
        await access.ports.live_calls.change(call, change)
    except CallIsOver:
        raise not_found(f"live call {uuid_text(call.call_id)}: it is over") from None
    except NobodyConnected:
        raise conflict("The call is connected with nobody, so there is no bleg.") from None
    except OwnerAway as error:
        raise away(error) from None


def _leg_target(body: Fields, leg: str) -> Target:
    target = forms.target(body, f"{leg}_url", f"{leg}_method")
    if target is None:
        raise invalid(f"{leg}_url is required for these legs.")
    return target


def _status(access: Access) -> str | None:
    text = access.query.get("status", "").strip()
    return must_be(text, "status", (LIVE, QUEUED), LIVE) if text else None


def _party(access: Access, name: str) -> str | None:
    text = access.query.get(name, "").strip()
    return f"%{text.lstrip('+')}" if text else None


def _live_fields(call: CallRow, status: str) -> Answered:
    fields: dict[str, object] = {
        "call_status": QUEUED if status == QUEUED else str(call.status),
        "call_uuid": uuid_text(call.call_id),
        "caller_name": call.caller_name or "",
        "direction": direction_of(call),
        "from": call.from_,
        "to": call.to,
        "request_uuid": uuid_text(call.call_id),
    }
    if status == LIVE:
        unknown = "Not Applicable"
        fields |= {
            "session_start": moment(call.date_created),
            "stir_verification": unknown,
            "stir_attestation": "",
        }
    return fields

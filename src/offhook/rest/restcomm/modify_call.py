"""`POST /Accounts/{sid}/Calls/{sid}`: change a call while it runs. docs/live-calls.md tells what each change does."""

import asyncio
from functools import partial

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.rows import CallRow
from offhook.rest import forms
from offhook.rest.errors import BUSY, GONE, Refusal, invalid, not_found
from offhook.rest.forms import Form, FormFields
from offhook.rest.live_ports import CallIsOver, LiveChange, OwnerAway, WantedEnd
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.calls import CALL, RETRY_AFTER_S, call_fields
from offhook.rest.restcomm.new_call import ApplicationOf, read_application
from offhook.rest.restcomm.sids import is_call_sid, read_call_sid

WITH_URL_ONLY = ("FallbackUrl", "StatusCallback")
"""What would be lost without a Url. Methods, which some clients always send, are read and not missed."""

router = APIRouter()


@router.post("/Accounts/{account_sid}/Calls/{sid}")
async def modify(access: LetIn, sid: str, form: FormFields) -> Response:
    """Change a call; answers with the call as it was before."""
    application_of = partial(access.ports.applications.get, access.account.sid)
    change = await asyncio.to_thread(read_change, form, application_of)
    call = await asyncio.to_thread(live_call, access, sid)
    try:
        await access.ports.live_calls.change(call, change)
    except CallIsOver:
        raise already_over() from None
    except OwnerAway as away:
        raise owner_away(away) from None
    return access.one(CALL, call_fields(call, access))


def read_change(form: Form, application_of: ApplicationOf) -> LiveChange:
    """What a form wants of a call. Blocks where `application_of` does. Raises Refusal."""
    change = LiveChange(
        is_muted=forms.truth(form, "Mute"),
        end=_end(form),
        application=read_application(form, application_of),
        fallback=forms.target(form, "FallbackUrl", "FallbackMethod"),
        status_callback=forms.target(form, "StatusCallback", "StatusCallbackMethod"),
        moves_connected=forms.truth(form, "MoveConnectedCallLeg") or False,
    )
    lonely = [name for name in WITH_URL_ONLY if form.get(name, "").strip()]
    if change.application is None and lonely:
        raise invalid(f"{lonely[0]} needs a Url, which takes the call to another application.")
    if change.is_muted is None and change.end is None and change.application is None:
        raise invalid("Give a Url, an ApplicationSid, a Status or Mute: there is nothing to change.")
    return change


def live_call(access: Access, sid: str) -> CallRow:
    """The account's call with this sid, as its row says it runs. Blocks. Raises Refusal."""
    if not is_call_sid(sid):
        raise invalid(f"{sid[:80]} is no call's sid; one is ID, 32 hex digits, -CA and 32 hex digits.")
    call_id = read_call_sid(sid, access.ports.instance_id)
    call = access.ports.calls.get(access.account.sid, call_id) if call_id else None
    if call is None:
        raise not_found(f"call {sid}")
    if call.status.is_final:
        raise already_over()
    return call


def already_over() -> Refusal:
    """The call has ended."""
    return Refusal(410, GONE, "Call is already completed.")


def owner_away(away: OwnerAway) -> Refusal:
    """The call runs where nobody answers now."""
    message = f"The call cannot be reached now: {away}. Try again in a moment."
    return Refusal(503, BUSY, message, {"Retry-After": str(RETRY_AFTER_S)})


def _end(form: Form) -> WantedEnd | None:
    text = form.get("Status", "").strip().lower()
    if text and text not in list(WantedEnd):
        raise invalid(f"Status must be {' or '.join(WantedEnd)}.")
    return WantedEnd(text) if text else None

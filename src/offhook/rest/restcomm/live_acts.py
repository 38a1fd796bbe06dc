"""POST to `Says`, `Plays`, `Holds`, `Resumes` and `Refers`: do one of these to a call that runs, beside its document.

The answer comes within about a second: the record, where the verb has ended by then, and else what is known of it, with the
status `in-progress`. The record is there under its sid once the verb has ended.
"""

import asyncio
import re

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.rows import CallRow
from offhook.call.voice_rows import VerbKind
from offhook.rest import forms
from offhook.rest.errors import CONFLICT, Refusal, invalid
from offhook.rest.forms import Form, FormFields
from offhook.rest.live_ports import CallIsOver, CallNotAnswered, LiveVerb, OwnerAway
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.modify_call import already_over, live_call, owner_away
from offhook.rest.restcomm.verb_records import SHELVES, begun_fields, record_fields
from offhook.verbs import Hold, Play, Refer, Resume, Say

LONGEST_TEXT = 4096
MOST_LOOPS = 1000
LONGEST_TARGET = 256
VOICES = ("man", "woman")
LOOKS, LOOK_S = 10, 0.05
"""How often is looked for a record that is being written, and how long between."""
_LANGUAGE = re.compile("[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
_TARGET = re.compile(r"""\+?[0-9*#]{1,32}|sips?:[^\s@<>"?]+(?:@[^\s@<>"?]+)?""", re.IGNORECASE)

router = APIRouter()


@router.post("/Accounts/{account_sid}/Says")
async def say(access: LetIn, form: FormFields) -> Response:
    """Speak to a call."""
    return await _act(access, form, VerbKind.SAY, _say(form))


@router.post("/Accounts/{account_sid}/Plays")
async def play(access: LetIn, form: FormFields) -> Response:
    """Play to a call."""
    url = forms.url(form, "Url") or forms.url(form, "PlayUri")
    if url is None:
        raise invalid("Url is required.")
    return await _act(access, form, VerbKind.PLAY, Play(url=url, loop=_loop(form)))


@router.post("/Accounts/{account_sid}/Holds")
async def hold(access: LetIn, form: FormFields) -> Response:
    """Put a call on hold."""
    return await _act(access, form, VerbKind.HOLD, Hold(music_url=forms.url(form, "HoldMusic")))


@router.post("/Accounts/{account_sid}/Resumes")
async def resume(access: LetIn, form: FormFields) -> Response:
    """Take a call off hold."""
    return await _act(access, form, VerbKind.RESUME, Resume())


@router.post("/Accounts/{account_sid}/Refers")
async def refer(access: LetIn, form: FormFields) -> Response:
    """Ask a call's far end to call somebody else."""
    name = "Target" if "Target" in form or "To" not in form else "To"
    target = forms.required(form, name)
    if len(target) > LONGEST_TARGET or not _TARGET.fullmatch(target):
        raise invalid(
            f"{name} must be a SIP URI such as sip:ada@example.com, or a number such as +15551234567."
        )
    return await _act(access, form, VerbKind.REFER, Refer(to=target))


async def _act(access: Access, form: Form, kind: VerbKind, verb: LiveVerb) -> Response:
    call = await asyncio.to_thread(live_call, access, forms.required(form, "CallSid"))
    record_id = new_id()
    try:
        is_over = await access.ports.live_calls.act(call, verb, record_id)
    except CallIsOver:
        raise already_over() from None
    except CallNotAnswered:
        raise Refusal(409, CONFLICT, "The call is not in progress yet: nobody would hear it.") from None
    except OwnerAway as away:
        raise owner_away(away) from None
    return await _answer(access, kind, record_id, call, is_over)


async def _answer(access: Access, kind: VerbKind, record_id: str, call: CallRow, is_over: bool) -> Response:
    for look in range(LOOKS if is_over else 0):
        if look:
            await asyncio.sleep(LOOK_S)
        row = await asyncio.to_thread(access.ports.verb_records.get, access.account.sid, kind, record_id)
        if row is not None:
            return access.one(SHELVES[kind].shown, record_fields(row, access))
    begun = begun_fields(kind, record_id, call.call_id, access)
    return access.one(SHELVES[kind].shown, {**begun, "status": "in-progress"})


def _say(form: Form) -> Say:
    text = " ".join(forms.required(form, "Text").split())
    if len(text) > LONGEST_TEXT:
        raise invalid(f"Text must not be longer than {LONGEST_TEXT} characters.")
    voice = form.get("Voice", "").strip().lower() or VOICES[0]
    if voice not in VOICES:
        raise invalid(f"Voice must be {' or '.join(VOICES)}.")
    language = form.get("Language", "").strip() or "en"
    if not _LANGUAGE.fullmatch(language):
        raise invalid("Language must be a language such as en, fr or pt-BR.")
    return Say(text=text, voice=voice, language=language, loop=_loop(form))


def _loop(form: Form) -> int:
    text = form.get("Loop", "").strip() or "1"
    if not re.fullmatch("[0-9]{1,4}", text) or int(text) > MOST_LOOPS:
        raise invalid(f"Loop must be a whole number from 0, which is for ever, to {MOST_LOOPS}.")
    return int(text)

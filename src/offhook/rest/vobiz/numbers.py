"""`/numbers/{number}/application`: which application answers the calls to a number.

A number is one in E.164, with its `+` or without, or any digits, as short numbers and internal ones are. One that nobody
has becomes the account's when an application is attached to it.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.rows import NumberRow
from offhook.rest.errors import conflict, invalid, not_found
from offhook.rest.vobiz.access import Access, LetIn
from offhook.rest.vobiz.answers import answer, done
from offhook.rest.vobiz.applications import find_application
from offhook.rest.vobiz.bodies import BodyFields

_NUMBER = re.compile(r"\+?[0-9]{1,32}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")

router = APIRouter()


@router.post("/Account/{auth_id}/numbers/{number}/application")
def attach(access: LetIn, number: str, body: BodyFields) -> Response:
    """Have an application answer the calls to a number."""
    app_id = (body.get("application_id") or body.get("app_id") or "").strip()
    if not app_id:
        raise invalid("application_id is required.")
    application = find_application(access, app_id)
    found = _find(access, number)
    if found is None:
        found = _new(access, number)
        if not access.ports.numbers.create(replace(found, voice_application_sid=application.sid)):
            raise _taken(number)
    elif found.account_sid != access.account.sid:
        raise _taken(number)
    else:
        _point(access, found, application.sid)
    told = {"message": "attached", "number": found.phone_number, "application_id": application.sid}
    return answer(told)


@router.delete("/Account/{auth_id}/numbers/{number}/application")
def detach(access: LetIn, number: str) -> Response:
    """Have no application answer there any more."""
    found = _find(access, number)
    if found is None or found.account_sid != access.account.sid:
        raise not_found(f"number {number[:40]}")
    _point(access, found, None)
    return done()


def _point(access: Access, number: NumberRow, application_sid: str | None) -> None:
    changed = replace(number, voice_application_sid=application_sid, date_updated=datetime.now(UTC))
    if not access.ports.numbers.update(changed):
        raise not_found(f"number {number.phone_number}")


def _find(access: Access, text: str) -> NumberRow | None:
    """The number, whose ever it is, as it is written, and else with its `+` or without. Raises Refusal."""
    plain = _plain(text)
    other = plain[1:] if plain.startswith("+") else f"+{plain}"
    return access.ports.numbers.named(plain, other)


def _plain(text: str) -> str:
    # A plus sign that was not encoded may arrive as a blank.
    plain = f"+{text.strip()}" if text.startswith(" ") else text.strip()
    if not _NUMBER.fullmatch(plain):
        raise invalid("The number must be digits, such as +15551234567, whose + is written %2B in a path.")
    return plain


def _new(access: Access, text: str) -> NumberRow:
    plain = _plain(text)
    with_plus = plain if plain.startswith("+") else f"+{plain}"
    is_e164 = _E164.fullmatch(with_plus) is not None
    now = datetime.now(UTC)
    phone_number = with_plus if is_e164 else plain
    return NumberRow(
        sid=f"PN{new_id()}",
        account_sid=access.account.sid,
        phone_number=phone_number,
        friendly_name=phone_number,
        is_sip=not is_e164,
        api_version="v1",
        date_created=now,
        date_updated=now,
    )


def _taken(number: str) -> Exception:
    return conflict(f"The number {number[:40]} belongs to another account.")

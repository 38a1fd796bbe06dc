"""`/Accounts/{sid}/OutgoingCallerIds`: numbers that the account may show as the caller's."""

import re
from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.resource_rows import CallerIdRow
from offhook.rest import forms
from offhook.rest.errors import invalid, not_found
from offhook.rest.forms import FormFields
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.dates import rfc_822
from offhook.rest.restcomm.spelling import resource_uri

CALLER_ID = Kind(element="OutgoingCallerId", elements="OutgoingCallerIds", key="outgoing_caller_ids")
LONGEST_NAME = 128
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")

router = APIRouter()


@router.get("/Accounts/{account_sid}/OutgoingCallerIds")
def show_all(access: LetIn) -> Response:
    """The account's caller ids, oldest first."""
    wanted = {"phone_number": "PhoneNumber", "friendly_name": "FriendlyName"}
    found = [
        _fields(each, access)
        for each in access.ports.caller_ids.of_account(access.account.sid)
        if all(
            access.query.get(name, getattr(each, field)) == getattr(each, field)
            for field, name in wanted.items()
        )
    ]
    return access.every(CALLER_ID, found)


@router.post("/Accounts/{account_sid}/OutgoingCallerIds")
def create(access: LetIn, form: FormFields) -> Response:
    """A new caller id; where the account has the number already, the one that it has."""
    phone_number = forms.required(form, "PhoneNumber")
    if not _E164.fullmatch(phone_number):
        raise invalid(
            "PhoneNumber must be in E.164: a plus sign, the country code and the number, all digits, such as "
            "+15551234567."
        )
    now = datetime.now(UTC)
    wanted = CallerIdRow(
        sid=f"PN{new_id()}",
        account_sid=access.account.sid,
        phone_number=phone_number,
        friendly_name=forms.words(form, "FriendlyName", longest=LONGEST_NAME) or phone_number,
        date_created=now,
        date_updated=now,
    )
    return access.one(CALLER_ID, _fields(access.ports.caller_ids.create(wanted), access))


@router.get("/Accounts/{account_sid}/OutgoingCallerIds/{sid}")
def show(access: LetIn, sid: str) -> Response:
    """A caller id of the account."""
    return access.one(CALLER_ID, _fields(_caller_id(access, sid), access))


@router.post("/Accounts/{account_sid}/OutgoingCallerIds/{sid}")
@router.put("/Accounts/{account_sid}/OutgoingCallerIds/{sid}")
def update(access: LetIn, sid: str, form: FormFields) -> Response:
    """A new name."""
    caller_id = _caller_id(access, sid)
    if "FriendlyName" in form:
        name = forms.words(form, "FriendlyName", longest=LONGEST_NAME) or caller_id.phone_number
        caller_id = replace(caller_id, friendly_name=name, date_updated=datetime.now(UTC))
    if not access.ports.caller_ids.update(caller_id):
        raise not_found(f"caller id {sid}")
    return access.one(CALLER_ID, _fields(caller_id, access))


@router.delete("/Accounts/{account_sid}/OutgoingCallerIds/{sid}")
def delete(access: LetIn, sid: str) -> Response:
    """Delete a caller id."""
    if not access.ports.caller_ids.delete(access.account.sid, sid):
        raise not_found(f"caller id {sid}")
    return Response()


def _caller_id(access: Access, sid: str) -> CallerIdRow:
    caller_id = access.ports.caller_ids.get(access.account.sid, sid)
    if caller_id is None:
        raise not_found(f"caller id {sid}")
    return caller_id


def _fields(caller_id: CallerIdRow, access: Access) -> Fields:
    return {
        "sid": caller_id.sid,
        "account_sid": caller_id.account_sid,
        "friendly_name": caller_id.friendly_name,
        "phone_number": caller_id.phone_number,
        "date_created": rfc_822(caller_id.date_created),
        "date_updated": rfc_822(caller_id.date_updated),
        "uri": resource_uri(
            caller_id.account_sid, f"OutgoingCallerIds/{caller_id.sid}", format=access.spelling.format
        ),
    }

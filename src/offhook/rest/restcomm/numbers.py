"""`/Accounts/{sid}/IncomingPhoneNumbers`: numbers, and the applications that answer there."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.listing import NumberFilter
from offhook.call.rows import NumberRow
from offhook.rest.errors import NUMBER_TAKEN, Refusal, invalid, not_found
from offhook.rest.restcomm import forms
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.dates import rfc_822
from offhook.rest.restcomm.forms import Form, FormFields
from offhook.rest.restcomm.spelling import VERSION, resource_uri
from offhook.verbs import Method

NUMBER = Kind(
    element="IncomingPhoneNumber",
    elements="IncomingPhoneNumbers",
    key="incomingPhoneNumbers",
    keeps_nulls=True,
)
FILTERS = ("PhoneNumber", "FriendlyName")
LONGEST_NAME = 128
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SIP_NAME = re.compile(r"""[^\s@<>"\x00-\x20\x7f]+""")

router = APIRouter()


@router.get("/Accounts/{account_sid}/IncomingPhoneNumbers")
def show_all(access: LetIn) -> Response:
    """The account's numbers, newest first."""
    asked = access.page_asked()
    wanted = NumberFilter(
        phone_number=access.query.get("PhoneNumber"), friendly_name=access.query.get("FriendlyName")
    )
    page = access.ports.numbers.page(access.account.sid, wanted, offset=asked.offset, limit=asked.size)
    items = [_fields(number, access) for number in page.rows]
    return access.many(NUMBER, items, page.total, asked, FILTERS)


@router.post("/Accounts/{account_sid}/IncomingPhoneNumbers")
def create(access: LetIn, form: FormFields) -> Response:
    """A new number of the account."""
    is_sip = forms.truth(form, "isSIP") or False
    phone_number = _phone_number(form, is_sip)
    now = datetime.now(UTC)
    blank = NumberRow(
        sid=f"PN{new_id()}",
        account_sid=access.account.sid,
        phone_number=phone_number,
        friendly_name=phone_number,
        is_sip=is_sip,
        api_version=VERSION,
        date_created=now,
        date_updated=now,
    )
    number = _with_properties(blank, form)
    if not access.ports.numbers.create(number):
        raise Refusal(400, NUMBER_TAKEN, f"PhoneNumber {phone_number} is in use already.")
    return access.one(NUMBER, _fields(number, access))


@router.get("/Accounts/{account_sid}/IncomingPhoneNumbers/{sid}")
def show(access: LetIn, sid: str) -> Response:
    """A number of the account."""
    return access.one(NUMBER, _fields(_number(access, sid), access))


@router.post("/Accounts/{account_sid}/IncomingPhoneNumbers/{sid}")
@router.put("/Accounts/{account_sid}/IncomingPhoneNumbers/{sid}")
def update(access: LetIn, sid: str, form: FormFields) -> Response:
    """New properties; those that are not given stay, an empty one is cleared."""
    number = replace(_with_properties(_number(access, sid), form), date_updated=datetime.now(UTC))
    if not access.ports.numbers.update(number):
        raise not_found(f"number {sid}")
    return access.one(NUMBER, _fields(number, access))


@router.delete("/Accounts/{account_sid}/IncomingPhoneNumbers/{sid}")
def delete(access: LetIn, sid: str) -> Response:
    """Give a number up."""
    if not access.ports.numbers.delete(access.account.sid, sid):
        raise not_found(f"number {sid}")
    return Response(status_code=204)


def _number(access: Access, sid: str) -> NumberRow:
    number = access.ports.numbers.get(access.account.sid, sid)
    if number is None:
        raise not_found(f"number {sid}")
    return number


def _phone_number(form: Form, is_sip: bool) -> str:
    text = forms.required(form, "PhoneNumber")
    if is_sip and len(text) <= LONGEST_NAME and _SIP_NAME.fullmatch(text):
        return text
    if is_sip:
        raise invalid(
            f"PhoneNumber must be the user part of a SIP address, up to {LONGEST_NAME} characters "
            'without spaces, @, <, > or ".'
        )
    if _E164.fullmatch(text):
        return text
    raise invalid(
        "PhoneNumber must be in E.164: a plus sign, the country code and the number, all digits, such as "
        "+15551234567. For a short number or a SIP name, add isSIP=true."
    )


def _friendly_name(form: Form, name: str) -> str | None:
    return forms.words(form, name, longest=LONGEST_NAME)


def _sid(form: Form, name: str) -> str | None:
    return forms.words(form, name, longest=64)


_PROPERTIES: dict[str, tuple[str, Callable[[Form, str], object]]] = {
    "FriendlyName": ("friendly_name", _friendly_name),
    "ApiVersion": ("api_version", _sid),
    "VoiceUrl": ("voice_url", forms.url),
    "VoiceMethod": ("voice_method", forms.method),
    "VoiceFallbackUrl": ("voice_fallback_url", forms.url),
    "VoiceFallbackMethod": ("voice_fallback_method", forms.method),
    "StatusCallback": ("status_callback", forms.url),
    "StatusCallbackMethod": ("status_callback_method", forms.method),
    "VoiceCallerIdLookup": ("voice_caller_id_lookup", forms.truth),
    "VoiceApplicationSid": ("voice_application_sid", _sid),
    "SmsUrl": ("sms_url", forms.url),
    "SmsMethod": ("sms_method", forms.method),
    "SmsFallbackUrl": ("sms_fallback_url", forms.url),
    "SmsFallbackMethod": ("sms_fallback_method", forms.method),
    "SmsApplicationSid": ("sms_application_sid", _sid),
    "UssdUrl": ("ussd_url", forms.url),
    "UssdMethod": ("ussd_method", forms.method),
    "UssdFallbackUrl": ("ussd_fallback_url", forms.url),
    "UssdFallbackMethod": ("ussd_fallback_method", forms.method),
    "UssdApplicationSid": ("ussd_application_sid", _sid),
    "ReferUrl": ("refer_url", forms.url),
    "ReferMethod": ("refer_method", forms.method),
    "ReferApplicationSid": ("refer_application_sid", _sid),
    "VoiceCapable": ("voice_capable", forms.truth),
    "SmsCapable": ("sms_capable", forms.truth),
    "MmsCapable": ("mms_capable", forms.truth),
    "FaxCapable": ("fax_capable", forms.truth),
}
"""What may be set, where it is kept, and how it is read."""


def _with_properties(number: NumberRow, form: Form) -> NumberRow:
    """`number` with the properties that `form` gives. Raises Refusal."""
    if_empty: dict[str, object] = {
        "friendly_name": number.phone_number,
        "api_version": VERSION,
        "voice_method": Method.POST,
        "voice_fallback_method": Method.POST,
        "status_callback_method": Method.POST,
        "voice_caller_id_lookup": False,
    }
    given: dict[str, Any] = {}
    for name, (field, read) in _PROPERTIES.items():
        if name in form:
            value = read(form, name)
            given[field] = if_empty.get(field) if value is None else value
    return replace(number, **given)


def _fields(number: NumberRow, access: Access) -> Fields:
    return {
        "sid": number.sid,
        "account_sid": number.account_sid,
        "friendly_name": number.friendly_name,
        "phone_number": number.phone_number,
        "voice_url": number.voice_url,
        "voice_method": number.voice_method,
        "voice_fallback_url": number.voice_fallback_url,
        "voice_fallback_method": number.voice_fallback_method,
        "status_callback": number.status_callback,
        "status_callback_method": number.status_callback_method,
        "voice_caller_id_lookup": number.voice_caller_id_lookup,
        "voice_application_sid": number.voice_application_sid,
        "voice_application_name": None,
        "date_created": rfc_822(number.date_created),
        "date_updated": rfc_822(number.date_updated),
        "sms_url": number.sms_url,
        "sms_method": number.sms_method,
        "sms_fallback_url": number.sms_fallback_url,
        "sms_fallback_method": number.sms_fallback_method,
        "sms_application_sid": number.sms_application_sid,
        "ussd_url": number.ussd_url,
        "ussd_method": number.ussd_method,
        "ussd_fallback_url": number.ussd_fallback_url,
        "ussd_fallback_method": number.ussd_fallback_method,
        "ussd_application_sid": number.ussd_application_sid,
        "refer_url": number.refer_url,
        "refer_method": number.refer_method,
        "refer_application_sid": number.refer_application_sid,
        "capabilities": {
            "voice_capable": number.voice_capable,
            "sms_capable": number.sms_capable,
            "mms_capable": number.mms_capable,
            "fax_capable": number.fax_capable,
        },
        "api_version": number.api_version,
        "uri": resource_uri(
            number.account_sid, f"IncomingPhoneNumbers/{number.sid}", format=access.spelling.format
        ),
    }

"""What can be said of a number: how a form gives it, and how an answer shows it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from offhook.call.number_patterns import fault, is_pattern
from offhook.call.rows import NumberRow
from offhook.rest import forms
from offhook.rest.errors import invalid
from offhook.rest.forms import Form
from offhook.rest.restcomm.access import Access
from offhook.rest.restcomm.answers import Fields
from offhook.rest.restcomm.application_names import application_sid
from offhook.rest.restcomm.dates import rfc_822
from offhook.rest.restcomm.metadata import metadata, metadata_shown, record_all
from offhook.rest.restcomm.spelling import VERSION, resource_uri
from offhook.verbs import Method

APPLICATION_SIDS = {
    "VoiceApplicationSid": "voice_application_sid",
    "SmsApplicationSid": "sms_application_sid",
    "UssdApplicationSid": "ussd_application_sid",
    "ReferApplicationSid": "refer_application_sid",
}
LONGEST_NAME = 128
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SIP_NAME = re.compile(r"""[^\s@<>"\x00-\x20\x7f]+""")


def read_phone_number(form: Form, is_sip: bool) -> str:
    if form.get("AreaCode") and not form.get("PhoneNumber"):
        raise invalid(
            "AreaCode: numbers are not bought here; give PhoneNumber, one that is routed to this server."
        )
    text = forms.required(form, "PhoneNumber")
    if is_sip and len(text) <= LONGEST_NAME and _SIP_NAME.fullmatch(text):
        wrong = fault(text) if is_pattern(text) else None
        if wrong:
            raise invalid(f"PhoneNumber is not a regular expression that can be used: {wrong}.")
        return text
    if is_sip:
        raise invalid(
            f"PhoneNumber must be the user part of a SIP address, or a regular expression for it, up to "
            f'{LONGEST_NAME} characters without spaces, @, <, > or ".'
        )
    if _E164.fullmatch(text):
        return text
    raise invalid(
        "PhoneNumber must be in E.164: a plus sign, the country code and the number, all digits, such as "
        "+15551234567. For a short number or a SIP name, add isSIP=true."
    )


def _friendly_name(form: Form, name: str) -> str | None:
    return forms.words(form, name, longest=LONGEST_NAME)


def _version(form: Form, name: str) -> str | None:
    return forms.words(form, name, longest=64)


_PROPERTIES: dict[str, tuple[str, Callable[[Form, str], object]]] = {
    "FriendlyName": ("friendly_name", _friendly_name),
    "ApiVersion": ("api_version", _version),
    "VoiceUrl": ("voice_url", forms.url),
    "VoiceMethod": ("voice_method", forms.method),
    "VoiceFallbackUrl": ("voice_fallback_url", forms.url),
    "VoiceFallbackMethod": ("voice_fallback_method", forms.method),
    "StatusCallback": ("status_callback", forms.url),
    "StatusCallbackMethod": ("status_callback_method", forms.method),
    "VoiceCallerIdLookup": ("voice_caller_id_lookup", forms.truth),
    "SmsUrl": ("sms_url", forms.url),
    "SmsMethod": ("sms_method", forms.method),
    "SmsFallbackUrl": ("sms_fallback_url", forms.url),
    "SmsFallbackMethod": ("sms_fallback_method", forms.method),
    "UssdUrl": ("ussd_url", forms.url),
    "UssdMethod": ("ussd_method", forms.method),
    "UssdFallbackUrl": ("ussd_fallback_url", forms.url),
    "UssdFallbackMethod": ("ussd_fallback_method", forms.method),
    "ReferUrl": ("refer_url", forms.url),
    "ReferMethod": ("refer_method", forms.method),
    "VoiceCapable": ("voice_capable", forms.truth),
    "SmsCapable": ("sms_capable", forms.truth),
    "MmsCapable": ("mms_capable", forms.truth),
    "FaxCapable": ("fax_capable", forms.truth),
    "Metadata": ("metadata", metadata),
    "RecordAll": ("record_all", record_all),
}
"""What may be set, where it is kept, and how it is read."""


def with_properties(number: NumberRow, form: Form, access: Access) -> NumberRow:
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
    for name, field in APPLICATION_SIDS.items():
        if name in form:
            given[field] = application_sid(access, form, name)
    return replace(number, **given)


def application_names(access: Access) -> Mapping[str, str]:
    """The names of the account's applications by their sids."""
    every = access.ports.applications.of_account(access.account.sid)
    return {application.sid: application.friendly_name for application in every}


def fields(number: NumberRow, access: Access, names: Mapping[str, str]) -> Fields:
    """A number as an answer shows it; `names` are those of the account's applications."""
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
        "voice_application_name": names.get(number.voice_application_sid or ""),
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
        "metadata": metadata_shown(number.metadata, access.spelling.format),
        "record_all": number.record_all,
        "api_version": number.api_version,
        "uri": resource_uri(
            number.account_sid, f"IncomingPhoneNumbers/{number.sid}", format=access.spelling.format
        ),
    }

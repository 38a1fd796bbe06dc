"""`/Accounts/{sid}/Applications`: addresses that several numbers and clients share."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.resource_rows import ApplicationKind, ApplicationRow, NumberOfApplication
from offhook.rest import forms
from offhook.rest.errors import invalid, not_found
from offhook.rest.forms import Form, FormFields
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.dates import rfc_822
from offhook.rest.restcomm.spelling import VERSION, resource_uri

APPLICATION = Kind(element="Application", elements="Applications", key="applications")
LONGEST_NAME = 128

router = APIRouter()


@router.get("/Accounts/{account_sid}/Applications")
def show_all(access: LetIn) -> Response:
    """The account's applications, oldest first, each with its numbers unless includeNumbers=false."""
    numbers: tuple[NumberOfApplication, ...] | None = None
    if forms.truth(access.query, "includeNumbers") is not False:
        numbers = access.ports.applications.numbers_of(access.account.sid)
    every = access.ports.applications.of_account(access.account.sid)
    return access.every(APPLICATION, [_fields(each, access, numbers) for each in every])


@router.post("/Accounts/{account_sid}/Applications")
def create(access: LetIn, form: FormFields) -> Response:
    """A new application."""
    forms.required(form, "FriendlyName")
    now = datetime.now(UTC)
    blank = ApplicationRow(
        sid=f"AP{new_id()}",
        account_sid=access.account.sid,
        friendly_name="",
        api_version=VERSION,
        date_created=now,
        date_updated=now,
    )
    application = _with_properties(blank, form)
    access.ports.applications.create(application)
    return access.one(APPLICATION, _fields(application, access, ()))


@router.get("/Accounts/{account_sid}/Applications/{sid}")
def show(access: LetIn, sid: str) -> Response:
    """An application of the account."""
    application = _application(access, sid)
    return access.one(APPLICATION, _fields(application, access, _its_numbers(access)))


@router.post("/Accounts/{account_sid}/Applications/{sid}")
@router.put("/Accounts/{account_sid}/Applications/{sid}")
def update(access: LetIn, sid: str, form: FormFields) -> Response:
    """New properties; those that are not given stay, an empty one is cleared."""
    application = replace(_with_properties(_application(access, sid), form), date_updated=datetime.now(UTC))
    if not access.ports.applications.update(application):
        raise not_found(f"application {sid}")
    return access.one(APPLICATION, _fields(application, access, _its_numbers(access)))


@router.delete("/Accounts/{account_sid}/Applications/{sid}")
def delete(access: LetIn, sid: str) -> Response:
    """Delete an application; numbers and clients that name it go by their own addresses then."""
    if not access.ports.applications.delete(access.account.sid, sid):
        raise not_found(f"application {sid}")
    return Response()


def _application(access: Access, sid: str) -> ApplicationRow:
    application = access.ports.applications.get(access.account.sid, sid)
    if application is None:
        raise not_found(f"application {sid}")
    return application


def _its_numbers(access: Access) -> tuple[NumberOfApplication, ...]:
    return access.ports.applications.numbers_of(access.account.sid)


def _with_properties(application: ApplicationRow, form: Form) -> ApplicationRow:
    """`application` with the properties that `form` gives. Raises Refusal."""
    name = forms.words(form, "FriendlyName", longest=LONGEST_NAME)
    version = forms.words(form, "ApiVersion", longest=64)
    lookup = forms.truth(form, "VoiceCallerIdLookup")
    return replace(
        application,
        friendly_name=name or application.friendly_name,
        api_version=version or application.api_version,
        voice_caller_id_lookup=application.voice_caller_id_lookup if lookup is None else lookup,
        url=forms.url(form, "RcmlUrl") if "RcmlUrl" in form else application.url,
        kind=_kind(form) or application.kind,
    )


def _kind(form: Form) -> ApplicationKind | None:
    text = form.get("Kind", "").strip().lower()
    if text and text not in list(ApplicationKind):
        raise invalid(f"Kind must be one of {', '.join(ApplicationKind)}.")
    return ApplicationKind(text) if text else None


def _fields(
    application: ApplicationRow, access: Access, numbers: Iterable[NumberOfApplication] | None
) -> Fields:
    return {
        "sid": application.sid,
        "date_created": rfc_822(application.date_created),
        "date_updated": rfc_822(application.date_updated),
        "friendly_name": application.friendly_name,
        "account_sid": application.account_sid,
        "api_version": application.api_version,
        "voice_caller_id_lookup": application.voice_caller_id_lookup,
        "uri": resource_uri(
            application.account_sid, f"Applications/{application.sid}", format=access.spelling.format
        ),
        "rcml_url": application.url,
        "kind": application.kind,
        "numbers": None if numbers is None else [_summary(n) for n in numbers if _names(n, application.sid)],
    }


def _names(number: NumberOfApplication, sid: str) -> bool:
    return sid in (
        number.voice_application_sid,
        number.sms_application_sid,
        number.ussd_application_sid,
        number.refer_application_sid,
    )


def _summary(number: NumberOfApplication) -> Fields:
    fields = {
        "sid": number.sid,
        "friendly_name": number.friendly_name,
        "phone_number": number.phone_number,
        "voice_application_sid": number.voice_application_sid,
        "sms_application_sid": number.sms_application_sid,
        "ussd_application_sid": number.ussd_application_sid,
        "refer_application_sid": number.refer_application_sid,
    }
    return {name: value for name, value in fields.items() if value is not None}

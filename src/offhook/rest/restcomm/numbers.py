"""`/Accounts/{sid}/IncomingPhoneNumbers`: numbers, and the applications that answer there.

A number is one in E.164; with isSIP=true, the user part of a SIP address, or a regular expression, which stands for
every called number that it matches as a whole and that nobody has.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.listing import NumberFilter
from offhook.call.number_kinds import NumberKind, countries, kinds_of
from offhook.call.number_patterns import is_pattern
from offhook.call.rows import NumberRow
from offhook.rest import forms
from offhook.rest.errors import NUMBER_TAKEN, Refusal, invalid, not_found
from offhook.rest.forms import Form, FormFields
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Kind
from offhook.rest.restcomm.number_fields import application_names, fields, read_phone_number, with_properties
from offhook.rest.restcomm.spelling import VERSION

NUMBER = Kind(
    element="IncomingPhoneNumber",
    elements="IncomingPhoneNumbers",
    key="incomingPhoneNumbers",
    keeps_nulls=True,
)
COUNTRIES = Kind(element="Country", elements="AvailableCountries", key="countries")
FILTERS = ("PhoneNumber", "FriendlyName", "SortBy", "Reverse")
SortedBy = Literal["phone_number", "friendly_name"]
SORTED_BY: dict[str, SortedBy] = {"PhoneNumber": "phone_number", "FriendlyName": "friendly_name"}
MOST_PATTERNS = 200
"""Of one account: each call to an unknown number looks at all there are."""

router = APIRouter()


@router.get("/Accounts/{account_sid}/IncomingPhoneNumbers")
def show_all(access: LetIn) -> Response:
    """The account's numbers, newest first, or by what SortBy names."""
    return _page(access, None)


@router.get("/Accounts/{account_sid}/IncomingPhoneNumbers/AvailableCountries")
def show_countries(access: LetIn) -> Response:
    """The countries that numbers can be of; whose, is between the owner and their carrier."""
    return access.words(COUNTRIES, countries())


@router.get("/Accounts/{account_sid}/IncomingPhoneNumbers/Local")
def show_local(access: LetIn) -> Response:
    """The account's numbers of fixed lines."""
    return _page(access, NumberKind.LOCAL)


@router.get("/Accounts/{account_sid}/IncomingPhoneNumbers/Mobile")
def show_mobile(access: LetIn) -> Response:
    """The account's mobile numbers."""
    return _page(access, NumberKind.MOBILE)


@router.get("/Accounts/{account_sid}/IncomingPhoneNumbers/TollFree")
def show_toll_free(access: LetIn) -> Response:
    """The account's numbers that cost the caller nothing."""
    return _page(access, NumberKind.TOLL_FREE)


def _page(access: Access, kind: NumberKind | None) -> Response:
    asked = access.page_asked()
    sort_by, is_reversed = _sorting(access)
    wanted = NumberFilter(
        phone_number=access.query.get("PhoneNumber"),
        friendly_name=access.query.get("FriendlyName"),
        kind=kind,
        sort_by=sort_by,
        is_reversed=is_reversed,
    )
    page = access.ports.numbers.page(access.account.sid, wanted, offset=asked.offset, limit=asked.size)
    names = application_names(access) if page.rows else {}
    items = [fields(number, access, names) for number in page.rows]
    return access.many(NUMBER, items, page.total, asked, FILTERS)


def _sorting(access: Access) -> tuple[SortedBy | None, bool]:
    """By which column, and whether from its end. Raises Refusal."""
    name, _, order = access.query.get("SortBy", "").partition(":")
    is_reversed = forms.truth(access.query, "Reverse") or order.lower() == "desc"
    if (name and name not in SORTED_BY) or order.lower() not in ("", "asc", "desc"):
        raise invalid(f"SortBy must be {' or '.join(SORTED_BY)}, and may end in :asc or :desc.")
    return SORTED_BY.get(name), is_reversed


@router.post("/Accounts/{account_sid}/IncomingPhoneNumbers")
def create(access: LetIn, form: FormFields) -> Response:
    """A new number of the account."""
    is_sip = forms.truth(form, "isSIP") or False
    return _create(access, form, read_phone_number(form, is_sip), is_sip)


@router.post("/Accounts/{account_sid}/IncomingPhoneNumbers/Local")
def create_local(access: LetIn, form: FormFields) -> Response:
    """A new number of a fixed line."""
    return _create_of_kind(access, form, NumberKind.LOCAL, "a fixed line")


@router.post("/Accounts/{account_sid}/IncomingPhoneNumbers/Mobile")
def create_mobile(access: LetIn, form: FormFields) -> Response:
    """A new mobile number."""
    return _create_of_kind(access, form, NumberKind.MOBILE, "a mobile phone")


@router.post("/Accounts/{account_sid}/IncomingPhoneNumbers/TollFree")
def create_toll_free(access: LetIn, form: FormFields) -> Response:
    """A new number that costs the caller nothing."""
    return _create_of_kind(access, form, NumberKind.TOLL_FREE, "a toll-free line")


def _create_of_kind(access: Access, form: Form, kind: NumberKind, words: str) -> Response:
    phone_number = read_phone_number(form, is_sip=False)
    if kind not in kinds_of(phone_number):
        raise invalid(
            f"PhoneNumber {phone_number} is not the number of {words}, by its country's numbering plan."
        )
    return _create(access, form, phone_number, is_sip=False)


def _create(access: Access, form: Form, phone_number: str, is_sip: bool) -> Response:
    now = datetime.now(UTC)
    is_regular = is_sip and is_pattern(phone_number)
    if is_regular and access.ports.numbers.count_patterns(access.account.sid) >= MOST_PATTERNS:
        raise invalid(f"PhoneNumber: an account may have at most {MOST_PATTERNS} regular expressions.")
    blank = NumberRow(
        sid=f"PN{new_id()}",
        account_sid=access.account.sid,
        phone_number=phone_number,
        friendly_name=phone_number,
        is_sip=is_sip,
        is_pattern=is_regular,
        api_version=VERSION,
        date_created=now,
        date_updated=now,
    )
    number = with_properties(blank, form, access)
    if not access.ports.numbers.create(number):
        raise Refusal(400, NUMBER_TAKEN, f"PhoneNumber {phone_number} is in use already.")
    return access.one(NUMBER, fields(number, access, application_names(access)))


@router.get("/Accounts/{account_sid}/IncomingPhoneNumbers/{sid}")
def show(access: LetIn, sid: str) -> Response:
    """A number of the account."""
    return access.one(NUMBER, fields(_number(access, sid), access, application_names(access)))


@router.post("/Accounts/{account_sid}/IncomingPhoneNumbers/{sid}")
@router.put("/Accounts/{account_sid}/IncomingPhoneNumbers/{sid}")
def update(access: LetIn, sid: str, form: FormFields) -> Response:
    """New properties; those that are not given stay, an empty one is cleared."""
    number = replace(with_properties(_number(access, sid), form, access), date_updated=datetime.now(UTC))
    if not access.ports.numbers.update(number):
        raise not_found(f"number {sid}")
    return access.one(NUMBER, fields(number, access, application_names(access)))


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

"""`/Accounts`: the account itself, and those below it."""

import secrets
import string
from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.resource_rows import UserRole
from offhook.call.rows import AccountRow, AccountStatus
from offhook.rest import forms
from offhook.rest.errors import conflict, forbidden, invalid, not_found
from offhook.rest.forms import Form, FormFields
from offhook.rest.restcomm import credentials
from offhook.rest.restcomm.access import Access, LetIn, LetInAsOneself, LetInWhateverStatus
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.dates import rfc_822
from offhook.rest.restcomm.metadata import metadata, metadata_shown, record_all
from offhook.rest.restcomm.spelling import Format, resource_uri

ACCOUNT = Kind(element="Account", elements="Accounts", key="accounts")
DEEPEST = 3
"""Levels of accounts, the highest counted."""
LONGEST_NAME = 128
SUBRESOURCES = {
    "api_keys": "ApiKeys",
    "applications": "Applications",
    "calls": "Calls",
    "clients": "Clients",
    "conferences": "Conferences",
    "incoming_phone_numbers": "IncomingPhoneNumbers",
    "notifications": "Notifications",
    "outgoing_caller_ids": "OutgoingCallerIds",
    "recordings": "Recordings",
    "sms_messages": "SMS/Messages",
    "transcriptions": "Transcriptions",
    "usage_records": "Usage/Records",
    "users": "Users",
}
_LETTERS = string.ascii_uppercase + string.digits

router = APIRouter()


@router.get("/Accounts")
def show_all(access: LetInAsOneself) -> Response:
    """The accounts right below one's own, oldest first, without their tokens."""
    query = access.query
    status = _status(query, "Status") if "Status" in query else None
    filters = {"friendly_name": "FriendlyName", "organization_sid": "OrganizationSid"}
    wanted = {field: query[name] for field, name in filters.items() if name in query}
    found = [
        account
        for account in access.ports.accounts.children(access.account.sid)
        if status in (None, account.status)
        and all(getattr(account, field) == value for field, value in wanted.items())
    ]
    return access.every(ACCOUNT, [_fields(each, access.spelling.format, shows_token=False) for each in found])


@router.post("/Accounts")
def create(access: LetInAsOneself, form: FormFields) -> Response:
    """A new account below one's own."""
    access.must_administer()
    parent = access.account
    if _depth(access, parent) >= DEEPEST:
        raise invalid(f"There are at most {DEEPEST} levels of accounts; this one cannot have any below it.")
    address = credentials.email_address(form)
    password = credentials.new_password(form, shortest=credentials.SHORTEST_OF_PEOPLE, unlike=address)
    organization = form.get("OrganizationSid", "").strip() or parent.organization_sid
    if organization != parent.organization_sid:
        raise invalid(f"OrganizationSid must be that of the account above, {parent.organization_sid}.")
    status = _status(form, "Status") if form.get("Status") else AccountStatus.ACTIVE
    if status is AccountStatus.CLOSED:
        raise invalid("Status must not be closed for a new account.")
    now = datetime.now(UTC)
    account = AccountRow(
        sid=f"AC{new_id()}",
        auth_id="MA" + "".join(secrets.choice(_LETTERS) for _ in range(18)),
        friendly_name=forms.words(form, "FriendlyName", longest=LONGEST_NAME) or address,
        email_address=address,
        type=parent.type,
        status=status,
        role=_role(form) or parent.role,
        auth_token=secrets.token_hex(32),
        organization_sid=organization,
        parent_sid=parent.sid,
        metadata=metadata(form),
        record_all=record_all(form),
        date_created=now,
        date_updated=now,
    )
    if not access.ports.accounts.add(account, password):
        raise conflict(f"EmailAddress {address} is in use already.")
    return access.one(ACCOUNT, _fields(account, access.spelling.format, shows_token=access.shows_tokens))


@router.get("/Accounts/{account_sid}")
def show(access: LetIn) -> Response:
    """The account."""
    return _answer(access, _as_it_is(access))


@router.post("/Accounts/{account_sid}")
@router.put("/Accounts/{account_sid}")
def update(access: LetInWhateverStatus, form: FormFields) -> Response:
    """New properties; those that are not given stay. Closing is for good, and closes those below."""
    access.must_administer()
    accounts, account, now = access.ports.accounts, _as_it_is(access), datetime.now(UTC)
    status = _new_status(access, account, form)
    password = _new_password(access, form)
    changed = replace(
        account,
        friendly_name=forms.words(form, "FriendlyName", longest=LONGEST_NAME) or account.friendly_name,
        role=_role(form) or account.role,
        metadata=metadata(form) if "Metadata" in form else account.metadata,
        record_all=record_all(form) if "RecordAll" in form else account.record_all,
        status=account.status if status is AccountStatus.CLOSED else status,
        date_updated=now,
    )
    if not accounts.update(changed, was=account):
        raise _closed()
    if password is not None:
        accounts.set_password(account.sid, password, now=now)
    if status is AccountStatus.CLOSED:
        accounts.close(account.sid, now=now)
        changed = replace(changed, status=status)
    return _answer(access, changed)


def _depth(access: Access, account: AccountRow) -> int:
    """On which level an account stands; the highest is 1."""
    depth, parent_sid = 1, account.parent_sid
    while parent_sid is not None:
        above = access.ports.accounts.get(parent_sid)
        depth, parent_sid = depth + 1, above.parent_sid if above else None
    return depth


def _as_it_is(access: Access) -> AccountRow:
    """The account as it is kept: who signs in is remembered for a moment. Raises Refusal."""
    account = access.ports.accounts.get(access.account.sid)
    if account is None:
        raise not_found("such account")
    return account


def _new_status(access: Access, account: AccountRow, form: Form) -> AccountStatus:
    """The status that the account is to have. Raises Refusal."""
    if account.status is AccountStatus.CLOSED:
        raise _closed()
    status = _status(form, "Status") if form.get("Status") else account.status
    is_own = access.caller.account.sid == account.sid
    if status is account.status or not is_own:
        return status
    if account.parent_sid is None or status is not AccountStatus.CLOSED:
        raise forbidden("Status of an account is changed by an account above it.")
    return status


def _new_password(access: Access, form: Form) -> str | None:
    if not form.get("Password"):
        return None
    if access.caller.user is not None:
        raise forbidden("Password of an account is changed by the account itself, or one above it.")
    return credentials.new_password(
        form, shortest=credentials.SHORTEST_OF_PEOPLE, unlike=access.account.email_address or ""
    )


def _closed() -> Exception:
    return invalid("The account is closed, which is for good; make a new one.")


def _status(form: Form, name: str) -> AccountStatus:
    text = form[name].strip().lower()
    if text not in list(AccountStatus):
        raise invalid(f"{name} must be one of {', '.join(AccountStatus)}.")
    return AccountStatus(text)


def _role(form: Form) -> str | None:
    """The role, as accounts write it; None where none is given. Raises Refusal."""
    text = form.get("Role", "").strip().lower()
    if text and text not in list(UserRole):
        raise invalid(f"Role must be one of {', '.join(role.capitalize() for role in UserRole)}.")
    return text.capitalize() or None


def _answer(access: Access, account: AccountRow) -> Response:
    return access.one(ACCOUNT, _fields(account, access.spelling.format, shows_token=access.shows_tokens))


def _fields(account: AccountRow, format: Format, *, shows_token: bool) -> Fields:
    """The account's properties. Who came by what can be revoked, does not learn what cannot."""
    return {
        "sid": account.sid,
        "organization": account.organization_sid,
        "friendly_name": account.friendly_name,
        "email_address": account.email_address,
        "type": account.type,
        "status": account.status,
        "role": account.role,
        "parent_sid": account.parent_sid,
        "date_created": rfc_822(account.date_created),
        "date_updated": rfc_822(account.date_updated),
        "auth_token": account.auth_token if shows_token else None,
        "metadata": metadata_shown(account.metadata, format),
        "record_all": account.record_all,
        "uri": resource_uri(account.sid, format=format),
        "subresource_uris": {
            **{name: resource_uri(account.sid, path, format=format) for name, path in SUBRESOURCES.items()},
            "gathers_dtmf": resource_uri(account.sid, "Gathers/DTMF", format=Format.JSON),
            "gathers_speech": resource_uri(account.sid, "Gathers/Speech", format=Format.JSON),
        },
    }

"""`/Accounts/{sid}/Users`: people who sign in to the account, each with an address and a password of their own."""

from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.resource_rows import UserRole, UserRow
from offhook.call.rows import AccountStatus
from offhook.rest import forms
from offhook.rest.errors import conflict, forbidden, invalid, not_found
from offhook.rest.forms import Form, FormFields
from offhook.rest.restcomm import credentials
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.dates import rfc_822
from offhook.rest.restcomm.spelling import resource_uri

USER = Kind(element="User", elements="Users", key="users")
LONGEST_NAME = 128
STATES = (AccountStatus.ACTIVE, AccountStatus.SUSPENDED)

router = APIRouter()


@router.get("/Accounts/{account_sid}/Users")
def show_all(access: LetIn) -> Response:
    """The account's users, newest first."""
    asked = access.page_asked()
    page = access.ports.users.page(access.account.sid, offset=asked.offset, limit=asked.size)
    return access.many(USER, [_fields(user, access) for user in page.rows], page.total, asked, ())


@router.post("/Accounts/{account_sid}/Users")
def create(access: LetIn, form: FormFields) -> Response:
    """A new user, who can sign in at once."""
    access.must_administer()
    address = credentials.email_address(form)
    password = credentials.new_password(form, shortest=credentials.SHORTEST_OF_PEOPLE, unlike=address)
    now = datetime.now(UTC)
    user = UserRow(
        sid=f"US{new_id()}",
        account_sid=access.account.sid,
        email_address=address,
        friendly_name=forms.words(form, "FriendlyName", longest=LONGEST_NAME) or address,
        role=_role(form) or UserRole.DEVELOPER,
        status=_status(form) or AccountStatus.ACTIVE,
        password_hash=None,
        date_created=now,
        date_updated=now,
    )
    if not access.ports.users.create(user, password):
        raise conflict(f"EmailAddress {address} is in use already.")
    return access.one(USER, _fields(user, access))


@router.get("/Accounts/{account_sid}/Users/{sid}")
def show(access: LetIn, sid: str) -> Response:
    """A user of the account."""
    return access.one(USER, _fields(_user(access, sid), access))


@router.post("/Accounts/{account_sid}/Users/{sid}")
@router.put("/Accounts/{account_sid}/Users/{sid}")
def update(access: LetIn, sid: str, form: FormFields) -> Response:
    """New properties; those that are not given stay. Users change their own password and name, administrators all."""
    user = _user(access, sid)
    is_oneself = access.caller.user is not None and access.caller.user.sid == user.sid
    role, status = _role(form) or user.role, _status(form) or user.status
    if is_oneself and (role, status) != (user.role, user.status):
        raise forbidden("Nobody changes their own Role or Status; another administrator does.")
    if not is_oneself:
        access.must_administer()
    now = datetime.now(UTC)
    name = forms.words(form, "FriendlyName", longest=LONGEST_NAME) or user.friendly_name
    password = None
    if form.get("Password"):
        password = credentials.new_password(
            form, shortest=credentials.SHORTEST_OF_PEOPLE, unlike=user.email_address
        )
    was, user = user, replace(user, friendly_name=name, role=role, status=status, date_updated=now)
    if not access.ports.users.update(user, was=was):
        raise not_found(f"user {sid}")
    if password is not None:
        access.ports.users.set_password(access.account.sid, sid, password, now=now)
    return access.one(USER, _fields(user, access))


@router.delete("/Accounts/{account_sid}/Users/{sid}")
def delete(access: LetIn, sid: str) -> Response:
    """Delete a user, who is out within a second."""
    access.must_administer()
    if not access.ports.users.delete(access.account.sid, sid):
        raise not_found(f"user {sid}")
    return Response()


def _user(access: Access, sid: str) -> UserRow:
    user = access.ports.users.get(access.account.sid, sid)
    if user is None:
        raise not_found(f"user {sid}")
    return user


def _role(form: Form) -> UserRole | None:
    text = form.get("Role", "").strip().lower()
    if text and text not in list(UserRole):
        raise invalid(f"Role must be one of {', '.join(UserRole)}.")
    return UserRole(text) if text else None


def _status(form: Form) -> AccountStatus | None:
    text = form.get("Status", "").strip().lower()
    if text and text not in STATES:
        raise invalid(f"Status must be one of {', '.join(STATES)}.")
    return AccountStatus(text) if text else None


def _fields(user: UserRow, access: Access) -> Fields:
    return {
        "sid": user.sid,
        "account_sid": user.account_sid,
        "email_address": user.email_address,
        "friendly_name": user.friendly_name,
        "role": user.role,
        "status": user.status,
        "date_created": rfc_822(user.date_created),
        "date_updated": rfc_822(user.date_updated),
        "uri": resource_uri(user.account_sid, f"Users/{user.sid}", format=access.spelling.format),
    }

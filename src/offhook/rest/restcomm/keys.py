"""`/Accounts/{sid}/ApiKeys`: names and secrets that programs sign in with, each of which can be taken back alone."""

from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.rows import ApiKeyRow
from offhook.rest import forms
from offhook.rest.errors import not_found
from offhook.rest.forms import FormFields
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.dates import rfc_822
from offhook.rest.restcomm.spelling import resource_uri

API_KEY = Kind(element="ApiKey", elements="ApiKeys", key="api_keys")
LONGEST_NAME = 128

router = APIRouter()


@router.get("/Accounts/{account_sid}/ApiKeys")
def show_all(access: LetIn) -> Response:
    """The account's keys that open something, newest first, without their secrets."""
    asked = access.page_asked()
    page = access.ports.api_keys.page(access.account.sid, offset=asked.offset, limit=asked.size)
    return access.many(API_KEY, [_fields(key, access) for key in page.rows], page.total, asked, ())


@router.post("/Accounts/{account_sid}/ApiKeys")
def create(access: LetIn, form: FormFields) -> Response:
    """A new key. Its secret is in this answer, and nowhere else."""
    access.must_administer()
    name = forms.words(form, "FriendlyName", longest=LONGEST_NAME) or ""
    key, secret = access.ports.api_keys.add(access.account.sid, name, now=datetime.now(UTC))
    return access.one(API_KEY, {**_fields(key, access), "secret": secret})


@router.get("/Accounts/{account_sid}/ApiKeys/{sid}")
def show(access: LetIn, sid: str) -> Response:
    """A key of the account, without its secret."""
    return access.one(API_KEY, _fields(_key(access, sid), access))


@router.post("/Accounts/{account_sid}/ApiKeys/{sid}")
@router.put("/Accounts/{account_sid}/ApiKeys/{sid}")
def update(access: LetIn, sid: str, form: FormFields) -> Response:
    """A new name."""
    access.must_administer()
    key, now = _key(access, sid), datetime.now(UTC)
    if "FriendlyName" in form:
        name = forms.words(form, "FriendlyName", longest=LONGEST_NAME) or ""
        key = replace(key, friendly_name=name, date_updated=now)
        if not access.ports.api_keys.rename(access.account.sid, sid, name, now=now):
            raise not_found(f"API key {sid}")
    return access.one(API_KEY, _fields(key, access))


@router.delete("/Accounts/{account_sid}/ApiKeys/{sid}")
def delete(access: LetIn, sid: str) -> Response:
    """Revoke a key, which opens nothing a second later."""
    access.must_administer()
    key = _key(access, sid)
    if not access.ports.api_keys.revoke(key.key_id, now=datetime.now(UTC)):
        raise not_found(f"API key {sid}")
    return Response()


def _key(access: Access, sid: str) -> ApiKeyRow:
    key = access.ports.api_keys.get(access.account.sid, sid)
    if key is None:
        raise not_found(f"API key {sid}")
    return key


def _fields(key: ApiKeyRow, access: Access) -> Fields:
    return {
        "sid": key.key_id,
        "account_sid": key.account_sid,
        "friendly_name": key.friendly_name,
        "date_created": rfc_822(key.date_created),
        "date_updated": rfc_822(key.date_updated or key.date_created),
        "uri": resource_uri(key.account_sid, f"ApiKeys/{key.key_id}", format=access.spelling.format),
    }

"""`/Accounts/{sid}/Clients`: phones of the account's own, each with a name that can be called."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.resource_rows import SIP_REALM, ClientRow
from offhook.rest import forms
from offhook.rest.errors import conflict, invalid, not_found
from offhook.rest.forms import Form, FormFields
from offhook.rest.restcomm import credentials
from offhook.rest.restcomm.access import Access, LetIn
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.application_names import application_sid
from offhook.rest.restcomm.dates import rfc_822
from offhook.rest.restcomm.spelling import VERSION, resource_uri
from offhook.verbs import Method

CLIENT = Kind(element="Client", elements="Clients", key="clients")
LONGEST_NAME, LONGEST_LOGIN, LONGEST_CONTACT = 128, 64, 255
ALGORITHM = "MD5,SHA-256"
NOBODYS_LOGIN = "-"
"""Stands for none where logins are written."""
_LOGIN = re.compile(r"[A-Za-z0-9._~!*'+-]+")
_CONTACT = re.compile(r"""sips?:(?:[^\s@<>"\x00-\x20\x7f?,]+@)?[^\s@<>"\x00-\x20\x7f?,]+""", re.IGNORECASE)

router = APIRouter()


@router.get("/Accounts/{account_sid}/Clients")
def show_all(access: LetIn) -> Response:
    """The account's clients, oldest first."""
    every = access.ports.clients.of_account(access.account.sid)
    return access.every(CLIENT, [_fields(client, access) for client in every])


@router.post("/Accounts/{account_sid}/Clients")
def create(access: LetIn, form: FormFields) -> Response:
    """A new client; where the account has one with this login, that one, as it is."""
    login = _login(form)
    md5, sha256 = _digests(login, _password(form, login))
    now = datetime.now(UTC)
    blank = ClientRow(
        sid=f"CL{new_id()}",
        account_sid=access.account.sid,
        login=login,
        friendly_name=login,
        ha1_md5=md5,
        ha1_sha256=sha256,
        password_algorithm=ALGORITHM,
        api_version=VERSION,
        date_created=now,
        date_updated=now,
    )
    client = _with_properties(blank, form, access)
    if not access.ports.clients.create(client):
        had = access.ports.clients.find_by_login(login)
        if had is None or had.account_sid != access.account.sid:
            raise conflict(f"Login {login} is in use already.")
        client = had
    return access.one(CLIENT, _fields(client, access))


@router.get("/Accounts/{account_sid}/Clients/{sid}")
def show(access: LetIn, sid: str) -> Response:
    """A client of the account."""
    return access.one(CLIENT, _fields(_client(access, sid), access))


@router.post("/Accounts/{account_sid}/Clients/{sid}")
@router.put("/Accounts/{account_sid}/Clients/{sid}")
def update(access: LetIn, sid: str, form: FormFields) -> Response:
    """New properties or a new password; what is not given stays, what is empty is cleared."""
    client = _with_properties(_client(access, sid), form, access)
    if form.get("Password"):
        md5, sha256 = _digests(client.login, _password(form, client.login))
        client = replace(client, ha1_md5=md5, ha1_sha256=sha256)
    client = replace(client, date_updated=datetime.now(UTC))
    if not access.ports.clients.update(client):
        raise not_found(f"client {sid}")
    return access.one(CLIENT, _fields(client, access))


@router.delete("/Accounts/{account_sid}/Clients/{sid}")
def delete(access: LetIn, sid: str) -> Response:
    """Delete a client; it is reached nowhere any more."""
    if not access.ports.clients.delete(access.account.sid, sid):
        raise not_found(f"client {sid}")
    return Response()


def _client(access: Access, sid: str) -> ClientRow:
    client = access.ports.clients.get(access.account.sid, sid)
    if client is None:
        raise not_found(f"client {sid}")
    return client


def _login(form: Form) -> str:
    text = forms.required(form, "Login")
    if len(text) > LONGEST_LOGIN or not _LOGIN.fullmatch(text) or text == NOBODYS_LOGIN:
        raise invalid(
            f"Login must be the user part of a SIP address, up to {LONGEST_LOGIN} letters, digits "
            f"and . _ ~ ! * ' + -, and not {NOBODYS_LOGIN} alone."
        )
    return text


def _password(form: Form, login: str) -> str:
    return credentials.new_password(form, shortest=credentials.SHORTEST_OF_PHONES, unlike=login)


def _digests(login: str, password: str) -> tuple[str, str]:
    """What is kept of a password, in MD5 and SHA-256: enough to check a phone that signs in."""
    secret = f"{login}:{SIP_REALM}:{password}".encode()
    return hashlib.md5(secret, usedforsecurity=False).hexdigest(), hashlib.sha256(secret).hexdigest()


def _status(form: Form, name: str) -> bool | None:
    text = form[name].strip()
    if text not in ("", "0", "1"):
        raise invalid(f"{name} must be 1, enabled, or 0, disabled.")
    return text == "1" if text else None


def _contact(form: Form, name: str) -> str | None:
    text = form[name].strip()
    if text and (len(text) > LONGEST_CONTACT or not _CONTACT.fullmatch(text)):
        raise invalid(
            f"{name} must be a SIP URI of at most {LONGEST_CONTACT} characters, such as sip:ada@192.0.2.7:5060."
        )
    return text or None


def _friendly_name(form: Form, name: str) -> str | None:
    return forms.words(form, name, longest=LONGEST_NAME)


_PROPERTIES: dict[str, tuple[str, Callable[[Form, str], object]]] = {
    "FriendlyName": ("friendly_name", _friendly_name),
    "Status": ("is_enabled", _status),
    "VoiceUrl": ("voice_url", forms.url),
    "VoiceMethod": ("voice_method", forms.method),
    "VoiceFallbackUrl": ("voice_fallback_url", forms.url),
    "VoiceFallbackMethod": ("voice_fallback_method", forms.method),
    "IsPushEnabled": ("is_push_enabled", forms.truth),
    "ContactUri": ("contact", _contact),
}
"""What may be set, where it is kept, and how it is read."""


def _with_properties(client: ClientRow, form: Form, access: Access) -> ClientRow:
    """`client` with the properties that `form` gives. Raises Refusal."""
    if_empty: dict[str, object] = {
        "friendly_name": client.login,
        "is_enabled": True,
        "voice_method": Method.POST,
        "voice_fallback_method": Method.POST,
        "is_push_enabled": False,
    }
    given: dict[str, Any] = {}
    for name, (field, read) in _PROPERTIES.items():
        if name in form:
            value = read(form, name)
            given[field] = if_empty.get(field) if value is None else value
    if "VoiceApplicationSid" in form:
        given["voice_application_sid"] = application_sid(access, form, "VoiceApplicationSid")
    return replace(client, **given)


def _fields(client: ClientRow, access: Access) -> Fields:
    """All but the password, which nobody knows here."""
    return {
        "sid": client.sid,
        "date_created": rfc_822(client.date_created),
        "date_updated": rfc_822(client.date_updated),
        "account_sid": client.account_sid,
        "api_version": client.api_version,
        "friendly_name": client.friendly_name,
        "login": client.login,
        "password_algorithm": client.password_algorithm,
        "status": "1" if client.is_enabled else "0",
        "voice_url": client.voice_url,
        "voice_method": client.voice_method,
        "voice_fallback_url": client.voice_fallback_url,
        "voice_fallback_method": client.voice_fallback_method,
        "voice_application_sid": client.voice_application_sid,
        "contact_uri": client.contact,
        "uri": resource_uri(client.account_sid, f"Clients/{client.sid}", format=access.spelling.format),
        "is_push_enabled": client.is_push_enabled,
        "push_client_identity": client.push_client_identity,
    }

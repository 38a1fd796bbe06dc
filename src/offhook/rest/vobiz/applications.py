"""`/Application/`: addresses that answer the calls of numbers, in the language of this API."""

import re
from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import Response

from offhook.call.info import new_id
from offhook.call.resource_rows import ApplicationRow
from offhook.rest import forms
from offhook.rest.errors import conflict, invalid, not_found
from offhook.rest.vobiz.access import Access, LetIn
from offhook.rest.vobiz.answers import Answered, answer, done, page, read_stretch
from offhook.rest.vobiz.bodies import BodyFields, Fields
from offhook.rest.vobiz.language import LANGUAGE
from offhook.verbs import Method

LONGEST_NAME = 60
_NAME = re.compile(r"[A-Za-z0-9_\- .]+")
_TRUTHS = ("default_number_app", "default_endpoint_app", "log_incoming_messages", "public_uri")
"""What is read, and has no effect here."""

router = APIRouter()


@router.get("/Account/{auth_id}/Application")
def show_all(access: LetIn) -> Response:
    """The account's applications of this API, newest first."""
    asked = read_stretch(access.query)
    mine = [
        row for row in access.ports.applications.of_account(access.account.sid) if row.language == LANGUAGE
    ]
    name = access.query.get("app_name", "")
    found = [row for row in reversed(mine) if name in row.friendly_name]
    shown = [_shown(row, access) for row in found[asked.offset : asked.offset + asked.limit]]
    query = {"app_name": name} if name else {}
    return page(shown, len(found), asked, path=access.uri("Application"), query=query)


@router.post("/Account/{auth_id}/Application")
def create(access: LetIn, body: BodyFields) -> Response:
    """A new application."""
    if "app_name" not in body:
        raise invalid("app_name is required.")
    if not body.get("answer_url", "").strip():
        raise invalid("answer_url is required.")
    now = datetime.now(UTC)
    blank = ApplicationRow(
        sid=f"AP{new_id()}",
        account_sid=access.account.sid,
        friendly_name="",
        api_version="v1",
        date_created=now,
        date_updated=now,
        language=LANGUAGE,
    )
    application = _with(blank, body)
    access.ports.applications.create(application)
    return answer({"app_id": application.sid, "message": "created"}, 201)


@router.get("/Account/{auth_id}/Application/{app_id}")
def show(access: LetIn, app_id: str) -> Response:
    """An application of the account."""
    return answer(_shown(find_application(access, app_id), access))


@router.post("/Account/{auth_id}/Application/{app_id}")
def update(access: LetIn, app_id: str, body: BodyFields) -> Response:
    """New properties; those that are not given stay, an empty one is cleared."""
    application = _with(find_application(access, app_id), body)
    if not access.ports.applications.update(replace(application, date_updated=datetime.now(UTC))):
        raise not_found(f"application {app_id}")
    return answer({"message": "changed"}, 202)


@router.delete("/Account/{auth_id}/Application/{app_id}")
def delete(access: LetIn, app_id: str, body: BodyFields) -> Response:
    """Delete an application, unless numbers are attached to it and cascade is not true."""
    application = find_application(access, app_id)
    numbers = access.ports.applications.numbers_of(access.account.sid)
    attached = [each.phone_number for each in numbers if each.voice_application_sid == application.sid]
    if attached and not forms.truth({**access.query, **body}, "cascade"):
        raise conflict(f"The application answers for {', '.join(attached[:5])}: detach the numbers first.")
    if not access.ports.applications.delete(access.account.sid, application.sid):
        raise not_found(f"application {app_id}")
    return done()


def find_application(access: Access, app_id: str) -> ApplicationRow:
    """The account's application of this API with this id. Raises Refusal."""
    application = access.ports.applications.get(access.account.sid, app_id)
    if application is None or application.language != LANGUAGE:
        raise not_found(f"application {app_id[:80]}")
    return application


def _with(application: ApplicationRow, body: Fields) -> ApplicationRow:
    """`application` with the properties that are given. Raises Refusal."""
    for name in _TRUTHS:
        forms.truth(body, name)
    forms.url(body, "message_url")
    given: dict[str, object] = {}
    if "app_name" in body:
        given["friendly_name"] = _name(body)
    if "answer_url" in body:
        given["url"] = forms.url(body, "answer_url")
    for name, field in (("hangup_url", "status_callback"), ("fallback_answer_url", "fallback_url")):
        if name in body:
            given[field] = forms.url(body, name)
    methods = {
        "answer_method": "method",
        "hangup_method": "status_callback_method",
        "fallback_method": "fallback_method",
    }
    for name, field in methods.items():
        if name in body:
            given[field] = forms.method(body, name) or Method.POST
    return replace(application, **given)  # type: ignore[arg-type]


def _name(body: Fields) -> str:
    name = forms.words(body, "app_name", longest=LONGEST_NAME) or ""
    if not _NAME.fullmatch(name):
        raise invalid("app_name must be letters, digits, _, -, full stops and blanks.")
    return name


def _shown(row: ApplicationRow, access: Access) -> Answered:
    return {
        "app_id": row.sid,
        "app_name": row.friendly_name,
        "answer_url": row.url or "",
        "answer_method": row.method or Method.POST,
        "hangup_url": row.status_callback or "",
        "hangup_method": row.status_callback_method or Method.POST,
        "fallback_answer_url": row.fallback_url or "",
        "fallback_method": row.fallback_method or Method.POST,
        "message_url": "",
        "message_method": Method.POST,
        "default_app": False,
        "default_endpoint_app": False,
        "enabled": True,
        "log_incoming_messages": True,
        "public_uri": False,
        "sip_uri": "",
        "sub_account": None,
        "resource_uri": access.uri(f"Application/{row.sid}"),
    }

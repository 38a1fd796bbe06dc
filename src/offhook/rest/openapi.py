"""`/openapi.json`: what the API takes and answers, written down from its routes (OpenAPI 3.1).

Routes know their paths, methods and what they do, in the first line of their docstrings. What a request may carry is
read by hand, form field by form field, so `described` holds the names; a test compares them with what is read.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.routing import iter_route_contexts
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

import offhook
from offhook.rest.restcomm.described import Resource, resource_at
from offhook.rest.restcomm.parameters import PARAMETERS, SCHEMAS
from offhook.rest.restcomm.spelling import PREFIXES, VERSION
from offhook.rest.vobiz import described as vobiz
from offhook.rest.vocabulary import Vocabulary

Json = dict[str, Any]
PATH = "/openapi.json"

_ABOUT = """Calls, numbers and records of an account, and how to make and change them.

Parameters of POST and PUT are form fields. Every path may carry one of three prefixes; with `.json` at its end, or with an
Accept header for JSON, the answer is JSON, else XML. Lists come in pages: `Page` counts from 0, `PageSize` is 50 unless it says
otherwise. An error is an object with `code`, `message` and `more_info`; the page at `more_info` tells what to do.

What lies under `/v1` and `/api/v1` is for clients of Vobiz and Plivo: JSON in and out, signed in with X-Auth-ID and X-Auth-Token or HTTP
Basic, with a slash at the end of a path or without."""
_ACCOUNTS = f"/{VERSION}/Accounts"
_ACCOUNT = "/{account_sid}"
_PATH_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
_MEMBER = re.compile(r"\{(?!shelf|period)\w+\}(?:\.\w+)?$")
"""How the path of one thing ends, as against that of a list."""
_FILE = re.compile(r"\.(wav|mp3|mp4)$")
_FORMS = Vocabulary(PARAMETERS, SCHEMAS, "application/x-www-form-urlencoded")
_ERROR: Json = {
    "type": "object",
    "required": ["code", "message", "more_info"],
    "properties": {
        "code": {"type": "integer"},
        "message": {"type": "string"},
        "more_info": {"type": "string"},
    },
}
_SIGNING_IN: Json = {
    "type": "http",
    "scheme": "basic",
    "description": "The account's sid and token, an API key and its secret, or an e-mail address and its password.",
}
_PAGE = ("page", "num_pages", "page_size", "total", "start", "end", "uri", "next_page_uri")


@dataclass(frozen=True, slots=True)
class Served:
    """One path with what answers there."""

    path: str
    methods: frozenset[str]
    endpoint: Callable[..., Any]


async def _show(request: Request) -> Response:
    """What the API takes and answers."""
    return JSONResponse(described(request.app))


def add_to(app: FastAPI) -> None:
    """Let `app` answer for itself."""
    app.router.routes.append(Route(PATH, _show, methods=["GET"]))


def described(app: FastAPI) -> Json:
    """The document of `app`, made when it is first asked for: anybody may ask, as often as they like."""
    state = app.state
    if not hasattr(state, "described"):
        state.described = document(app.routes)
    found: Json = state.described
    return found


def all_routes(routes: Sequence[BaseRoute]) -> Iterator[Served]:
    """What is served, by included routers too."""
    for context in iter_route_contexts(routes):
        if context.path is not None and context.endpoint is not None:
            methods = frozenset(context.methods or {"GET"}) - {"HEAD"}
            yield Served(context.path, methods, context.endpoint)


def document(routes: Sequence[BaseRoute]) -> Json:
    """The OpenAPI document of `routes`."""
    paths: dict[str, Json] = {}
    for route in all_routes(routes):
        item = paths.setdefault(_PATH_PARAMETER.sub(r"{\1}", route.path), {})
        if vobiz.is_described(route.path):
            item["servers"] = [{"url": "/"}, {"url": "/api"}]
        elif not route.path.startswith(_ACCOUNTS):
            item["servers"] = [{"url": "/"}]
        for method in sorted(route.methods):
            item[method.lower()] = _operation(route, method)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Offhook", "version": offhook.__version__, "description": _ABOUT},
        "servers": [{"url": prefix.removesuffix(f"/{VERSION}") or "/"} for prefix in PREFIXES],
        "paths": paths,
        "components": {
            "schemas": {"Error": _ERROR, "ErrorText": vobiz.ERROR},
            "securitySchemes": {"account": _SIGNING_IN, **vobiz.SIGNING_IN},
        },
    }


def _operation(route: Served, method: str) -> Json:
    words = " ".join((inspect.getdoc(route.endpoint) or "").partition("\n\n")[0].split())
    if vobiz.is_described(route.path):
        return vobiz.operation(route.path, method, words.removesuffix("."))
    is_of_api = route.path.startswith(_ACCOUNTS)
    within = route.path.removeprefix(_ACCOUNTS)
    resource = resource_at(within.removeprefix(_ACCOUNT)) if is_of_api else Resource(is_paged=False)
    is_member = _MEMBER.search(route.path) is not None
    operation: Json = {
        "operationId": "_".join([method.lower(), *re.findall("[A-Za-z0-9]+", within.removeprefix(_ACCOUNT))]),
        "tags": [_tag(within) if is_of_api else "Server"],
        "summary": words.removesuffix("."),
        "parameters": [
            _FORMS.parameter(name, "path", is_required=True) for name in _PATH_PARAMETER.findall(route.path)
        ],
        "responses": _responses(route, method, resource, is_of_api=is_of_api, is_member=is_member),
        "security": [{"account": []}] if is_of_api else [],
    }
    if method == "GET" and not is_member:
        paging = "Page PageSize" if resource.is_paged else ""
        operation["parameters"] += [
            _FORMS.parameter(name, "query") for name in f"{paging} {resource.filters}".split()
        ]
    if method in ("POST", "PUT") and is_of_api:
        operation["requestBody"] = _FORMS.body(resource.update if is_member else resource.create)
    if within in ("", _ACCOUNT) and is_of_api:
        operation["operationId"] = f"{method.lower()}_{'Account' if within else 'Accounts'}"
    return operation


def _tag(within: str) -> str:
    parts = [part for part in within.split("/") if part and "{" not in part]
    return (
        "/".join(parts[:2]) if parts and parts[0] in ("SMS", "Email", "Usage") else (parts or ["Accounts"])[0]
    )


def _responses(route: Served, method: str, resource: Resource, *, is_of_api: bool, is_member: bool) -> Json:
    if not is_of_api:
        return {"200": {"description": "The answer."}}
    error = {
        "description": "A refusal, with its reason code.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    if method == "DELETE":
        return {"2XX": {"description": "It is gone."}, "default": error}
    if file := _FILE.search(route.path):
        content: Json = {f"audio/{file[1]}": {"schema": {"type": "string", "format": "binary"}}}
        return {"200": {"description": "The sound.", "content": content}, "default": error}
    one: Json = {"type": "object", "properties": {name: {} for name in resource.shows.split()}}
    schema = one
    if method == "GET" and not is_member:
        items: Json = {"type": "array", "items": one}
        page: Json = {
            "type": "object",
            "properties": {name: {} for name in _PAGE},
            "additionalProperties": items,
        }
        schema = page if resource.is_paged else items
    content = {"application/json": {"schema": schema}, "application/xml": {"schema": {"type": "string"}}}
    return {"200": {"description": "What is there, or is there now.", "content": content}, "default": error}

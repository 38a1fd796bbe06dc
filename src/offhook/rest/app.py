"""The application: all routes, and one shape for every error."""

import http
from collections.abc import Sequence

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from offhook.call.errors import RecordsAway
from offhook.rest import docs_page, eyes, gateway_door, openapi
from offhook.rest.errors import BUSY, FAULT, INVALID, NOT_FOUND, WRONG_METHOD, Refusal
from offhook.rest.login_delays import LoginDelays
from offhook.rest.ports import Ports
from offhook.rest.request_rates import RequestRates
from offhook.rest.restcomm import (
    accounts,
    answers,
    applications,
    caller_ids,
    calls,
    channel_identities,
    clients,
    conferences,
    emails,
    gathers,
    keys,
    live_acts,
    messages,
    modify_call,
    notifications,
    numbers,
    participants,
    reason_pages,
    recordings,
    sms,
    traces,
    transcriptions,
    usage,
    users,
    verb_records,
)
from offhook.rest.restcomm.spelling import VERSION, OneSpelling, Spelling, read_spelling
from offhook.rest.signing_in import SigningIn
from offhook.rest.sources import Network, source_reader
from offhook.rest.vobiz import answers as vobiz_answers
from offhook.rest.vobiz.paths import PREFIX as VOBIZ_PREFIX
from offhook.rest.vobiz.paths import OnePath, is_ours
from offhook.rest.vobiz.routes import ROUTERS as VOBIZ_ROUTERS

RETRY_AFTER_S = 5
"""When a client may ask again while the database is away."""

LIVE = (modify_call, verb_records, live_acts)
"""What is done to calls that run, and the records of it."""
MEETINGS = (conferences, participants)
MESSAGING = (sms, messages, emails, channel_identities)
MANAGEMENT = (accounts, users, keys, numbers, applications, clients, caller_ids, usage)
"""What an account sets up, and what it used."""

log = structlog.get_logger()


def create_app(ports: Ports, *, trusted_proxies: Sequence[Network] = ()) -> FastAPI:
    """The REST API over `ports`. Of `trusted_proxies` it is believed whom they speak for."""
    app = FastAPI(title="Offhook", docs_url=None, redoc_url=None, openapi_url=None)
    app.router.redirect_slashes = False
    app.state.ports = ports
    app.state.signing_in = SigningIn(ports.accounts, ports.api_keys, ports.users, LoginDelays())
    app.state.request_rates = RequestRates(ports.limits.get)
    app.state.source = source_reader(trusted_proxies)
    app.add_middleware(OneSpelling)
    app.add_middleware(OnePath)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HTTPException, _unroutable)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(RecordsAway, _away)
    app.add_exception_handler(Exception, _broken)
    for resource in (
        *MANAGEMENT,
        calls,
        *LIVE,
        *MEETINGS,
        notifications,
        traces,
        gathers,
        recordings,
        transcriptions,
        *MESSAGING,
    ):
        app.include_router(resource.router, prefix=f"/{VERSION}")
    for router in VOBIZ_ROUTERS:
        app.include_router(router, prefix=VOBIZ_PREFIX)
    app.include_router(eyes.router)
    app.include_router(reason_pages.router)
    app.include_router(gateway_door.router)
    openapi.add_to(app)
    docs_page.add_to(app)
    return app


def _answer(request: Request, refusal: Refusal) -> Response:
    if is_ours(request.url.path):
        return vobiz_answers.error(refusal)
    noted: Spelling | None = request.scope.get("spelling")
    spelling = noted or read_spelling(request.url.path, "", request.headers.get("accept", ""))
    return answers.error(refusal, spelling.format)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return _answer(request, error)


async def _unroutable(request: Request, error: Exception) -> Response:
    """What the router refused."""
    assert isinstance(error, HTTPException)
    match error.status_code:
        case 404:
            code, message = NOT_FOUND, "There is nothing at this path."
        case 405:
            code, message = WRONG_METHOD, f"This resource does not take {request.method}."
        case status:
            code, message = INVALID, http.HTTPStatus(status).phrase
    return _answer(request, Refusal(error.status_code, code, message, error.headers))


async def _unreadable(request: Request, _error: Exception) -> Response:
    return _answer(request, Refusal(400, INVALID, "The request cannot be read."))


async def _away(request: Request, error: Exception) -> Response:
    """The database's fault, and nothing that was asked for was done."""
    log.warning("request.records_away", method=request.method, path=request.url.path, error=str(error))
    message = f"The database cannot be used right now; try again in {RETRY_AFTER_S} seconds."
    return _answer(request, Refusal(503, BUSY, message, {"Retry-After": str(RETRY_AFTER_S)}))


async def _broken(request: Request, error: Exception) -> Response:
    """Our fault; the client learns no more than that."""
    log.error("request.broken", method=request.method, path=request.url.path, exc_info=error)
    return _answer(
        request, Refusal(500, FAULT, "Something went wrong here. It was not your request's fault.")
    )

"""The application: all routes, and one shape for every error."""

import http

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from offhook.rest.errors import FAULT, INVALID, NOT_FOUND, WRONG_METHOD, Refusal
from offhook.rest.ports import Ports
from offhook.rest.restcomm import accounts, answers, calls, gathers, notifications, numbers
from offhook.rest.restcomm.spelling import VERSION, OneSpelling, Spelling, read_spelling

log = structlog.get_logger()


def create_app(ports: Ports) -> FastAPI:
    """The REST API over `ports`."""
    app = FastAPI(title="Offhook", docs_url=None, redoc_url=None, openapi_url=None)
    app.router.redirect_slashes = False
    app.state.ports = ports
    app.add_middleware(OneSpelling)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HTTPException, _unroutable)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(Exception, _broken)
    for resource in (accounts, numbers, calls, notifications, gathers):
        app.include_router(resource.router, prefix=f"/{VERSION}")
    app.add_api_route("/healthz", _health, methods=["GET", "HEAD"])
    return app


async def _health(request: Request) -> Response:
    """200 once calls can be handled; until then 503 and what is missing."""
    ports: Ports = request.app.state.ports
    ready = await run_in_threadpool(ports.readiness)
    checks = {"sip": ready.sip, "database": ready.database, "speech": ready.speech}
    missing = [name for name, is_up in checks.items() if not is_up]
    body = {"status": "starting" if missing else "ready", "missing": missing, "checks": checks}
    return JSONResponse(body, status_code=503 if missing else 200)


def _answer(request: Request, refusal: Refusal) -> Response:
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


async def _broken(request: Request, error: Exception) -> Response:
    """Our fault; the client learns no more than that."""
    log.error("request.broken", method=request.method, path=request.url.path, exc_info=error)
    return _answer(
        request, Refusal(500, FAULT, "Something went wrong here. It was not your request's fault.")
    )

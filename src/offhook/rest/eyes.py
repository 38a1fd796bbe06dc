"""What machines that watch a server ask for: whether it lives, whether it takes calls, and its numbers."""

import ipaddress

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, Response

from offhook.rest.ports import Ports, Readiness

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_WORDS = {
    "sip": "no worker takes calls",
    "database": "the database or the dispatcher of callbacks is away",
    "speech": "the voice or the recogniser is away",
    "draining": "the server was told to stop and takes no new calls",
}


async def _alive(request: Request) -> Response:
    """200 as long as this process answers. Asks nobody, so that nothing else can make it look dead."""
    ports: Ports = request.app.state.ports
    return JSONResponse({"status": "alive", "processes": dict(ports.process_states())})


async def _ready(request: Request) -> Response:
    """200 while calls can be taken; else 503 and what is missing."""
    ports: Ports = request.app.state.ports
    ready = await run_in_threadpool(ports.readiness)
    checks = {"sip": ready.sip, "database": ready.database, "speech": ready.speech}
    missing = [name for name, is_up in checks.items() if not is_up]
    body = {
        "status": _status(ready, missing),
        "missing": missing,
        "checks": checks,
        "message": "; ".join(
            _WORDS[name] for name in (*(["draining"] if ready.is_draining else []), *missing)
        ),
    }
    return JSONResponse(body, status_code=503 if missing or ready.is_draining else 200)


def _status(ready: Readiness, missing: list[str]) -> str:
    if ready.is_draining:
        return "draining"
    return "starting" if missing else "ready"


async def _metrics(request: Request) -> Response:
    """The numbers, for those who may read them. Where a proxy says for whom it asks, both must be allowed."""
    ports: Ports = request.app.state.ports
    hosts = [request.client.host if request.client else ""]
    hosts += [told.rpartition(",")[2].strip() for told in request.headers.getlist("x-forwarded-for")]
    refused = [host for host in hosts if not _is_within(host, ports.metrics_allow)]
    if refused:
        return PlainTextResponse(
            f"{refused[0][:60] or 'an unknown address'} may not read the metrics of this server; "
            "OFFHOOK_METRICS_ALLOW names the networks that may.\n",
            status_code=403,
        )
    return Response(await ports.metrics(), media_type=METRICS_TYPE)


def _is_within(host: str, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)


router = APIRouter()
for _path, _answer in (("/healthz", _alive), ("/readyz", _ready), ("/metrics", _metrics)):
    router.add_api_route(_path, _answer, methods=["GET", "HEAD"])

"""The worker's door: commands from the api process, over HTTP on loopback, with the cluster's secret."""

import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from offhook.call.errors import NoFreeSlot
from offhook.processes.call_runs import CallRuns
from offhook.rest.ports import CallRefused, LimitReached, NewCall, StatusEvent
from offhook.verbs import Method, Target

SECRET_HEADER = "x-offhook-secret"

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Door:
    """An ASGI application of two commands: POST /calls places a call, POST /numbers-changed says that some were."""

    def __init__(self, runs: CallRuns, secret: str, *, on_numbers_changed: Callable[[], None]) -> None:
        self._runs = runs
        self._on_numbers_changed = on_numbers_changed
        self._secret = secret.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one command."""
        if scope["type"] != "http":
            return
        status, answer = await self._answer(scope, await _body(receive))
        body = json.dumps(answer).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, body: bytes) -> tuple[int, dict[str, Any]]:
        given = dict(scope["headers"]).get(SECRET_HEADER.encode(), b"")
        if not hmac.compare_digest(given, self._secret):
            return 403, {"message": "this door is for the voice server's own processes"}
        command = (scope["method"], scope["path"])
        if command == ("POST", "/numbers-changed"):
            self._on_numbers_changed()
            return 200, {}
        if command != ("POST", "/calls"):
            return 404, {"message": "there is no such command"}
        try:
            return 200, {"call_id": await self._runs.place(read_new_call(json.loads(body)))}
        except NoFreeSlot as full:
            return 503, {"message": str(full)}
        except CallRefused as refused:
            return 400, {"message": refused.message, "is_destination": refused.is_destination}
        except LimitReached as reached:
            return 429, {"message": reached.message, "wait_s": reached.wait_s}


def write_new_call(call: NewCall) -> dict[str, Any]:
    """A new call as JSON."""
    return {**asdict(call), "status_events": sorted(call.status_events)}


def read_new_call(written: dict[str, Any]) -> NewCall:
    """The new call that `write_new_call` wrote."""
    return NewCall(
        **{
            **written,
            "sip_headers": tuple((name, value) for name, value in written["sip_headers"]),
            "application": _target(written["application"]),
            "fallback": _target(written["fallback"]) if written["fallback"] else None,
            "status_callback": _target(written["status_callback"]) if written["status_callback"] else None,
            "status_events": frozenset(StatusEvent(event) for event in written["status_events"]),
        }
    )


def _target(written: dict[str, str]) -> Target:
    return Target(written["url"], Method(written["method"]))


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)

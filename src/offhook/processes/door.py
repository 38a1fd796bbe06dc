"""The worker's door: commands from the api process, over HTTP on loopback, with the cluster's secret.

POST /calls                      place a call
POST /calls/<call_id>/change     change a call that runs here
POST /calls/<call_id>/act        run a verb on a call that runs here
POST /calls/<call_id>/perform    begin what goes on beside the document of a call that runs here
POST /calls/<call_id>/stop       stop that
POST /calls/<call_id>/streams/…  begin, list, end: the audio streams of a call that runs here
POST /numbers-changed            numbers are to be looked up anew
"""

import hmac
import json
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from offhook.call.errors import NoFreeSlot
from offhook.call.rows import RecordAll
from offhook.processes.call_runs import CallRuns
from offhook.processes.inner_http import SECRET_HEADER, Receive, Scope, Send
from offhook.processes.live_changes import LiveChanges
from offhook.processes.live_streams import LiveStreams
from offhook.processes.live_words import read_change, read_performance, read_target, read_verb
from offhook.processes.performances import Performances
from offhook.rest.live_ports import CallIsOver, CallNotAnswered, NobodyConnected, PerformanceKind
from offhook.rest.ports import CallRefused, LimitReached, NewCall, StatusEvent
from offhook.verbs import DetectMachine

OF_A_CALL = re.compile(
    "/calls/([0-9a-f]{32})/(change|act|perform|stop|streams/begin|streams/list|streams/end)"
)

Answer = tuple[int, dict[str, Any]]


class Door:
    """An ASGI application of few commands."""

    def __init__(
        self,
        runs: CallRuns,
        secret: str,
        *,
        live: LiveChanges,
        performances: Performances,
        on_numbers_changed: Callable[[], None],
    ) -> None:
        self._runs = runs
        self._live = live
        self._performances = performances
        self._streams = LiveStreams(runs.control)
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

    async def _answer(self, scope: Scope, body: bytes) -> Answer:
        given = dict(scope["headers"]).get(SECRET_HEADER.encode(), b"")
        if not hmac.compare_digest(given, self._secret):
            return 403, {"message": "this door is for the voice server's own processes"}
        path: str = scope["path"]
        of_call = OF_A_CALL.fullmatch(path)
        if scope["method"] != "POST":
            return 404, {"message": "there is no such command"}
        if path == "/numbers-changed":
            self._on_numbers_changed()
            return 200, {}
        if path == "/calls":
            return await self._place(json.loads(body))
        if of_call is not None:
            return await self._on_call(of_call[1], of_call[2], json.loads(body))
        return 404, {"message": "there is no such command"}

    async def _place(self, written: dict[str, Any]) -> Answer:
        try:
            return 200, {"call_ids": await self._runs.place(read_new_call(written))}
        except NoFreeSlot as full:
            return 503, {"message": str(full)}
        except CallRefused as refused:
            return 400, {"message": refused.message, "is_destination": refused.is_destination}
        except LimitReached as reached:
            return 429, {"message": reached.message, "wait_s": reached.wait_s}

    async def _on_call(self, call_id: str, command: str, written: dict[str, Any]) -> Answer:
        try:
            if command == "change":
                self._live.change(call_id, read_change(written))
                return 200, {}
            if command == "perform":
                self._performances.begin(call_id, read_performance(written))
                return 200, {}
            if command == "stop":
                self._performances.stop(call_id, PerformanceKind(written["kind"]))
                return 200, {}
            if command.startswith("streams/"):
                return 200, await self._streams.command(call_id, command.removeprefix("streams/"), written)
            is_over = await self._live.act(call_id, read_verb(written["verb"]), written["record_id"])
            return 200, {"is_over": is_over}
        except CallIsOver as over:
            return 410, {"message": str(over)}
        except CallNotAnswered as ringing:
            return 409, {"message": str(ringing), "is_alone": isinstance(ringing, NobodyConnected)}
        except LimitReached as reached:
            return 429, {"message": reached.message, "wait_s": reached.wait_s}


def write_new_call(call: NewCall) -> dict[str, Any]:
    """A new call as JSON."""
    return {**asdict(call), "status_events": sorted(call.status_events)}


def read_new_call(written: dict[str, Any]) -> NewCall:
    """The new call that `write_new_call` wrote."""
    application = read_target(written["application"])
    assert application is not None
    return NewCall(
        **{
            **written,
            "sip_headers": tuple((name, value) for name, value in written["sip_headers"]),
            "not_done": tuple(written["not_done"]),
            "application": application,
            "fallback": read_target(written["fallback"]),
            "status_callback": read_target(written["status_callback"]),
            "ring": read_target(written["ring"]),
            "status_events": frozenset(StatusEvent(event) for event in written["status_events"]),
            "record_all": RecordAll(written["record_all"]) if written["record_all"] else None,
            "detection": _read_detection(written.get("detection")),
        }
    )


def _read_detection(written: dict[str, Any] | None) -> DetectMachine | None:
    if written is None:
        return None
    return DetectMachine(**{**written, "callback": read_target(written["callback"])})


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)

"""What an operator sees of a running server: numbers, lines, traces, and whether it takes calls."""

import asyncio
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from tests.sip.peer import Peer
from tests.system.conftest import offhook
from tests.system.server import RUNNING, TOKEN, Server, running_server
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

BYE = "<Response><Say>Goodbye.</Say></Response>"
STAY = "<Response><Say>One moment.</Say><Pause length='60'/></Response>"
HOSTILE = "none%0d%0a%7b%22event%22:%22forged%22%7d%1b%5b31m"
"""A called number with a line break and a terminal's escape in it, as SIP writes them."""


class Spans:
    """A collector on loopback that keeps what it receives."""

    def __init__(self) -> None:
        self._more = threading.Condition()
        self._spans: list[Any] = []
        spans = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                spans.take(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Not on the tests' standard error."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def take(self, told: ExportTraceServiceRequest) -> None:
        """A batch came."""
        with self._more:
            for part in told.resource_spans:
                for scope in part.scope_spans:
                    self._spans.extend(scope.spans)
            self._more.notify_all()

    def until(self, *names: str) -> dict[str, Any]:
        """The spans by their names, once all of `names` are there."""
        with self._more:
            found = self._more.wait_for(lambda: {span.name for span in self._spans} >= set(names), timeout=40)
            assert found, [span.name for span in self._spans]
            return {span.name: span for span in self._spans}

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def spans() -> Iterator[Spans]:
    """A collector."""
    collector = Spans()
    yield collector
    collector.close()


def numbers(server: Server) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """What /metrics says, as a Prometheus client reads it."""
    told = httpx2.get(f"{server.url}/metrics", trust_env=False)
    assert told.status_code == 200, told.text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(told.text)
        for sample in family.samples
    }


async def until(condition: Callable[[], bool], within_s: float = 20.0) -> None:
    """Return once `condition` holds; it is asked on a thread of its own."""
    async with asyncio.timeout(within_s):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 (another process changes it)
            await asyncio.sleep(0.05)


async def test_a_call_is_seen_in_numbers_lines_and_traces(
    tmp_path: Path, app: Application, peer: Peer, spans: Spans
) -> None:
    app.on("/voice", page(200, BYE))
    app.on("/status", page(410, ""))
    with running_server(tmp_path, LOG_JSON="1", OTLP_ENDPOINT=spans.url) as server:
        server.give_number("7401", f"{app.url}/voice?token=canary", StatusCallback=f"{app.url}/status")
        async with asyncio.timeout(60):
            await peer.invite("7401", server.sip_port)
            await peer.over.wait()
        call = await asyncio.to_thread(server.call_to, "7401")
        call_id = call["sid"].rpartition("CA")[2]
        unknown = await Peer.open()
        refused = await unknown.invite(HOSTILE, server.sip_port)
        await unknown.close()
        assert refused.status == 404
        found = spans.until("call", "Say", "webhook document", "webhook notice")
        seen = numbers(server)
        output = server.output
    about = {
        name: {labels: value for (its, labels), value in seen.items() if its == name} for name, _ in seen
    }
    assert seen["offhook_database_up", frozenset()] == 1
    assert about["offhook_calls_ended_total"] == {
        frozenset({("process", "worker-0"), ("reason", "hang_up"), ("status", "completed")}): 1
    }
    assert sum(about["offhook_answer_seconds_count"].values()) == 1
    assert sum(about["offhook_call_slots"].values()) > 0
    refused_for_good = frozenset({("process", "dispatcher"), ("result", "dead")})
    assert about["offhook_outbox_attempts_total"][refused_for_good] >= 1
    kinds = {dict(labels)["kind"] for labels in about["offhook_webhook_seconds_count"]}
    assert {"document", "notice"} <= kinds
    processes = {dict(labels)["process"] for labels in about["offhook_process_resident_bytes"]}
    assert {"supervisor", "api", "worker-0", "voice", "recogniser-0", "dispatcher"} <= processes
    assert {dict(labels)["process"] for labels in about["offhook_event_loop_lag_seconds"]} == {
        "api",
        "dispatcher",
        "worker-0",
    }
    assert {span.trace_id.hex() for span in found.values()} == {call_id}
    assert found["Say"].parent_span_id == found["call"].span_id
    assert found["webhook notice"].parent_span_id == found["call"].span_id
    [asked] = [received for received in app.requests if received.path.startswith("/voice")]
    assert (asked.header("traceparent") or "").startswith(f"00-{call_id}-")
    check_lines(output.text, call_id)


def check_lines(text: str, call_id: str) -> None:
    """Each line of the log is one object of JSON, and those about a call name it."""
    lines = text.partition("Offhook is ready.")[2].splitlines()
    logged = [json.loads(line) for line in lines if not line.startswith("  ") and line]
    assert all(list(event)[:4] == ["ts", "level", "process", "event"] for event in logged)
    about = [event for event in logged if event["event"].startswith("callback.")]
    assert about
    assert all(event["call_sid"] == f"CA{call_id}" for event in about)
    [unknown] = [event for event in logged if event["event"] == "call.number_unknown"]
    assert unknown["called"].startswith("none\r\n{")
    assert "forged" not in {event["event"] for event in logged}
    assert not any(ord(letter) < 32 and letter not in "\n" for letter in text)
    assert "canary" not in text
    assert TOKEN not in text


async def test_a_server_that_drains_lives_and_is_not_ready(
    tmp_path: Path, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, STAY))
    with running_server(tmp_path, DRAIN_S="30") as server:
        server.give_number("7402", f"{app.url}/voice")
        await peer.invite("7402", server.sip_port)
        await peer.hears_something()
        assert sum(v for (name, _), v in numbers(server).items() if name == "offhook_calls") == 1
        assert httpx2.get(f"{server.url}/readyz", trust_env=False).status_code == 200
        server.process.terminate()

        def is_unready() -> bool:
            told = httpx2.get(f"{server.url}/readyz", trust_env=False)
            return told.status_code == 503 and told.json()["status"] == "draining"

        await until(is_unready, within_s=3.0)
        alive = httpx2.get(f"{server.url}/healthz", trust_env=False)
        assert (alive.status_code, alive.json()["processes"]["worker-0"]) == (200, "stopping")
        assert server.running_call_to("7402")["status"] in RUNNING
        await peer.bye()
        assert await asyncio.to_thread(server.process.wait, 30) == 0


async def test_numbers_of_a_process_that_dies_begin_anew(server: Server) -> None:
    before = numbers(server)["offhook_process_restarts_total", frozenset({("process", "dispatcher")})]
    mark = server.output.mark
    os.kill(server.children()["dispatcher"], signal.SIGKILL)
    server.output.until("dispatcher is ready again", since=mark)

    def is_counted() -> bool:
        seen = numbers(server)
        restarts = seen["offhook_process_restarts_total", frozenset({("process", "dispatcher")})]
        return restarts == before + 1 and any(
            name == "offhook_event_loop_lag_seconds" and ("process", "dispatcher") in labels
            for name, labels in seen
        )

    await until(is_counted)


def test_a_collector_without_its_packages_is_a_fault_at_the_start(tmp_path: Path) -> None:
    """Without site-packages of its own, Python finds no OpenTelemetry: here a folder hides it."""
    hidden = tmp_path / "hiding"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import sys\n"
        "class Hidden:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.startswith('opentelemetry.sdk') or name.startswith('opentelemetry.exporter'):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Hidden())\n"
    )
    said = offhook(
        "serve",
        PYTHONPATH=str(hidden),
        OFFHOOK_OTLP_ENDPOINT="http://127.0.0.1:9",
        OFFHOOK_DATA_DIR=str(tmp_path / "data"),
    )
    assert said.returncode == 78
    assert "pip install 'offhook[tracing]'" in said.stderr

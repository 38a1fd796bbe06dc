"""Traces of calls, as a collector of OpenTelemetry's receives them over HTTP."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import structlog
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from offhook.call.ending import EndCause, Ending
from offhook.call.errors import CallEnded, FetchFailed
from offhook.call.facts import CallFinished
from offhook.call.info import CallInfo, CallStatus, Direction
from offhook.config import LOOPBACK
from offhook.metrics import Meter
from offhook.processes.watching import Watching
from offhook.tracing import CallTracer
from offhook.verbs import Gather, Request, Say, Target
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.guard import AddressPolicy
from tests.records.story import NOON

UNWANTED = ("opentelemetry.sdk", "opentelemetry.exporter", "offhook.tracing", "prometheus_client")
CALL_ID = "89abcdef01234567" * 2


@dataclass
class Collector:
    """Receives spans at /v1/traces; answers anything else as an application would, and keeps its headers."""

    spans: list[Any] = field(default_factory=list)
    resources: list[dict[str, str]] = field(default_factory=list)
    traceparents: list[str | None] = field(default_factory=list)
    url: str = ""

    def named(self, name: str) -> Any:
        """The one span of this name."""
        (found,) = [span for span in self.spans if span.name == name]
        return found


def attributes(span: Any) -> dict[str, Any]:
    """A span's attributes as Python values."""
    return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in span.attributes}


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector on loopback."""
    received = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/v1/traces":
                received_now = ExportTraceServiceRequest.FromString(body)
                for part in received_now.resource_spans:
                    received.resources.append(
                        {item.key: item.value.string_value for item in part.resource.attributes}
                    )
                    for scope in part.scope_spans:
                        received.spans.extend(scope.spans)
            else:
                received.traceparents.append(self.headers["traceparent"])
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Not on the tests' standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield received
    server.shutdown()
    thread.join()
    server.server_close()


def info() -> CallInfo:
    return CallInfo(
        call_id=CALL_ID,
        account_sid="AC" + "0" * 32,
        direction=Direction.INBOUND,
        from_="1",
        to="2",
        created_at=NOON,
    )


async def test_a_call_is_a_trace_that_its_sid_names(collector: Collector) -> None:
    tracer = CallTracer(collector.url, process="worker-0")
    client = WebhookClient(policy=AddressPolicy(allow=LOOPBACK), watch=Watching(Meter(), tracer))
    with tracer.call(info()):
        with tracer.verb(Say(text="a secret word", line=3)):
            await asyncio.sleep(0)
        with tracer.verb(Gather(line=4)):
            await client.fetch(Request(Target(f"{collector.url}/voice?token=canary")))
        tracer.finished(
            CallFinished(
                call_id=CALL_ID, account_sid="AC", at=NOON, status=CallStatus.COMPLETED, duration_s=1.25
            )
        )
    await client.close()
    await asyncio.to_thread(tracer.close)
    call, say, gather = (collector.named(name) for name in ("call", "Say", "Gather"))
    webhook = collector.named("webhook document")
    assert {span.trace_id.hex() for span in collector.spans} == {CALL_ID}
    assert call.parent_span_id == b""
    assert say.parent_span_id == gather.parent_span_id == call.span_id
    assert webhook.parent_span_id == gather.span_id
    assert attributes(call)["offhook.call_sid"] == f"CA{CALL_ID}"
    assert attributes(call)["offhook.status"] == "completed"
    assert attributes(say) == {"offhook.line": 3}
    assert attributes(webhook)["url.full"] == f"{collector.url}/voice"
    assert attributes(webhook)["http.response.status_code"] == 200
    assert collector.traceparents == [f"00-{CALL_ID}-{webhook.span_id.hex()}-01"]
    assert collector.resources[0]["service.name"] == "offhook"
    assert collector.resources[0]["service.instance.id"] == "worker-0"
    assert "canary" not in str(collector.spans)
    assert "secret word" not in str(collector.spans)


async def test_a_callback_from_another_process_is_found_in_the_same_trace(collector: Collector) -> None:
    worker, dispatcher = (CallTracer(collector.url, process=name) for name in ("worker-0", "dispatcher"))
    with worker.call(info()):
        pass
    client = WebhookClient(policy=AddressPolicy(allow=LOOPBACK), watch=Watching(Meter(), dispatcher))
    with structlog.contextvars.bound_contextvars(call_id=CALL_ID):
        await client.send(Request(Target(f"{collector.url}/status")))
    await client.close()
    for tracer in (worker, dispatcher):
        await asyncio.to_thread(tracer.close)
    notice = collector.named("webhook notice")
    assert notice.trace_id.hex() == CALL_ID
    assert notice.parent_span_id == collector.named("call").span_id


async def test_an_exchange_that_fails_does_not_tell_the_query_of_its_url(collector: Collector) -> None:
    tracer = CallTracer(collector.url, process="worker-0")
    client = WebhookClient(policy=AddressPolicy(allow=LOOPBACK), watch=Watching(Meter(), tracer))
    with pytest.raises(FetchFailed, match="canary") as failed:
        await client.fetch(Request(Target("http://127.0.0.1:9/voice?pin=canary")))
    with tracer.call(info()):
        tracer.finished(
            CallFinished(
                call_id=CALL_ID,
                account_sid="AC",
                at=NOON,
                status=CallStatus.FAILED,
                duration_s=1.25,
                reason=failed.value.message,
            )
        )
    await client.close()
    await asyncio.to_thread(tracer.close)
    assert "http://127.0.0.1:9/voice: " in collector.named("webhook document").status.message
    assert "canary" not in str(collector.spans)


async def test_a_hang_up_is_no_error_and_a_fault_is_one(collector: Collector) -> None:
    tracer = CallTracer(collector.url, process="worker-0")
    with pytest.raises(CallEnded), tracer.call(info()), tracer.verb(Say(text="a")):
        raise CallEnded(Ending(EndCause.FAR_END))
    with pytest.raises(ZeroDivisionError), tracer.call(info()), tracer.verb(Gather()):
        raise ZeroDivisionError
    await asyncio.to_thread(tracer.close)
    assert collector.named("Say").status.code == 0
    assert attributes(collector.named("Say"))["offhook.ended_by"] == "hang_up"
    assert collector.named("Gather").status.code == 2


async def test_calls_do_not_wait_for_a_collector_that_is_not_there() -> None:
    tracer = CallTracer("http://127.0.0.1:9", process="worker-0")
    with tracer.call(info()):
        pass
    await asyncio.to_thread(tracer.close)


def test_without_a_collector_nothing_of_it_is_loaded() -> None:
    program = (
        f"import sys; UNWANTED = {UNWANTED}\n"
        "from offhook.bootstrap import open_tracer\n"
        "from offhook.config import Settings\n"
        "import offhook.processes.worker, offhook.processes.dispatcher, offhook.processes.api\n"
        "assert open_tracer(Settings(), 'worker-0') is None\n"
        "print([name for name in sys.modules if name.startswith(UNWANTED)])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"

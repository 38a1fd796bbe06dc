"""Traces of calls for OpenTelemetry: a span for each call, and in it one for each verb, gather and exchange.

The trace id of a call is its call_id, so whoever has a CallSid has its trace, and every process finds the place of
its spans without being told: the call's own span has the first half of the call_id for its id. Spans leave in
the background, over OTLP/HTTP. This file is loaded only where a collector is configured.
"""

import contextlib
import re
from collections.abc import Iterator
from contextvars import ContextVar

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, Status, StatusCode, TraceFlags
from opentelemetry.util.types import AttributeValue

from offhook import __version__
from offhook.call.errors import CallEnded
from offhook.call.exchange import Reply, without_credentials
from offhook.call.facts import CallFinished
from offhook.call.info import CallInfo, CallStatus
from offhook.verbs import Target, Verb

EXPORT_S = 5.0
"""How long the collector may take, for a batch and for the last one."""

_QUERY = re.compile(r"(://[^\s?]+)\?\S*?(?=:?(?:\s|$))")
"""The query of a URL, in a message that names it."""

_beginning: ContextVar[str | None] = ContextVar("beginning", default=None)
"""The call whose own span is being made."""


class _CallIds(IdGenerator):
    """Gives a call's own span the ids that follow from its call_id."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()

    def generate_span_id(self) -> int:
        call_id = _beginning.get()
        return _span_id(call_id) if call_id is not None else self._random.generate_span_id()

    def generate_trace_id(self) -> int:
        call_id = _beginning.get()
        return int(call_id, 16) if call_id is not None else self._random.generate_trace_id()


class CallTracer:
    """Fills `interpreter.ports.Tracer` and `webhooks.watch.Watch`."""

    def __init__(self, endpoint: str, *, process: str) -> None:
        """`endpoint` is the collector's base URL; `process` stands on all spans."""
        resource = Resource.create(
            {"service.name": "offhook", "service.version": __version__, "service.instance.id": process}
        )
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_S)
        self._provider = TracerProvider(resource=resource, id_generator=_CallIds(), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("offhook", __version__)

    @contextlib.contextmanager
    def call(self, info: CallInfo) -> Iterator[None]:
        """A block that is a call's life."""
        token = _beginning.set(info.call_id)
        try:
            span = self._tracer.start_span(
                "call",
                attributes={
                    "offhook.call_sid": f"CA{info.call_id}",
                    "offhook.account_sid": info.account_sid,
                    "offhook.direction": info.direction.value,
                },
            )
        finally:
            _beginning.reset(token)
        with _current(span):
            yield

    @contextlib.contextmanager
    def verb(self, verb: Verb) -> Iterator[None]:
        """A block in which a verb runs."""
        line = getattr(verb, "line", None)
        attributes = {"offhook.line": line} if line is not None else {}
        span = self._tracer.start_span(type(verb).__name__, attributes=attributes)
        with _current(span):
            yield

    def finished(self, fact: CallFinished) -> None:
        """The call of the block that runs is over: its span says how."""
        span = trace.get_current_span()
        span.set_attribute("offhook.status", fact.status.value)
        span.set_attribute("offhook.duration_s", round(fact.duration_s, 3))
        if fact.reason:
            span.set_attribute("offhook.reason", _told(fact.reason))
        if fact.sip_status is not None:
            span.set_attribute("offhook.sip_status", fact.sip_status)
        if fact.status is CallStatus.FAILED:
            span.set_status(Status(StatusCode.ERROR, _told(fact.reason)))

    def begin(self, target: Target, kind: str) -> "TracedExchange":
        """An exchange with an application begins: in the call that runs, or the one that the log is bound to."""
        parent = None
        if not trace.get_current_span().get_span_context().is_valid:
            call_id = structlog.contextvars.get_contextvars().get("call_id")
            parent = _within(call_id) if call_id else None
        span = self._tracer.start_span(
            f"webhook {kind}",
            context=parent,
            kind=trace.SpanKind.CLIENT,
            attributes={
                "http.request.method": target.method.value,
                "url.full": without_credentials(target.url).partition("?")[0],
            },
        )
        return TracedExchange(span)

    def close(self) -> None:
        """Send what is left, and stop. Blocks for a few seconds at most."""
        self._provider.force_flush(int(EXPORT_S * 1000))
        self._provider.shutdown()


class TracedExchange:
    """Fills `webhooks.watch.Watched`."""

    def __init__(self, span: Span) -> None:
        self._span = span

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The W3C trace context: the application's spans can go on from here."""
        context = self._span.get_span_context()
        flags = f"{int(context.trace_flags):02x}"
        return (("traceparent", f"00-{context.trace_id:032x}-{context.span_id:016x}-{flags}"),)

    def end(self, reply: Reply | None, error: BaseException | None) -> None:
        """It is over."""
        status = reply.status if reply is not None else getattr(error, "status", None)
        if status is not None:
            self._span.set_attribute("http.response.status_code", status)
        if error is not None:
            self._span.set_status(Status(StatusCode.ERROR, _told(str(error)) or type(error).__name__))
        self._span.end()


@contextlib.contextmanager
def _current(span: Span) -> Iterator[None]:
    """A block in which `span` is the current one; how it ends stands on the span."""
    try:
        with trace.use_span(span, record_exception=False, set_status_on_exception=False):
            yield
    except CallEnded:
        span.set_attribute("offhook.ended_by", "hang_up")
        raise
    except Exception as error:
        attributes: dict[str, AttributeValue] = {"offhook.error": type(error).__name__}
        span.set_attributes(attributes)
        span.set_status(Status(StatusCode.ERROR, _told(str(error))))
        raise
    finally:
        span.end()


def _span_id(call_id: str) -> int:
    return int(call_id[:16], 16)


def _within(call_id: str) -> Context:
    """The context of a call that another process runs."""
    context = SpanContext(
        trace_id=int(call_id, 16),
        span_id=_span_id(call_id),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )
    return trace.set_span_in_context(NonRecordingSpan(context))


def _told(message: str) -> str:
    """It without the queries of URLs, which `url.full` leaves out as well: they may repeat what callers typed and said."""
    return _QUERY.sub(r"\1", message)

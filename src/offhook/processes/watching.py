"""Watches the exchanges with applications: times them for the metrics, and traces them where there is a tracer."""

import asyncio
from urllib.parse import urlsplit

from offhook.call.errors import FetchFailed
from offhook.call.exchange import Reply
from offhook.call.signing import Pairs
from offhook.metrics import FAST_S, Few, Histogram, Meter
from offhook.verbs import Target
from offhook.webhooks.watch import Watch, Watched


class Watching:
    """Fills `webhooks.watch.Watch`."""

    def __init__(self, meter: Meter, tracer: Watch | None = None) -> None:
        self._seconds = meter.histogram(
            "offhook_webhook_seconds", "How long applications took.", FAST_S, "host", "kind", "outcome"
        )
        self._few = Few()
        self._tracer = tracer
        self._loop = asyncio.get_running_loop()

    def begin(self, target: Target, kind: str) -> "Timed":
        """An exchange begins."""
        traced = self._tracer.begin(target, kind) if self._tracer is not None else None
        return Timed(self._seconds, self._few(_host(target.url)), kind, self._loop, traced)


class Timed:
    """Fills `webhooks.watch.Watched`."""

    __slots__ = ("_began_at", "_host", "_kind", "_loop", "_seconds", "_traced")

    def __init__(
        self,
        seconds: Histogram,
        host: str,
        kind: str,
        loop: asyncio.AbstractEventLoop,
        traced: Watched | None,
    ) -> None:
        self._seconds = seconds
        self._host = host
        self._kind = kind
        self._loop = loop
        self._traced = traced
        self._began_at = loop.time()

    @property
    def headers(self) -> Pairs:
        """Those of the tracer."""
        return self._traced.headers if self._traced is not None else ()

    def end(self, reply: Reply | None, error: BaseException | None) -> None:
        """It is over."""
        took_s = self._loop.time() - self._began_at
        self._seconds.observe(took_s, self._host, self._kind, _outcome(reply, error))
        if self._traced is not None:
            self._traced.end(reply, error)


def _outcome(reply: Reply | None, error: BaseException | None) -> str:
    """The class of the answer's status, or why there is none."""
    if reply is not None:
        return f"{reply.status // 100}xx"
    if not isinstance(error, FetchFailed):
        return "cancelled"
    return f"{error.status // 100}xx" if error.status is not None else "no_answer"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""

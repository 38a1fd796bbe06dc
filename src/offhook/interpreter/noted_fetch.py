"""Notes what one call asks of its application, on the way there and back."""

import asyncio

from offhook.call.discretion import HIDDEN
from offhook.call.errors import FetchFailed
from offhook.call.exchange import Reply, without_credentials
from offhook.call.timeline import Timeline
from offhook.interpreter.asking import REQUEST_HEADER
from offhook.interpreter.ports import Fetch
from offhook.verbs import Method, Request, Target

SHOWN_BODY_BYTES = 1_000
"""How much of an answer stands on the timeline."""


class NotedFetch:
    """Fills `ports.Fetch` with another one, and tells `timeline` of each exchange once it is over."""

    def __init__(self, fetch: Fetch, timeline: Timeline) -> None:
        self._fetch = fetch
        self._timeline = timeline
        self._loop = asyncio.get_running_loop()
        self._question: str | None = None
        self._tries = 0

    async def fetch(self, request: Request, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
        """The answer to a request for verbs; any 2xx. Raises FetchFailed, with the exchange in it."""
        exchange = _Exchange(
            self._timeline,
            request.target,
            self._loop,
            self._try_number(headers),
            is_private=bool(request.secrets),
        )
        try:
            reply = await self._fetch.fetch(request, headers)
        except FetchFailed as failed:
            reached = failed.exchange.reply if failed.exchange is not None else None
            exchange.note(failed.status, reached, error=failed.message)
            raise
        except asyncio.CancelledError:
            exchange.note(None, None, error="given up: nobody waits for the answer any more")
            raise
        exchange.note(reply.status, reply)
        return reply

    async def media(self, url: str, known: Reply | None = None) -> Reply:
        """A sound file. Raises FetchFailed."""
        exchange = _Exchange(self._timeline, Target(url, Method.GET), self._loop, 1)
        try:
            reply = await self._fetch.media(url, known)
        except FetchFailed as failed:
            exchange.note(failed.status, None, error=failed.message)
            raise
        exchange.note(reply.status, None)
        return reply

    def _try_number(self, headers: tuple[tuple[str, str], ...]) -> int:
        """Counts from 1; tries of one question carry one id."""
        question = next((value for name, value in headers if name == REQUEST_HEADER), None)
        self._tries = self._tries + 1 if question is not None and question == self._question else 1
        self._question = question
        return self._tries


class _Exchange:
    """One try, from its beginning."""

    def __init__(
        self,
        timeline: Timeline,
        target: Target,
        loop: asyncio.AbstractEventLoop,
        number: int,
        *,
        is_private: bool = False,
    ) -> None:
        """`is_private`: the answer may repeat what may not be kept."""
        self._timeline = timeline
        self._target = target
        self._loop = loop
        self._number = number
        self._is_private = is_private
        self._began_at = loop.time()

    def note(self, status: int | None, reply: Reply | None, *, error: str | None = None) -> None:
        """It is over."""
        facts: dict[str, object] = {
            "method": self._target.method.value,
            "url": without_credentials(self._target.url),
            "status": status,
            "took_ms": round(1000 * (self._loop.time() - self._began_at), 1),
        }
        if self._number > 1:
            facts["try"] = self._number
        if error is not None:
            facts["error"] = error
        if reply is not None and reply.body:
            body = reply.body[:SHOWN_BODY_BYTES].decode("utf-8", "replace")
            facts["body"] = HIDDEN if self._is_private else body
        self._timeline.note("webhook", **facts)

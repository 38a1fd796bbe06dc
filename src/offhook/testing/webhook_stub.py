"""A web application in memory: pages by path, and a list of what was asked of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from offhook.call.errors import FetchFailed
from offhook.call.exchange import Exchange, Reply
from offhook.verbs import Request, Target

NOT_FOUND_CODE, FAILED_CODE = 21402, 11200


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer: its body, and how it comes."""

    body: str | bytes = ""
    status: int = 200
    content_type: str = "text/xml"
    after_s: float = 0.0
    """How long the application thinks first."""
    headers: tuple[tuple[str, str], ...] = ()
    """Those besides the content type."""


class WebhookStub:
    """Fills `interpreter.ports.Fetch`. A page that is a tuple gives its answers one after another, the last
    one for ever."""

    def __init__(
        self, pages: Mapping[str, str | Page | tuple[str | Page, ...]], *, host: str = "http://app.example"
    ) -> None:
        self._pages = dict(pages)
        self._host = host
        self._turns: dict[str, int] = {}
        self.requests: list[Request] = []
        """All requests, in order."""
        self.headers: list[dict[str, str]] = []
        """The headers that each of them carried besides its own."""

    def target(self, path: str) -> Target:
        """The address of one page."""
        return Target(self._host + path)

    def posted(self, path: str) -> dict[str, str]:
        """The parameters of the newest request for `path`. Raises LookupError where there was none."""
        for request in reversed(self.requests):
            if urlsplit(request.target.url).path == path:
                return dict(request.parameters)
        raise LookupError(f"nothing was asked of {path}")

    async def fetch(self, request: Request, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
        """The page at the request's path. Raises FetchFailed for a missing page or an error status."""
        self.requests.append(request)
        self.headers.append(dict(headers))
        path = urlsplit(request.target.url).path
        page = self._next(path)
        if page.after_s:
            await asyncio.sleep(page.after_s)
        body = page.body.encode() if isinstance(page.body, str) else page.body
        reply = Reply(
            url=request.target.url,
            status=page.status,
            headers=(("Content-Type", page.content_type), *page.headers),
            body=body,
        )
        if not 200 <= page.status < 300:
            code = NOT_FOUND_CODE if page.status == 404 else FAILED_CODE
            raise FetchFailed(
                code,
                f"{request.target.url} answered {page.status}",
                Exchange.shown(request, reply),
                status=page.status,
            )
        return reply

    async def media(self, url: str, known: Reply | None = None) -> Reply:
        """The page at the URL's path. It comes without an ETag, so nothing of before is known to hold."""
        return await self.fetch(Request(Target(url)))

    def _next(self, path: str) -> Page:
        found = self._pages.get(path, Page(status=404))
        if isinstance(found, tuple):
            turn = self._turns.get(path, 0)
            self._turns[path] = turn + 1
            found = found[min(turn, len(found) - 1)]
        return found if isinstance(found, Page) else Page(body=found)

"""Asks web applications: one exchange at a time, each within limits of time, size and address.

This stands on httpcore2, which speaks HTTP, and not on a browser-like client above it: that would bring cookies
which one customer's application sets and another's gets, proxies from the environment, and unbounded
decompression. All of it would have to be switched off again, and a request would cost half as much again.
"""

import asyncio
import ssl
from dataclasses import replace
from enum import Enum, auto

import httpcore2

from offhook import __version__
from offhook.call.errors import FetchFailed
from offhook.call.exchange import Exchange, Reply, without_credentials
from offhook.verbs import Method, Request, Target
from offhook.webhooks import failures
from offhook.webhooks.answer import AnswerTooLarge, read_body, read_what_comes
from offhook.webhooks.connections import Connections
from offhook.webhooks.guard import AddressPolicy, Guard
from offhook.webhooks.limits import WebhookLimits
from offhook.webhooks.url import WebhookUrl, encode_form, parse_url

Pairs = tuple[tuple[str, str], ...]

REDIRECTS = (301, 302, 303, 307, 308)

_FIXED_HEADERS = (
    (b"User-Agent", f"Offhook/{__version__}".encode()),
    (b"Accept", b"*/*"),
    (b"Accept-Encoding", b"identity"),
)
_FORM = b"application/x-www-form-urlencoded; charset=UTF-8"


class _Kind(Enum):
    """What an exchange is for, and so what matters of its answer."""

    DOCUMENT = auto()
    """A body, unless it is a sound."""
    SOUND = auto()
    """A body."""
    NOTICE = auto()
    """Its status alone."""


class WebhookClient:
    """Fills `interpreter.ports.Fetch`, and sends notifications. One serves a whole process."""

    def __init__(
        self,
        *,
        policy: AddressPolicy,
        limits: WebhookLimits | None = None,
        tls: ssl.SSLContext | None = None,
        query_in_body: bool = True,
    ) -> None:
        """`tls` replaces the system's trusted certificates. `query_in_body`: a form carries the pairs of its
        URL's query too, for applications that look only there."""
        self._limits = limits or WebhookLimits()
        self._query_in_body = query_in_body
        self._guard = Guard(policy)
        self._connections = Connections(
            self._guard, tls or ssl.create_default_context(), connect_s=self._limits.connect_s
        )

    async def fetch(self, request: Request) -> Reply:
        """The answer to a request for verbs; any 2xx. Raises FetchFailed, with the exchange in it.

        A sound is no document: its body is not read.
        """
        return await self._run(request, _Kind.DOCUMENT)

    async def media(self, url: str) -> Reply:
        """A sound file; any 2xx. Raises FetchFailed."""
        return await self._run(Request(Target(url, Method.GET)), _Kind.SOUND)

    async def send(self, request: Request, headers: Pairs = ()) -> Reply:
        """The answer to a notification, whatever its status; its body is not kept.

        Raises FetchFailed where there is none.
        """
        return await self._run(request, _Kind.NOTICE, headers)

    async def close(self) -> None:
        """Close all connections; nothing may be used after."""
        await self._connections.close()
        self._guard.close()

    async def _run(self, request: Request, kind: _Kind, headers: Pairs = ()) -> Reply:
        talk = _Talk(request)
        total_s = self._limits.media_total_s if kind is _Kind.SOUND else self._limits.total_s
        try:
            async with asyncio.timeout(total_s):
                reply = await self._follow(talk, request, headers, kind)
        except TimeoutError as error:
            words = f"the answer was not complete within {total_s:g} s"
            raise talk.failed(failures.NO_ANSWER, words) from error
        except failures.EXPECTED as error:
            raise talk.failed(*failures.explain(error, self._limits)) from error
        if kind is not _Kind.NOTICE and not _is_success(reply):
            words = f"the answer was {failures.status_words(reply.status)}"
            raise talk.failed(failures.status_code(reply.status), words, reply)
        return reply

    async def _follow(self, talk: "_Talk", request: Request, headers: Pairs, kind: _Kind) -> Reply:
        """The answer at the end of all redirects; each keeps method and parameters, as Restcomm did."""
        url = parse_url(request.target.url)
        for _ in range(self._limits.redirects + 1):
            message = self._message(url, request, headers)
            async with self._connections.ask(url, message, within_s=self._limits.response_s) as response:
                reply = Reply(url=url.text, status=response.status, headers=_headers(response))
                location = reply.header("location")
                if location is None or reply.status not in REDIRECTS:
                    return await self._with_body(talk, reply, response, kind)
            url = url.follow(location)
            talk.redirected_to(url)
        words = f"it redirects more than {self._limits.redirects} times"
        raise talk.failed(failures.TOO_MANY_REDIRECTS, words, reply)

    async def _with_body(
        self, talk: "_Talk", reply: Reply, response: httpcore2.Response, kind: _Kind
    ) -> Reply:
        """`reply` with its body, as far as that matters. Raises FetchFailed for one that is too long."""
        limits = self._limits
        most_bytes = limits.media_bytes if kind is _Kind.SOUND else limits.document_bytes
        if kind is _Kind.NOTICE:
            # Read all the same, so that the connection can be used again.
            await read_what_comes(response, most_bytes, limits.leftover_s)
            return reply
        if not _is_success(reply):
            return replace(reply, body=await read_what_comes(response, most_bytes, limits.leftover_s))
        if kind is _Kind.DOCUMENT and reply.content_type.startswith("audio/"):
            return reply
        try:
            return replace(reply, body=await read_body(response, most_bytes))
        except AnswerTooLarge as error:
            words = f"the answer is longer than the {most_bytes:,} bytes allowed"
            raise talk.failed(failures.TOO_LARGE, words, reply) from error

    def _message(self, url: WebhookUrl, request: Request, headers: Pairs) -> httpcore2.Request:
        lines = [(b"Host", url.host_header.encode()), *_FIXED_HEADERS]
        if url.authorization is not None:
            lines.append((b"Authorization", url.authorization.encode()))
        lines += [(name.encode(), value.encode()) for name, value in headers]
        if request.target.method is Method.GET:
            return httpcore2.Request("GET", url.wire(request.parameters), headers=lines)
        body = encode_form((*request.parameters, *(url.query if self._query_in_body else ()))).encode()
        lines += [(b"Content-Type", _FORM), (b"Content-Length", str(len(body)).encode())]
        return httpcore2.Request("POST", url.wire(()), headers=lines, content=body)


class _Talk:
    """One exchange, as its customer will read of it: without credentials, and with how long it took."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._where = f"{request.target.method} {without_credentials(request.target.url)}"
        self._loop = asyncio.get_running_loop()
        self._began_at = self._loop.time()

    def redirected_to(self, url: WebhookUrl) -> None:
        """From here on it is about another URL."""
        self._where += f", redirected to {url.shown}"

    def failed(self, code: int, words: str, reply: Reply | None = None) -> FetchFailed:
        """The error for the customer."""
        took_s = self._loop.time() - self._began_at
        return FetchFailed(
            code,
            f"{self._where}: {words} (after {took_s:.2f} s)",
            Exchange.shown(self._request, reply),
            status=reply.status if reply is not None else None,
        )


def _is_success(reply: Reply) -> bool:
    return 200 <= reply.status < 300


def _headers(response: httpcore2.Response) -> Pairs:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers)

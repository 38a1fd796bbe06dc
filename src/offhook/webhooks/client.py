"""Asks web applications: one exchange at a time, each within limits of time, size and address.

This stands on HTTP/1.1 of its own (`wire`, `http1`) and not on a browser-like client: that would bring cookies which
one customer's application sets and another's gets, proxies from the environment, and unbounded decompression. All of it
would have to be switched off again. It would cost too: exchanges were half of what a short call took of a worker's
event loop, and one takes a fifth of the processor time here that it does with a general library.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from enum import Enum, auto
from time import time

from offhook import __version__
from offhook.call.discretion import hidden
from offhook.call.errors import FetchFailed, Trouble
from offhook.call.exchange import Exchange, Reply, without_credentials, without_query
from offhook.call.signing import Keys, Outgoing, Pairs, Scheme
from offhook.interpreter.stream_ports import StreamLine
from offhook.verbs import Method, Request, Target
from offhook.webhooks import failures
from offhook.webhooks.answer import AnswerTooLarge, read_body, read_what_comes
from offhook.webhooks.connections import Connections
from offhook.webhooks.guard import AddressPolicy, Guard
from offhook.webhooks.limits import WebhookLimits
from offhook.webhooks.patience import Patience
from offhook.webhooks.signing import offhook_signature
from offhook.webhooks.url import WebhookUrl, encode_form, parse_url
from offhook.webhooks.watch import Watch
from offhook.webhooks.wire import Wire

NOTICE_HEAD_BYTES = 1024
"""What is kept of the answer to a notification, for people who look for what went wrong."""
REDIRECTS = (301, 302, 303, 307, 308)
NOT_MODIFIED = 304
NO_KEYS = Keys()

_FIXED_HEADERS = f"User-Agent: Offhook/{__version__}\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
_FORM = "application/x-www-form-urlencoded; charset=UTF-8"


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
        schemes: tuple[Scheme, ...] = (offhook_signature,),
        schemes_of: Mapping[str, Scheme] | None = None,
        watch: Watch | None = None,
    ) -> None:
        """`tls` replaces the system's trusted certificates. `query_in_body`: a form carries the pairs of its
        URL's query too, for applications that look only there. `schemes`: how all requests are signed;
        `schemes_of`: how those are besides that name a signature. `watch` is told of each exchange."""
        self._limits = limits or WebhookLimits()
        self._query_in_body = query_in_body
        self._schemes = schemes
        self._schemes_of = schemes_of or {}
        self._watch = watch
        self._guard = Guard(policy)
        self._tls = tls or ssl.create_default_context()
        self._connections = Connections(self._guard, self._tls)

    async def fetch(self, request: Request, headers: Pairs = (), *, keys: Keys = NO_KEYS) -> Reply:
        """The answer to a request for verbs, signed with `keys`; any 2xx. Raises FetchFailed, with the exchange in it.

        A sound is no document: its body is not read.
        """
        return await self._run(request, _Kind.DOCUMENT, headers, keys)

    async def media(self, url: str, known: Reply | None = None) -> Reply:
        """A sound file; any 2xx. Where `known`, an answer of before, still holds: 304 and no body.

        Raises FetchFailed.
        """
        return await self._run(Request(Target(url, Method.GET)), _Kind.SOUND, known=known)

    async def send(self, request: Request, headers: Pairs = (), *, keys: Keys = NO_KEYS) -> Reply:
        """The answer to a notification, signed with `keys`, whatever its status; of its body, the head.

        Raises FetchFailed where there is none.
        """
        return await self._run(request, _Kind.NOTICE, headers, keys)

    @asynccontextmanager
    async def line(self, url: str, signature: str, *, keys: Keys = NO_KEYS) -> AsyncIterator[StreamLine]:
        """A block with an open line to a ws or wss URL, asked for with a request that is signed. Raises StreamBroke."""
        # Its WebSocket library is for those who stream: 20 ms and 2 MB a process.
        from offhook.webhooks.stream_lines import open_line, read_stream_url

        there = read_stream_url(url)
        asking = Request(Target(there.text, Method.GET), signature=signature)
        as_given = replace(there, scheme="wss" if there.scheme == "https" else "ws")
        headers = self._signatures(as_given, asking, there.path_and_query, b"", keys)
        async with open_line(self._guard, self._tls, there, headers) as line:
            yield line

    async def close(self) -> None:
        """Close all connections; nothing may be used after."""
        await self._connections.close()
        self._guard.close()

    async def _run(
        self,
        request: Request,
        kind: _Kind,
        headers: Pairs = (),
        keys: Keys = NO_KEYS,
        *,
        known: Reply | None = None,
    ) -> Reply:
        if self._watch is None:
            return await self._exchange(request, kind, headers, keys, known)
        watched = self._watch.begin(request.target, kind.name.lower())
        try:
            reply = await self._exchange(request, kind, (*headers, *watched.headers), keys, known)
        except BaseException as error:
            watched.end(None, error)
            raise
        watched.end(reply, None)
        return reply

    async def _exchange(
        self, request: Request, kind: _Kind, headers: Pairs, keys: Keys, known: Reply | None
    ) -> Reply:
        talk = _Talk(request)
        limits = self._limits if kind is _Kind.SOUND else self._limits.of(request)
        total_s = limits.media_total_s if kind is _Kind.SOUND else limits.total_s
        try:
            async with asyncio.timeout(None) as timer:
                talk.patience = Patience(timer, head_s=limits.response_s, total_s=total_s)
                talk.connect_s = limits.connect_s
                talk.most_bytes = limits.media_bytes if kind is _Kind.SOUND else limits.document_bytes
                reply = await self._follow(talk, request, (headers, keys), kind, known)
        except TimeoutError as error:
            raise talk.failed(failures.NO_ANSWER, talk.patience.lost, trouble=Trouble.NO_ANSWER) from error
        except failures.EXPECTED as error:
            code, words = failures.explain(error, limits)
            raise talk.failed(code, words, trouble=failures.trouble(error, code)) from error
        if kind is _Kind.NOTICE or _is_success(reply):
            return reply
        if known is not None and reply.status == NOT_MODIFIED and reply.url == known.url:
            return reply
        words = f"the answer was {failures.status_words(reply.status)}"
        raise talk.failed(failures.status_code(reply.status), words, reply)

    async def _follow(
        self,
        talk: "_Talk",
        request: Request,
        adding: tuple[Pairs, Keys],
        kind: _Kind,
        known: Reply | None,
    ) -> Reply:
        """The answer at the end of all redirects; each keeps method and parameters, as Restcomm did, and is signed
        anew. `adding` are headers, and keys to sign with."""
        headers, keys = adding
        url = parse_url(request.target.url)
        for redirects in range(self._limits.redirects + 1):
            # Another URL may use the same ETag for something else.
            conditions = _conditions(known) if known is not None and known.url == url.text else ()
            message = self._message(url, request, (*headers, *conditions), keys)
            talk.patience.for_a_head()
            async with self._connections.ask(url, message, connect_s=talk.connect_s) as wire:
                reply = Reply(
                    url=url.text,
                    status=wire.answer.status,
                    headers=_headers(wire),
                    was_redirected=redirects > 0,
                )
                location = reply.header("location") if reply.status in REDIRECTS else None
                if location is None:
                    return await self._with_body(talk, reply, wire, kind)
            url = url.follow(location)
            talk.redirected_to(url)
        words = f"it redirects more than {self._limits.redirects} times"
        raise talk.failed(failures.TOO_MANY_REDIRECTS, words, reply)

    async def _with_body(self, talk: "_Talk", reply: Reply, wire: Wire, kind: _Kind) -> Reply:
        """`reply` with its body, as far as that matters. Raises FetchFailed for one that is too long."""
        if not wire.answer.is_whole:
            talk.patience.for_the_rest()
        limits, most_bytes = self._limits, talk.most_bytes
        if kind is _Kind.NOTICE:
            # Read all the same, so that the connection can be used again.
            body = await read_what_comes(wire, most_bytes, limits.leftover_s)
            return replace(reply, body=body[:NOTICE_HEAD_BYTES])
        if not _is_success(reply):
            return replace(reply, body=await read_what_comes(wire, most_bytes, limits.leftover_s))
        if kind is _Kind.DOCUMENT and reply.content_type.startswith("audio/"):
            return reply
        try:
            return replace(reply, body=await read_body(wire, most_bytes))
        except AnswerTooLarge as error:
            words = f"the answer is longer than the {most_bytes:,} bytes allowed"
            raise talk.failed(failures.TOO_LARGE, words, reply) from error

    def _message(self, url: WebhookUrl, request: Request, headers: Pairs, keys: Keys) -> bytes:
        if request.target.method is Method.GET:
            target, body, lines = url.target(request.parameters), b"", ""
        else:
            form = (*request.parameters, *(url.query if self._query_in_body else ()))
            target, body = url.path_and_query, encode_form(form).encode("ascii")
            lines = f"Content-Type: {_FORM}\r\nContent-Length: {len(body)}\r\n"
        if url.authorization is not None:
            lines += f"Authorization: {url.authorization}\r\n"
        for name, value in (*headers, *self._signatures(url, request, target, body, keys)):
            assert not {"\r", "\n"}.intersection(value), "a header of an answer, or of ours, is one line"
            lines += f"{name}: {value}\r\n"
        start = f"{request.target.method} {target} HTTP/1.1\r\nHost: {url.host_header}\r\n"
        return f"{start}{_FIXED_HEADERS}{lines}\r\n".encode("latin-1", "replace") + body

    def _signatures(self, url: WebhookUrl, request: Request, target: str, body: bytes, keys: Keys) -> Pairs:
        if not keys.own:
            return ()
        asked = f"{url.scheme}://{url.host_header}{target}"
        outgoing = Outgoing(method=request.target.method, url=asked, body=body)
        at = int(time())
        own = self._schemes_of.get(request.signature)
        schemes = self._schemes if own is None else (*self._schemes, own)
        return tuple(pair for scheme in schemes for pair in scheme(outgoing, keys, at))


class _Talk:
    """One exchange, as its customer will read of it: without credentials, and with how long it took."""

    patience: Patience
    connect_s: float
    most_bytes: int

    def __init__(self, request: Request) -> None:
        self._request = request
        self._redirects = ""
        self._loop = asyncio.get_running_loop()
        self._began_at = self._loop.time()

    def redirected_to(self, url: WebhookUrl) -> None:
        """From here on it is about another URL."""
        # An application may write what it was told into the query of where it sends us next.
        shown = without_query(url.shown) if self._request.secrets else url.shown
        self._redirects += f", redirected to {shown}"

    def failed(
        self, code: int, words: str, reply: Reply | None = None, *, trouble: Trouble | None = None
    ) -> FetchFailed:
        """The error for the customer."""
        took_s = self._loop.time() - self._began_at
        target = self._request.target
        where = f"{target.method} {without_credentials(target.url)}{self._redirects}"
        return FetchFailed(
            code,
            hidden(f"{where}: {words} (after {took_s:.2f} s)", self._request.secret_values),
            Exchange.shown(self._request, reply),
            status=reply.status if reply is not None else None,
            trouble=trouble,
        )


def _is_success(reply: Reply) -> bool:
    return 200 <= reply.status < 300


def _conditions(known: Reply) -> Pairs:
    """The headers that ask whether `known` still holds (RFC 9110, section 13.1)."""
    etag, modified = known.header("etag"), known.header("last-modified")
    asked = (("If-None-Match", etag), ("If-Modified-Since", modified))
    return tuple((name, value) for name, value in asked if value is not None)


def _headers(wire: Wire) -> Pairs:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in wire.answer.headers)

"""A web application on loopback that does as its scripts say, however rude, and remembers what it was asked."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request, as it came over the wire."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    connection: int
    """The number of the connection it came on, from 1."""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def form(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode(), keep_blank_values=True)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Connection:
    """The server's end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def until_closed(self) -> None:
        """Return once the other side has closed."""
        await self.reader.read()

    def close(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        """Close as a crashed program does."""
        at_once = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.writer.transport.abort()


Script = Callable[[Received, Connection], Awaitable[None]]
"""Answers one request."""


@dataclass(slots=True)
class Application:
    """The running server."""

    url: str = ""
    port: int = 0
    scripts: dict[str, Script] = field(default_factory=dict)
    """By path."""
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    lost: int = 0
    """Connections that are over."""
    happened: asyncio.Condition = field(default_factory=asyncio.Condition)
    talk: Callable[[Connection], Awaitable[None]] | None = None
    """What is done with a connection; None speaks HTTP."""
    _serving: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    def on(self, path: str, *scripts: Script) -> str:
        """Answer requests for `path` with each script in turn, the last one for ever; the page's URL."""
        self.scripts[path] = in_turn(*scripts)
        return self.url + path

    async def has(self, condition: Callable[["Application"], bool], *, within_s: float = 20.0) -> None:
        """Return once `condition` holds."""
        async with self.happened, asyncio.timeout(within_s):
            await self.happened.wait_for(lambda: condition(self))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving[task] = writer
        self.connections += 1
        try:
            connection = Connection(reader, writer)
            await (self.talk(connection) if self.talk else self._converse(connection, self.connections))
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()
            del self._serving[task]
            self.lost += 1
            async with self.happened:
                self.happened.notify_all()

    async def stop(self) -> None:
        """End all connections."""
        serving = dict(self._serving)
        for writer in serving.values():
            writer.transport.abort()
        if serving:
            await asyncio.wait(serving)

    async def _converse(self, connection: Connection, number: int) -> None:
        while not connection.writer.is_closing():
            received = await _read_request(connection.reader, number)
            self.requests.append(received)
            async with self.happened:
                self.happened.notify_all()
            script = self.scripts.get(received.path, page(404, b"no such page"))
            await script(received, connection)


@asynccontextmanager
async def application(
    *,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
    talk: Callable[[Connection], Awaitable[None]] | None = None,
) -> AsyncIterator[Application]:
    """A block in which the application runs, on a port of its own."""
    app = Application(talk=talk)
    server = await asyncio.start_server(app.serve, host, 0, ssl=tls, backlog=1_000)
    app.port = server.sockets[0].getsockname()[1]
    app.url = f"{'https' if tls else 'http'}://{'localhost' if tls else host}:{app.port}"
    try:
        yield app
    finally:
        server.close()
        await app.stop()
        await server.wait_closed()


async def _read_request(reader: asyncio.StreamReader, connection: int) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _version = head[0].split(" ")
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = tuple((name, value.strip()) for name, _, value in pairs)
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    body = await reader.readexactly(length)
    return Received(method=method, target=target, headers=headers, body=body, connection=connection)


# Scripts.


def page(
    status: int = 200, body: bytes | str = b"", content_type: str = "text/xml", **headers: str
) -> Script:
    """A well-mannered answer. Header names are written with underscores."""
    raw = body.encode() if isinstance(body, str) else body
    lines = {"Content-Type": content_type, "Content-Length": str(len(raw))}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    return raw_answer(head(status, lines) + raw)


def head(status: int, headers: dict[str, str]) -> bytes:
    phrase = HTTPStatus(status).phrase
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} {phrase}\r\n{lines}\r\n".encode()


def redirect(location: str, status: int = 302) -> Script:
    return page(status, Location=location)


def raw_answer(data: bytes, *, closes: bool = False) -> Script:
    """Exactly these bytes."""

    async def answer(_received: Received, connection: Connection) -> None:
        await connection.send(data)
        if closes:
            connection.close()

    return answer


def in_turn(*scripts: Script) -> Script:
    waiting = list(scripts)

    async def answer(received: Received, connection: Connection) -> None:
        await (waiting.pop(0) if len(waiting) > 1 else waiting[0])(received, connection)

    return answer


async def never(_received: Received, connection: Connection) -> None:
    """No answer at all, until the other side gives up."""
    await connection.until_closed()


async def hang_up(_received: Received, connection: Connection) -> None:
    """Close without an answer."""
    connection.close()


async def crash(_received: Received, connection: Connection) -> None:
    """Reset without an answer."""
    connection.reset()


def drip(start: bytes, byte: bytes = b"x", every_s: float = 0.02) -> Script:
    """Begin with `start`, then one byte at a time for ever."""

    async def answer(_received: Received, connection: Connection) -> None:
        await connection.send(start)
        while True:
            await asyncio.sleep(every_s)
            await connection.send(byte)

    return answer


def flood(start: bytes, chunk: bytes) -> Script:
    """Begin with `start`, then `chunk` for ever, as fast as it goes."""

    async def answer(_received: Received, connection: Connection) -> None:
        await connection.send(start)
        while True:
            await connection.send(chunk)

    return answer


def stop_after(data: bytes) -> Script:
    """Send `data`, then nothing, without closing."""

    async def answer(_received: Received, connection: Connection) -> None:
        await connection.send(data)
        await connection.until_closed()

    return answer

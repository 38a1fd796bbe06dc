"""A speech vendor behind WebSocket, for tests: keeps what it is sent, answers from a script."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.vendors.custom_server import AfterAudio, AfterStop, Close, Stay, Vanish


@dataclass(slots=True)
class Heard:
    """One connection, as the server saw it."""

    path: str
    headers: Headers
    messages: list[str | bytes] = field(default_factory=list)
    is_stopped: bool = False
    is_over: bool = False
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def query(self) -> list[tuple[str, str]]:
        """What its address asks for."""
        return parse_qsl(urlsplit(self.path).query)

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait for it, or the end."""
        async with self.changed:
            await self.changed.wait_for(lambda: happened() or self.is_over)


class WebSocketServer:
    """Answers each connection with the same script."""

    def __init__(
        self, script: tuple[Any, ...], is_stop: Callable[[str | bytes], bool], refuse_with: int | None
    ) -> None:
        self._script = script
        self._is_stop = is_stop
        self._refuse_with = refuse_with
        self.connections: list[Heard] = []
        self.url = ""

    async def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._refuse_with is None:
            return None
        return connection.respond(HTTPStatus(self._refuse_with), "as the script says\n")

    async def listen(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        heard = Heard(connection.request.path, connection.request.headers)
        self.connections.append(heard)
        reading = asyncio.create_task(self._read(connection, heard))
        try:
            for step in (*self._script, AfterStop()):
                await self._act(step, connection, heard)
        except ConnectionClosed:
            pass
        finally:
            reading.cancel()

    async def _act(self, step: Any, connection: ServerConnection, heard: Heard) -> None:
        match step:
            case AfterAudio(frames):
                await heard.until(lambda: len(heard.messages) >= frames)
            case AfterStop():
                await heard.until(lambda: heard.is_stopped)
            case Close(code, reason):
                await connection.close(code, reason)
            case Vanish():
                connection.transport.abort()
            case Stay():
                await heard.until(lambda: False)
            case message:
                await connection.send(message)

    async def _read(self, connection: ServerConnection, heard: Heard) -> None:
        try:
            while True:
                message = await connection.recv()
                async with heard.changed:
                    heard.messages.append(message)
                    heard.is_stopped = heard.is_stopped or self._is_stop(message)
                    heard.changed.notify_all()
        except ConnectionClosed:
            pass
        finally:
            async with heard.changed:
                heard.is_over = True
                heard.changed.notify_all()


@asynccontextmanager
async def websocket_server(
    *script: Any, is_stop: Callable[[str | bytes], bool], refuse_with: int | None = None
) -> AsyncIterator[WebSocketServer]:
    """A block in which the server runs on a port of 127.0.0.1. After its script it waits for the stop, and closes."""
    server = WebSocketServer(script, is_stop, refuse_with)
    async with serve(
        server.listen,
        "127.0.0.1",
        0,
        process_request=server.answer,
        compression=None,
        ping_interval=None,
        close_timeout=1,
    ) as running:
        [listening] = running.sockets
        server.url = f"ws://127.0.0.1:{listening.getsockname()[1]}"
        yield server


@asynccontextmanager
async def nobody() -> AsyncIterator[str]:
    """A host and port where nothing listens any more."""
    async with await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
    yield f"127.0.0.1:{port}"


@asynccontextmanager
async def silence() -> AsyncIterator[str]:
    """A host and port that takes connections and says nothing."""
    over = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        try:
            yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            over.set()

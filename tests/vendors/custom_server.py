"""A speech engine for tests, on the `websockets` library: keeps what it is sent, answers from a script."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response


@dataclass(frozen=True, slots=True)
class AfterStart:
    """Go on once the client said how to listen."""


@dataclass(frozen=True, slots=True)
class AfterAudio:
    """Go on once this much audio came."""

    frames: int = 1


@dataclass(frozen=True, slots=True)
class AfterStop:
    """Go on once the client said that this was all."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Send one text message as fragments."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection, with a code."""

    code: int = 1000
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Vanish:
    """The connection is cut without a word."""


@dataclass(frozen=True, slots=True)
class ReadNothing:
    """From here on take nothing off the connection until `CustomServer.read_again` is set."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Do not close: wait until the client does."""


@dataclass(slots=True)
class Heard:
    """One connection, as the server saw it."""

    headers: Headers
    path: str
    texts: list[str] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    """The types of the JSON messages, and `audio` where frames came between."""
    close_code: int | None = None
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def start(self) -> dict[str, Any]:
        """The first message."""
        return dict(json.loads(self.texts[0]))

    async def has_frames(self, count: int) -> None:
        """Wait for so many frames, or the end."""
        async with self.changed:
            await self.changed.wait_for(lambda: len(self.frames) >= count or self.over.is_set())

    def keep(self, message: str | bytes) -> None:
        """Take note of a message."""
        if isinstance(message, bytes):
            self.frames.append(message)
            kind = "audio"
        else:
            self.texts.append(message)
            kind = json.loads(message)["type"]
        if kind != "audio" or self.order[-1:] != ["audio"]:
            self.order.append(kind)


class CustomServer:
    """Answers each connection with the same script."""

    def __init__(self, script: tuple[Any, ...], refuse_with: int | None) -> None:
        self._script = script
        self._refuse_with = refuse_with
        self.connections: list[Heard] = []
        self.refused: list[Request] = []
        self.read_again = asyncio.Event()
        self.read_again.set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/listen?model=phone"

    async def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._refuse_with is None:
            return None
        self.refused.append(request)
        return connection.respond(HTTPStatus(self._refuse_with), "as the script says\n")

    async def listen(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        heard = Heard(connection.request.headers, connection.request.path)
        self.connections.append(heard)
        reading = asyncio.create_task(self._read(connection, heard))
        try:
            for step in self._script:
                await self._act(step, connection, heard)
            await self._act(AfterStop(), connection, heard)
        except ConnectionClosed:
            pass
        finally:
            reading.cancel()

    async def _act(self, step: Any, connection: ServerConnection, heard: Heard) -> None:
        match step:
            case AfterStart():
                await self._until(heard, lambda: "start" in heard.order)
            case AfterAudio(frames):
                await heard.has_frames(frames)
            case AfterStop():
                await self._until(heard, lambda: "stop" in heard.order)
            case Pieces(parts):
                await connection.send(list(parts))
            case Close(code, reason):
                await connection.close(code, reason)
            case Vanish():
                connection.transport.abort()
            case ReadNothing():
                self.read_again.clear()
            case Stay():
                await heard.over.wait()
            case message:
                await connection.send(message)

    async def _until(self, heard: Heard, happened: Any) -> None:
        async with heard.changed:
            await heard.changed.wait_for(lambda: happened() or heard.over.is_set())

    async def _read(self, connection: ServerConnection, heard: Heard) -> None:
        try:
            while True:
                await self.read_again.wait()
                message = await connection.recv()
                async with heard.changed:
                    heard.keep(message)
                    heard.changed.notify_all()
        except ConnectionClosed:
            heard.close_code = connection.close_code
        finally:
            heard.over.set()
            async with heard.changed:
                heard.changed.notify_all()


@asynccontextmanager
async def custom_server(
    *script: Any, refuse_with: int | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[CustomServer]:
    """A block in which the server runs on a port of 127.0.0.1. After its script it waits for the stop, and closes."""
    server = CustomServer(script, refuse_with)
    async with serve(
        server.listen,
        "127.0.0.1",
        0,
        process_request=server.answer,
        ssl=tls,
        compression=None,
        ping_interval=None,
        close_timeout=1,
        max_queue=4,
    ) as running:
        [listening] = running.sockets
        server.port = listening.getsockname()[1]
        try:
            yield server
        finally:
            server.read_again.set()


def transcription(
    text: str, *, is_final: bool = True, confidence: float | None = None, language: str = "en-US"
) -> str:
    """What was understood."""
    best: dict[str, Any] = {"transcript": text}
    if confidence is not None:
        best["confidence"] = confidence
    return json.dumps(
        {
            "type": "transcription",
            "is_final": is_final,
            "alternatives": [best, {"transcript": "something else", "confidence": 0.1}],
            "language": language,
            "channel": 1,
        }
    )


def interim(text: str) -> str:
    """What is understood so far."""
    return transcription(text, is_final=False)

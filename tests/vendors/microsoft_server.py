"""A local server that speaks what Microsoft's library does: keeps what it is sent, answers from a script.

The protocol is text headers and a body over WebSocket; audio comes in binary frames with headers of their own.
"""

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.vendors.custom_server import AfterAudio, AfterStop, Close, Vanish


@dataclass(slots=True)
class Heard:
    """One connection, as the server saw it."""

    path: str
    key: str | None
    told: dict[str, Any] = field(default_factory=dict)
    """The JSON bodies of its messages, by their path."""
    audio: bytes = b""
    request_id: str = ""
    is_stopped: bool = False
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def query(self) -> dict[str, str]:
        """What its address asks for."""
        return dict(parse_qsl(urlsplit(self.path).query))


class MicrosoftServer:
    """Answers each connection with the same script of (path, body) messages and steps."""

    def __init__(self, script: tuple[Any, ...], refuse_with: int | None) -> None:
        self._script = script
        self._refuse_with = refuse_with
        self.connections: list[Heard] = []
        self.host = ""

    async def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._refuse_with is None:
            return None
        return connection.respond(HTTPStatus(self._refuse_with), "as the script says\n")

    async def listen(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        request = connection.request
        heard = Heard(request.path, request.headers.get("Ocp-Apim-Subscription-Key"))
        self.connections.append(heard)
        reading = asyncio.create_task(self._read(connection, heard))
        try:
            await self._until(heard, lambda: bool(heard.audio) or heard.is_stopped)
            await self._say(connection, heard, "turn.start", {"context": {"serviceTag": "test"}})
            for step in (*self._script, AfterStop()):
                await self._act(step, connection, heard)
            await self._say(connection, heard, "speech.endDetected", {"Offset": 10})
            await self._say(connection, heard, "turn.end", {})
            await reading
        except ConnectionClosed:
            pass
        finally:
            reading.cancel()

    async def _act(self, step: Any, connection: ServerConnection, heard: Heard) -> None:
        match step:
            case AfterAudio(frames):
                await self._until(heard, lambda: len(heard.audio) >= frames * 320)
            case AfterStop():
                await self._until(heard, lambda: heard.is_stopped)
            case Close(code, reason):
                await connection.close(code, reason)
            case Vanish():
                connection.transport.abort()
            case str() | bytes():
                await connection.send(step)
            case (path, body):
                await self._say(connection, heard, path, body)

    async def _say(self, connection: ServerConnection, heard: Heard, path: str, body: Any) -> None:
        head = f"X-RequestId:{heard.request_id}\r\nPath:{path}\r\nContent-Type:application/json\r\n\r\n"
        await connection.send(head + json.dumps(body))

    async def _until(self, heard: Heard, happened: Any) -> None:
        async with heard.changed:
            await heard.changed.wait_for(happened)

    async def _read(self, connection: ServerConnection, heard: Heard) -> None:
        try:
            while True:
                message = await connection.recv()
                async with heard.changed:
                    self._keep(message, heard)
                    heard.changed.notify_all()
        except ConnectionClosed:
            async with heard.changed:
                heard.is_stopped = True
                heard.changed.notify_all()

    def _keep(self, message: str | bytes, heard: Heard) -> None:
        if isinstance(message, bytes):
            (length,) = struct.unpack_from("!H", message)
            head, body = message[2 : 2 + length].decode(), message[2 + length :]
            if not body:
                heard.is_stopped = True
            heard.audio += body.removeprefix(b"") if not body.startswith(b"RIFF") else b""
        else:
            head, _, text = message.partition("\r\n\r\n")
            path = _headers(head).get("path", "")
            heard.told[path] = json.loads(text) if text.startswith("{") else text
        heard.request_id = _headers(head).get("x-requestid", heard.request_id)


def _headers(head: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in head.splitlines())
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


@asynccontextmanager
async def microsoft_server(*script: Any, refuse_with: int | None = None) -> AsyncIterator[MicrosoftServer]:
    """A block in which the server runs on a port of 127.0.0.1. After its script it waits for all audio."""
    server = MicrosoftServer(script, refuse_with)
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
        server.host = f"ws://127.0.0.1:{listening.getsockname()[1]}"
        yield server


def hypothesis(text: str) -> tuple[str, dict[str, Any]]:
    """What is understood so far."""
    return "speech.hypothesis", {"Text": text, "Offset": 10, "Duration": 10}


def phrase(text: str, confidence: float | None = None) -> tuple[str, dict[str, Any]]:
    """A stretch of speech, understood for good; detailed where there is a confidence."""
    told: dict[str, Any] = {"RecognitionStatus": "Success", "Offset": 10, "Duration": 10, "DisplayText": text}
    if confidence is not None:
        told["NBest"] = [
            {"Confidence": confidence, "Lexical": text, "ITN": text, "MaskedITN": text, "Display": text}
        ]
    return "speech.phrase", told

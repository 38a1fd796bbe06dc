"""A voice behind HTTP for tests: keeps what it is asked, answers from a script, well or badly."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

SECOND = bytes(range(1, 251)) * 64
"""A second of sound, in 16,000 bytes of which none is 0."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a kind, and a body in pieces of a chunked answer."""

    pieces: tuple[bytes, ...] = (SECOND[:5_001], SECOND[5_001:])
    kind: str = "audio/l16;rate=8000"
    status: int = 200
    holds: bool = False
    """After the first piece, wait for `VoiceServer.go_on`."""
    vanishes: bool = False
    """The connection is cut before the last chunk."""


@dataclass(frozen=True, slots=True)
class Raw:
    """These bytes, whatever they are, and the end."""

    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No answer at all, until the client goes."""


@dataclass(slots=True)
class Asked:
    """One request, as the server saw it."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.line.split(" ")[1]

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass(slots=True)
class VoiceServer:
    """Answers each request with the next of its script, and with the last of it from then on."""

    script: tuple[Any, ...]
    port: int = 0
    requests: list[Asked] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.requests.append(Asked(head[0], headers, body))
            await self._act(self.script[min(len(self.requests), len(self.script)) - 1], reader, writer)
        writer.close()

    async def _act(self, step: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match step:
            case Answer():
                await self._answer(step, writer)
            case Raw(data):
                writer.write(data)
                await writer.drain()
            case Nothing():
                await reader.read()

    async def _answer(self, answer: Answer, writer: asyncio.StreamWriter) -> None:
        writer.write(
            f"HTTP/1.1 {answer.status} As told\r\nContent-Type: {answer.kind}\r\n"
            "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n".encode()
        )
        for index, piece in enumerate(answer.pieces):
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            await writer.drain()
            if answer.holds and not index:
                await self.go_on.wait()
        if answer.vanishes:
            writer.transport.abort()
        else:
            writer.write(b"0\r\n\r\n")
            await writer.drain()


@asynccontextmanager
async def voice_server(*script: Any) -> AsyncIterator[VoiceServer]:
    """A block in which the server runs on a port of 127.0.0.1."""
    voice = VoiceServer(script or (Answer(),))
    server = await asyncio.start_server(voice.serve, "127.0.0.1", 0)
    voice.port = server.sockets[0].getsockname()[1]
    try:
        yield voice
    finally:
        voice.go_on.set()
        server.close()

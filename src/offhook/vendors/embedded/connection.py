"""A worker's end of a connection to a speech process: one request, then messages either way."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from offhook.call.errors import ProviderError
from offhook.vendors.embedded.protocol import (
    Alive,
    Malformed,
    Message,
    MessageReader,
    PingRequest,
    Request,
    write_audio,
    write_end,
    write_request,
)

VENDOR = "embedded"
CONNECT_S = 1.0
RETURN_S = 5.0
"""How long a process that died may take to be there again; it usually takes 0.3 s."""
TRY_AGAIN_S = 0.05
ANSWER_S = 10.0
"""How long a process may take for its next message."""
PONG_S = 1.0
"""How long it may take to say that it is alive; it does nothing else meanwhile that takes longer than 0.1 s."""
RECEIVED_BYTES = 262_144


class NotThere(ProviderError):
    """The process cannot be reached, and was waited for already."""


@asynccontextmanager
async def request(path: Path, asked: Request, *, return_s: float = RETURN_S) -> AsyncIterator["Connection"]:
    """A block with an open connection on which `asked` was sent. Leaving it stops the process's work at once.

    A process that is not there is waited for, `return_s` at most. Raises NotThere where it does not come.
    """
    reader, writer = await _connected(path, return_s)
    try:
        writer.write(write_request(asked))
        yield Connection(reader, writer)
    finally:
        writer.transport.abort()


async def is_alive(path: Path) -> bool:
    """Whether the process there does what it is asked, however busy it is."""
    try:
        async with (
            asyncio.timeout(PONG_S),
            request(path, PingRequest(), return_s=0) as connection,
            aclosing(connection.messages()) as messages,
        ):
            return isinstance(await anext(messages), Alive)
    except (ProviderError, TimeoutError):
        return False


async def _connected(path: Path, return_s: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    until = loop.time() + return_s
    while True:
        try:
            async with asyncio.timeout(CONNECT_S):
                return await asyncio.open_unix_connection(path)
        except OSError as error:  # a TimeoutError is one
            if loop.time() >= until:
                raise NotThere(VENDOR, f"the voice process is not there ({error})", retryable=True) from error
        await asyncio.sleep(TRY_AGAIN_S)


class Connection:
    """Raises ProviderError when the process dies or stalls."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send_file(self, media: bytes) -> None:
        """Send a whole file."""
        self._writer.write(write_audio(media) + write_end())
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._writer.drain()
        except ConnectionError:
            return  # what the process said before it left is still to be read
        except TimeoutError as error:
            raise ProviderError(VENDOR, "the voice process does not read", retryable=True) from error

    async def messages(self) -> AsyncGenerator[Message, None]:
        """What the process sends, until it closes."""
        messages = MessageReader()
        while True:
            try:
                for message in messages.feed(await self._received()):
                    yield message
            except Malformed as fault:
                raise ProviderError(VENDOR, f"the voice process: {fault}", retryable=True) from fault

    async def _received(self) -> bytes:
        try:
            async with asyncio.timeout(ANSWER_S):
                received = await self._reader.read(RECEIVED_BYTES)
        except TimeoutError as error:
            raise ProviderError(VENDOR, f"no answer within {ANSWER_S:.0f} s", retryable=True) from error
        except ConnectionError as error:
            raise _died() from error
        if not received:
            raise _died()
        return received


def _died() -> ProviderError:
    return ProviderError(VENDOR, "the voice process died while it worked", retryable=True)

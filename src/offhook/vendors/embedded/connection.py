"""A worker's end of a connection to the voice process: one request, then messages either way."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from offhook.call.errors import ProviderError
from offhook.vendors.embedded.protocol import (
    Malformed,
    Message,
    MessageReader,
    Request,
    write_audio,
    write_end,
    write_request,
)

VENDOR = "embedded"
CONNECT_S = 1.0
ANSWER_S = 10.0
"""How long the voice process may take for its next message."""
RECEIVED_BYTES = 262_144


@asynccontextmanager
async def request(path: Path, asked: Request) -> AsyncIterator["Connection"]:
    """A block with an open connection on which `asked` was sent. Leaving it stops the process's work at once.

    Raises ProviderError where the process cannot be reached.
    """
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_unix_connection(path)
    except OSError as error:  # a TimeoutError is one
        raise ProviderError(VENDOR, f"the voice process is not there ({error})", retryable=True) from error
    try:
        writer.write(write_request(asked))
        yield Connection(reader, writer)
    finally:
        writer.transport.abort()


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

"""Reads the body of an answer within a limit, which holds for what comes out of decompression too."""

import asyncio
import zlib
from contextlib import suppress

from offhook.webhooks.http1 import ProtocolViolated
from offhook.webhooks.wire import ConnectionBroke, Wire


class AnswerTooLarge(Exception):
    """The body is longer than allowed."""


class AnswerDamaged(Exception):
    """The body is compressed in a way that was not asked for, or not what its headers say."""


async def read_body(wire: Wire, most_bytes: int) -> bytes:
    """The body, decompressed. Raises AnswerTooLarge, AnswerDamaged, and what `Wire.piece` does."""
    body = bytearray()
    await _read_into(body, wire, most_bytes)
    return bytes(body)


async def read_what_comes(wire: Wire, most_bytes: int, within_s: float) -> bytes:
    """As much of the body as is allowed and comes in time: for an answer whose status has said it all."""
    body = bytearray()
    with suppress(AnswerTooLarge, AnswerDamaged, TimeoutError, ProtocolViolated, ConnectionBroke):
        async with asyncio.timeout(None if wire.answer.is_whole else within_s):
            await _read_into(body, wire, most_bytes)
    return bytes(body[:most_bytes])


async def _read_into(body: bytearray, wire: Wire, most_bytes: int) -> None:
    inflation = _inflation(wire.answer.headers)
    while piece := await wire.piece():
        body += piece if inflation is None else inflation.some(piece, most_bytes - len(body))
        if len(body) > most_bytes:
            raise AnswerTooLarge
    if inflation is not None:
        inflation.end()


def _inflation(headers: list[tuple[bytes, bytes]]) -> "_Inflation | None":
    names = [value.strip().lower() for name, value in headers if name.lower() == b"content-encoding"]
    encoding = b",".join(names).decode("latin-1")
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "x-gzip", "deflate"):
        return _Inflation()
    raise AnswerDamaged(f"the answer is compressed with {encoding[:40]!r}, which was not asked for")


class _Inflation:
    """Undoes gzip and deflate, never making more than there is room for."""

    def __init__(self) -> None:
        self._inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def some(self, piece: bytes, room: int) -> bytes:
        """What `piece` adds; one byte more than `room` at most, which tells that there is too much."""
        try:
            return self._inflater.decompress(piece, room + 1)
        except zlib.error as error:
            raise AnswerDamaged(f"the answer is not compressed as its headers say ({error})") from error

    def end(self) -> None:
        """Raise AnswerDamaged if the compressed data stop in the middle."""
        if not self._inflater.eof:
            raise AnswerDamaged("the compressed answer ends in the middle")

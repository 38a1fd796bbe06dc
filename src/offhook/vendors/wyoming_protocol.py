"""Wyoming, the open socket protocol of local speech servers: events of one JSON line, data and bytes after it.

https://github.com/OHF-Voice/wyoming
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

VERSION = "1.5.4"
"""Of the protocol, as servers are told."""
MOST_LINE_BYTES = 65_536
MOST_PART_BYTES = 4_194_304
"""Of the data or the bytes of one event."""


class Malformed(ValueError):
    """What came is not Wyoming; the text says why."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event, in either direction."""

    type: str
    data: dict[str, Any] = field(default_factory=dict)
    payload: bytes = b""


def write_event(event: Event) -> bytes:
    """An event as it crosses the wire."""
    data = json.dumps(event.data, separators=(",", ":")).encode() if event.data else b""
    header: dict[str, Any] = {"type": event.type, "version": VERSION}
    if data:
        header["data_length"] = len(data)
    if event.payload:
        header["payload_length"] = len(event.payload)
    return json.dumps(header, separators=(",", ":")).encode() + b"\n" + data + event.payload


async def read_event(reader: asyncio.StreamReader) -> Event | None:
    """The next event; None at the end of the connection. Raises Malformed."""
    try:
        text = await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as cut:
        if cut.partial:
            raise Malformed("the connection ends within an event") from None
        return None
    except asyncio.LimitOverrunError:
        raise Malformed("a line is longer than any event's") from None
    header = _object(text)
    kind = header.get("type")
    if not isinstance(kind, str):
        raise Malformed("an event has no type")
    try:
        more = await reader.readexactly(_length(header, "data_length"))
        payload = await reader.readexactly(_length(header, "payload_length"))
    except asyncio.IncompleteReadError:
        raise Malformed("the connection ends within an event") from None
    within = header.get("data")
    data = (within if isinstance(within, dict) else {}) | (_object(more) if more else {})
    return Event(kind, data, payload)


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed("an event is not JSON") from None
    if not isinstance(value, dict):
        raise Malformed("an event is not a JSON object")
    return value


def _length(header: dict[str, Any], name: str) -> int:
    length = header.get(name) or 0
    if not isinstance(length, int) or not 0 <= length <= MOST_PART_BYTES:
        raise Malformed(f"{name} must be a number up to {MOST_PART_BYTES:,}")
    return length

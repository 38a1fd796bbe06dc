"""The far end of W3: a WebSocket server that takes audio like a recogniser and counts it; it never hears a word.

Runs in a process of its own, which is not counted. Binary messages are audio, text messages are control: it takes a
start message, and closes when it is told to stop. `GET /stats` and `GET /reset` on the same port give the counts.

    python -m bench.load.sink [--port 0]
"""

import argparse
import asyncio
import base64
import hashlib
import json
import re
from collections import Counter
from typing import cast

import uvloop

from bench.load.processes import end_with_parent

MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = re.compile(r"\r\nsec-websocket-key:[ \t]*(\S+)", re.IGNORECASE)
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
STOP = b'"stop"'


class Sink(asyncio.Protocol):
    """One connection."""

    def __init__(self, counted: Counter[str]) -> None:
        self._counted = counted
        self._unread = bytearray()
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Count it."""
        self._counted["closed"] += self._is_open

    def data_received(self, data: bytes) -> None:
        """Take the handshake, then messages."""
        self._unread += data
        if not self._is_open and not self._greet():
            return
        at = 0
        while (size := _message_size(self._unread, at)) is not None and len(self._unread) >= at + size:
            self._take(self._unread[at] & 15, at, size)
            at += size
        del self._unread[:at]

    def _greet(self) -> bool:
        end = self._unread.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = self._unread[:end].decode("latin1")
        del self._unread[: end + 4]
        key = KEY.search(head)
        if key is None:
            self._tell_counts(is_reset=head.startswith("GET /reset"))
            return False
        accepted = base64.b64encode(hashlib.sha1((key[1] + MAGIC).encode()).digest()).decode()
        self._transport.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accepted}\r\n\r\n".encode()
        )
        self._is_open = True
        self._counted["opened"] += 1
        return True

    def _tell_counts(self, *, is_reset: bool) -> None:
        body = json.dumps(self._counted).encode()
        if is_reset:
            self._counted.clear()
        head = f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)
        self._transport.close()

    def _take(self, kind: int, at: int, size: int) -> None:
        if kind == BINARY:
            self._counted["frames"] += 1
            self._counted["bytes"] += size - _head_size(self._unread[at + 1])
            return
        payload = _unmasked(bytes(self._unread[at : at + size]))
        if kind == TEXT:
            self._counted["texts"] += 1
        if kind == PING:
            self._transport.write(bytes((0x80 | PONG, len(payload))) + payload)
        if kind == CLOSE or (kind == TEXT and STOP in payload):
            self._transport.write(bytes((0x80 | CLOSE, 2)) + (1000).to_bytes(2, "big"))
            self._transport.close()


def _head_size(second: int) -> int:
    return 2 + {126: 2, 127: 8}.get(second & 127, 0) + (4 if second & 128 else 0)


def _message_size(data: bytearray, at: int) -> int | None:
    """How long the message at a position is, with its head; None where the head is not complete."""
    if len(data) < at + 2:
        return None
    head = _head_size(data[at + 1])
    if len(data) < at + head:
        return None
    length = data[at + 1] & 127
    extended = {126: 2, 127: 8}.get(length, 0)
    return head + (int.from_bytes(data[at + 2 : at + 2 + extended], "big") if extended else length)


def _unmasked(message: bytes) -> bytes:
    head = _head_size(message[1])
    payload = message[head:]
    if not message[1] & 128:
        return payload
    mask = message[head - 4 : head] * (len(payload) // 4 + 1)
    return bytes(one ^ other for one, other in zip(payload, mask, strict=False))


async def serve(port: int) -> None:
    """Count until the process is ended; says its port first."""
    counted: Counter[str] = Counter()
    server = await asyncio.get_running_loop().create_server(
        lambda: Sink(counted), "127.0.0.1", port, backlog=1024
    )
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve what the command line says."""
    parser = argparse.ArgumentParser(description="A recogniser that only counts.")
    parser.add_argument("--port", type=int, default=0)
    asked = parser.parse_args()
    end_with_parent()
    uvloop.run(serve(asked.port))


if __name__ == "__main__":
    main()

"""A speech process's end of one connection, blocking."""

import select
import socket
from collections.abc import Iterator

from offhook.vendors.embedded.protocol import (
    MAX_REQUEST_BYTES,
    Answer,
    Malformed,
    MessageReader,
    Request,
    read_request,
    write_answer,
    write_audio,
)

IDLE_S = 30.0
"""A client that says or takes nothing for so long is gone: live audio never pauses, files come at once."""
RECEIVED_BYTES = 65_536


class Gone(Exception):
    """The client left, or fell silent: there is nobody to work for."""


class Peer:
    """Reads one request and the audio after it, sends answers. Raises Gone wherever the client is."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._connection.settimeout(IDLE_S)
        self._leaving = select.poll()
        self._leaving.register(connection, select.POLLRDHUP)
        self._messages = MessageReader()
        self._after_request = b""

    def request(self) -> Request:
        """The opening line. Raises Malformed."""
        line = b""
        while b"\n" not in line:
            if len(line) > MAX_REQUEST_BYTES:
                raise Malformed(f"the request is longer than {MAX_REQUEST_BYTES} bytes")
            line += self._receive()
        line, _, self._after_request = line.partition(b"\n")
        return read_request(line)

    def audio(self) -> Iterator[bytes]:
        """What the client sends, until it says that this was all. Raises Malformed."""
        received = self._after_request
        while True:
            for message in self._messages.feed(received):
                if not isinstance(message, bytes):
                    raise Malformed("only audio may follow the request")
                if not message:
                    return
                yield message
            received = self._receive()

    def tell(self, answer: Answer) -> None:
        """Send an answer."""
        self._send(write_answer(answer))

    def play(self, pcm: bytes) -> None:
        """Send audio."""
        self._send(write_audio(pcm))

    def is_there(self) -> bool:
        """Whether the client still waits for an answer; costs a microsecond."""
        return not self._leaving.poll(0)

    def part(self) -> None:
        """Close after the last answer, once the client has: earlier, it might find the door shut while it
        still sends, and never read why."""
        try:
            self._connection.shutdown(socket.SHUT_WR)
            while self._connection.recv(RECEIVED_BYTES):
                pass
        except OSError:
            return

    def _receive(self) -> bytes:
        try:
            received = self._connection.recv(RECEIVED_BYTES)
        except OSError as error:
            raise Gone from error
        if not received:
            raise Gone
        return received

    def _send(self, message: bytes) -> None:
        try:
            self._connection.sendall(message)
        except OSError as error:
            raise Gone from error

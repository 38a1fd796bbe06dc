"""A message centre on loopback: speaks SMPP 3.4 by its own reading of the specification, and remembers what it got."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

BIND, SUBMIT, DELIVER, ENQUIRE, UNBIND, NACK = 0x09, 0x04, 0x05, 0x15, 0x06, 0x80000000
ANSWER = 0x80000000
OK, INVALID_DESTINATION, INVALID_PASSWORD, THROTTLED = 0x00, 0x0B, 0x0E, 0x58


@dataclass(frozen=True, slots=True)
class Submitted:
    """A submit_sm, taken apart."""

    source: str
    source_ton: int
    destination: str
    destination_ton: int
    esm_class: int
    registered: int
    data_coding: int
    text: bytes


@dataclass(slots=True)
class Centre:
    """The running centre."""

    port: int = 0
    password: bytes = b"secret"
    submitted: list[Submitted] = field(default_factory=list)
    binds: int = 0
    enquiries: int = 0
    statuses: list[int] = field(default_factory=list)
    """What the next submissions are answered with; OK once these are used up."""
    answers: dict[int, int] = field(default_factory=dict)
    """The status with which each delivery was answered, by its sequence."""
    is_silent: bool = False
    """Takes everything and answers nothing."""
    happened: asyncio.Condition = field(default_factory=asyncio.Condition)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _sequence: int = 1000

    async def has(self, condition: Callable[["Centre"], bool], *, within_s: float = 20.0) -> None:
        """Return once `condition` holds."""
        async with self.happened, asyncio.timeout(within_s):
            await self.happened.wait_for(lambda: condition(self))

    async def deliver(
        self,
        text: bytes,
        *,
        source: str = "15557654321",
        destination: str = "15551234567",
        esm_class: int = 0,
        data_coding: int = 0,
        tags: bytes = b"",
    ) -> int:
        """Hand a message over, and return the status it is answered with."""
        self._sequence += 1
        sequence = self._sequence
        body = b"\0" + bytes((1, 1)) + source.encode() + b"\0" + bytes((1, 1)) + destination.encode() + b"\0"
        body += bytes((esm_class, 0, 0)) + b"\0\0" + bytes((0, 0, data_coding, 0, len(text))) + text + tags
        self.writers[-1].write(_unit(DELIVER, OK, sequence, body))
        await self.has(lambda centre: sequence in centre.answers)
        return self.answers[sequence]

    def hang_up(self) -> None:
        """Break all connections."""
        for writer in self.writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        try:
            while True:
                length, command, status, sequence = struct.unpack(">IIII", await reader.readexactly(16))
                body = await reader.readexactly(length - 16)
                async with self.happened:
                    self._take(writer, command, status, sequence, body)
                    self.happened.notify_all()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _take(
        self, writer: asyncio.StreamWriter, command: int, status: int, sequence: int, body: bytes
    ) -> None:
        if command & ANSWER:
            self.answers[sequence] = status
            return
        if self.is_silent:
            return
        answer, answer_status = b"", OK
        match command:
            case 0x09:
                self.binds += 1
                _system_id, password, _ = body.split(b"\0", 2)
                answer_status = OK if password == self.password else INVALID_PASSWORD
                answer = b"centre\0"
            case 0x04:
                answer_status = self.statuses.pop(0) if self.statuses else OK
                if answer_status == OK:
                    self.submitted.append(_submitted(body))
                    answer = f"{0xA0 + len(self.submitted):X}".encode() + b"\0"
            case 0x15:
                self.enquiries += 1
        writer.write(_unit(command | ANSWER, answer_status, sequence, answer))


@asynccontextmanager
async def centre() -> AsyncIterator[Centre]:
    """A block in which a centre runs, on a port of its own."""
    running = Centre()
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        running.hang_up()
        await server.wait_closed()


def _unit(command: int, status: int, sequence: int, body: bytes) -> bytes:
    return struct.pack(">IIII", 16 + len(body), command, status, sequence) + body


def _submitted(body: bytes) -> Submitted:
    _service, rest = body.split(b"\0", 1)
    source_ton, rest = rest[0], rest[2:]
    source, rest = rest.split(b"\0", 1)
    destination_ton, rest = rest[0], rest[2:]
    destination, rest = rest.split(b"\0", 1)
    esm_class, rest = rest[0], rest[3:]
    _schedule, _validity, rest = rest.split(b"\0", 2)
    registered, _replace, data_coding, _default, length = rest[:5]
    return Submitted(
        source.decode(),
        source_ton,
        destination.decode(),
        destination_ton,
        esm_class,
        registered,
        data_coding,
        rest[5 : 5 + length],
    )

"""One connection to a message centre: requests and their responses, over SMPP 3.4."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from offhook.messaging.smpp_pdu import (
    HEADER,
    RESPONSE,
    Command,
    Malformed,
    Status,
    Unit,
    bind_body,
    read_header,
)

RESPONSE_S = 10.0
"""How long a response is waited for."""
ENQUIRE_S = 20.0
"""How long a link may be silent before it is asked whether it is there."""
CLOSING_S = 2.0
MOST_HANDED_OVER = 32
"""Deliveries that are written at once; the others wait their turn."""

log = structlog.get_logger()

Handle = Callable[[Unit], Awaitable[Status]]
"""Takes a deliver_sm; returns what it is answered with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """Where the message centre is, and who we are there."""

    host: str
    port: int
    system_id: str
    password: str = ""
    system_type: str = ""
    tls: bool = False


class LinkLost(Exception):
    """The connection is gone, or nobody answers on it."""


class BindRefused(Exception):
    """The centre does not let us in."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the bind was refused with status 0x{status:02x}")
        self.status = status


class Link:
    """A bound connection. `open` makes one; `run` has to run for it to work."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handle: Handle, enquire_s: float
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._handle = handle
        self._enquire_s = enquire_s
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Unit]] = {}
        self._turns = asyncio.Semaphore(MOST_HANDED_OVER)

    @classmethod
    async def open(cls, centre: Centre, handle: Handle, enquire_s: float = ENQUIRE_S) -> "Link":
        """Connect. Raises OSError, TimeoutError."""
        context = ssl.create_default_context() if centre.tls else None
        async with asyncio.timeout(RESPONSE_S):
            reader, writer = await asyncio.open_connection(centre.host, centre.port, ssl=context)
        return cls(reader, writer, handle, enquire_s)

    async def run(self, centre: Centre, on_bound: Callable[[], None]) -> None:
        """Bind and keep the link; returns never. Raises LinkLost, BindRefused."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read(tasks))
                body = bind_body(centre.system_id, centre.password, centre.system_type)
                answer = await self.ask(Command.BIND_TRANSCEIVER, body)
                if answer.status != Status.OK:
                    raise BindRefused(answer.status)
                on_bound()
                tasks.create_task(self._enquire())
        except* (LinkLost, BindRefused) as lost:
            raise lost.exceptions[0] from None
        finally:
            await self._close()

    async def ask(self, command: Command, body: bytes = b"") -> Unit:
        """Send a request and wait for its response. Raises LinkLost."""
        self._sequence = self._sequence % 0x7FFFFFFF + 1
        sequence = self._sequence
        waiting: asyncio.Future[Unit] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = waiting
        try:
            async with asyncio.timeout(RESPONSE_S):
                await self._write(Unit(command, sequence, body=body))
                return await waiting
        except TimeoutError as late:
            raise LinkLost(f"no response to {command.name.lower()} within {RESPONSE_S:g} s") from late
        finally:
            del self._waiting[sequence]

    async def _write(self, unit: Unit) -> None:
        try:
            self._writer.write(unit.encode())
            await self._writer.drain()
        except OSError as fault:
            raise LinkLost(f"the connection broke: {fault}") from fault

    async def _read(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            try:
                length, command, status, sequence = read_header(await self._reader.readexactly(HEADER.size))
                body = await self._reader.readexactly(length)
            except (OSError, asyncio.IncompleteReadError, Malformed) as fault:
                gone = isinstance(fault, asyncio.IncompleteReadError)
                raise LinkLost("the centre closed the connection" if gone else str(fault)) from fault
            await self._take(Unit(command, sequence, status, body), tasks)

    async def _take(self, unit: Unit, tasks: asyncio.TaskGroup) -> None:
        if unit.is_response:
            waiting = self._waiting.get(unit.sequence)
            if waiting is not None and not waiting.done():
                waiting.set_result(unit)
        elif unit.command == Command.DELIVER_SM:
            await self._turns.acquire()
            tasks.create_task(self._deliver(unit))
        elif unit.command == Command.ENQUIRE_LINK:
            await self._answer(unit)
        elif unit.command == Command.UNBIND:
            await self._answer(unit)
            raise LinkLost("the centre ended the session")
        else:
            await self._write(Unit(RESPONSE, unit.sequence, Status.INVALID_COMMAND))

    async def _deliver(self, unit: Unit) -> None:
        try:
            status = await self._handle(unit)
        except Exception:
            # Ours, and of this one delivery: it must not break the link for all others.
            log.exception("smpp.delivery_fault")
            status = Status.SYSTEM_ERROR
        finally:
            self._turns.release()
        await self._answer(unit, status, b"\0")  # an empty message_id

    async def _answer(self, unit: Unit, status: int = Status.OK, body: bytes = b"") -> None:
        await self._write(Unit(unit.command | RESPONSE, unit.sequence, status, body))

    async def _enquire(self) -> None:
        while True:
            await asyncio.sleep(self._enquire_s)
            await self.ask(Command.ENQUIRE_LINK)

    async def _close(self) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(LinkLost("the connection broke"))
        with suppress(OSError):
            self._writer.write(Unit(Command.UNBIND, self._sequence + 1).encode())
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(CLOSING_S):
                await self._writer.wait_closed()

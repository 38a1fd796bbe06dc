"""Ends of SIP that do one thing: a worker that answers as it is told, a caller that counts answers."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import cast

from tests.sip.peer import Message

APART_S = 0.03
KEPT = ("via", "from", "to", "call-id", "cseq", "record-route")


class Stub(asyncio.DatagramProtocol):
    """Remembers what arrives; answers requests by method with the statuses that `answers` names."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.answers: dict[str, tuple[int, ...]] = {"OPTIONS": (200,)}
        self.tag = ""
        """Of its answers, which have none without it."""
        self.contact = ""
        """What its answers name; itself without it."""
        self._arrived = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)
        host, port, *_ = transport.get_extra_info("sockname")
        self.address: tuple[str, int] = (f"[{host}]" if ":" in host else host, port)

    @property
    def port(self) -> int:
        return self.address[1]

    def got(self, method: str) -> list[Message]:
        return [message for message in self.messages if message.method == method]

    def statuses(self) -> Counter[int]:
        """The statuses of final answers, one for each Call-ID."""
        final = {message.get("Call-ID"): message.status for message in self.messages if message.status >= 200}
        return Counter(final.values())

    async def until(self, condition: Callable[[], bool], within_s: float = 30.0) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                self._arrived.clear()
                await self._arrived.wait()

    def via(self, call_id: str, method: str) -> str:
        """What its requests say of where they come from, and of which transaction they are."""
        host, port = self.address
        return f"SIP/2.0/UDP {host}:{port};branch=z9hG4bK-{port}-{call_id}-{method}"

    def send(
        self,
        start: str,
        port: int,
        *,
        call_id: str,
        headers: tuple[str, ...] = (),
        to_tag: str = "",
        own_tag: str | None = None,
        number: int = 1,
        via: str | None = None,
        contact: str | None = None,
    ) -> None:
        """Send a request, the `number`th of its call; with `own_tag` and `via` as somebody else would."""
        method = start.split(" ")[0]
        host, own_port = self.address
        lines = [
            f"{start} SIP/2.0",
            f"Via: {via or self.via(call_id, method)}",
            f"From: <sip:stub@{host}:{own_port}>;tag={own_tag or 's' + call_id}",
            f"To: <{start.split(' ')[1]}>{to_tag}",
            f"Call-ID: {call_id}",
            f"CSeq: {number} {method}",
            f"Contact: {contact or f'<sip:stub@{host}:{own_port}>'}",
            *headers,
            "Content-Length: 0",
        ]
        server = "::1" if ":" in host else "127.0.0.1"
        self.transport.sendto(("\r\n".join(lines) + "\r\n\r\n").encode(), (server, port))

    async def flood(self, start: str, port: int, *, call_ids: Iterable[str]) -> None:
        """Send a request for each Call-ID, a few thousand a second, and read what comes meanwhile."""
        for number, call_id in enumerate(call_ids):
            self.send(start, port, call_id=call_id)
            if number % 5 == 0:
                await asyncio.sleep(0.001)

    async def ask(
        self,
        start: str,
        port: int,
        *,
        call_id: str,
        headers: tuple[str, ...] = (),
        contact: str | None = None,
        number: int = 1,
    ) -> Message:
        """Send a request; the final answer."""

        def answers() -> list[Message]:
            return [each for each in self.messages if each.status >= 200 and each.get("Call-ID") == call_id]

        self.send(start, port, call_id=call_id, headers=headers, contact=contact, number=number)
        await self.until(lambda: bool(answers()))
        return answers()[0]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = Message.parse(data)
        self.messages.append(message)
        loop = asyncio.get_running_loop()
        for place, status in enumerate(self.answers.get(message.method, ())):
            if place:
                # As nobody answers twice at once: a proxy of several processes would take them in either order.
                loop.call_later(place * APART_S, self._answer, message, status, addr)
            else:
                self._answer(message, status, addr)
        self._arrived.set()

    def _answer(self, message: Message, status: int, addr: tuple[str, int]) -> None:
        if self.transport.is_closing():
            return
        kept = [f"{name}: {value}" for name, value in message.headers if name.lower() in KEPT]
        if self.tag and ";tag=" not in message.get("To"):
            kept = [f"{line};tag={self.tag}" if line.startswith("To:") else line for line in kept]
        contact = self.contact or f"<sip:w@127.0.0.1:{self.port}>"
        lines = [f"SIP/2.0 {status} Told", *kept, f"Contact: {contact}"]
        self.transport.sendto(("\r\n".join([*lines, "Content-Length: 0"]) + "\r\n\r\n").encode(), addr)


@asynccontextmanager
async def stubs(count: int, host: str = "127.0.0.1") -> AsyncIterator[list[Stub]]:
    """A block with so many stubs, each on a port of its own."""
    loop = asyncio.get_running_loop()
    opened = [await loop.create_datagram_endpoint(Stub, local_addr=(host, 0)) for _ in range(count)]
    try:
        yield [stub for _, stub in opened]
    finally:
        for transport, _ in opened:
            transport.close()

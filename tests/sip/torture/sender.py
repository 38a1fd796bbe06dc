"""Sends a message and judges what comes back, and whether the engine still does its work after it."""

import asyncio

from offhook.call.trunks import SipTransport
from tests.contract.worlds import RealWorld
from tests.sip.peer import Message
from tests.sip.torture.message import BUSY, OFFER, SILENCE, Torture, request

PATIENCE_S = 20


class Sender:
    """Sends whatever it is given, and reads answers; by UDP, or by a TCP connection of its own."""

    def __init__(self, world: RealWorld) -> None:
        self.world = world
        self._calls: list[str] = []
        """The Call-IDs of calls that came in."""
        self._may_call: set[str] = set()
        """Messages that were judged, and may be calls; one over TCP may become one later than the next is answered."""
        self.answers: list[Message] = []
        self._arrived = asyncio.Event()
        self._refusing = asyncio.create_task(self._refuse_calls())
        self._reading: list[asyncio.Task[None]] = []
        self._writers: list[asyncio.StreamWriter] = []
        self._count = 0

    async def open(self) -> None:
        target = ("127.0.0.1", self.world.switchboard.engine.sip_port)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), remote_addr=target)
        self._udp = transport

    async def close(self) -> None:
        self._udp.close()
        for writer in self._writers:
            writer.close()
        for task in (self._refusing, *self._reading):
            task.cancel()
        await asyncio.gather(self._refusing, *self._reading, return_exceptions=True)

    async def connect(self) -> asyncio.StreamWriter:
        """A connection over TCP whose answers are read."""
        port = self.world.switchboard.engine.port_of(SipTransport.TCP)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        self._writers.append(writer)
        self._reading.append(asyncio.create_task(self._read(reader)))
        return writer

    def took(self, data: bytes) -> None:
        self.answers.append(Message.parse(data))
        self._arrived.set()

    async def by_udp(self, message: Torture) -> None:
        host, port = self._udp.get_extra_info("sockname")
        self._udp.sendto(message.sent_from(f"{host}:{port}", "udp"))
        await self.judged(message)

    async def by_tcp(self, message: Torture) -> None:
        writer = await self.connect()
        host, here = writer.get_extra_info("sockname")
        writer.write(message.sent_from(f"{host}:{here}", "tcp"))
        await self.judged(message)
        writer.close()

    async def judged(self, message: Torture) -> None:
        """The answer to the message is right; OPTIONS and a new call are answered after it; it made no call that it may not.

        Nor did those before."""
        if message.is_call:
            self._may_call.add(message.name)
        if SILENCE not in message.answers:
            assert await self._final(message.name) in message.answers, message.name
        await self._probe("OPTIONS", 200)
        await self._probe("INVITE", BUSY)
        told = {
            answer.status for answer in self.answers if _is_of(answer, message.name) and answer.status >= 200
        }
        assert told <= message.answers, message.name
        strays = [call for call in self._calls if call.partition(".")[0] not in self._may_call]
        assert not strays, message.name
        self.answers.clear()

    async def _probe(self, method: str, status: int) -> None:
        self._count += 1
        name = f"probe-{method}-{self._count}"
        host, port = self._udp.get_extra_info("sockname")
        text = request(
            name, f"{method} sip:probe@example.com SIP/2.0", body=OFFER if method == "INVITE" else ""
        )
        self._udp.sendto(text.replace("HERE", f"{host}:{port}").encode())
        assert await self._final(name) == status

    async def _final(self, name: str) -> int:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for answer in self.answers:
                    if _is_of(answer, name) and answer.status >= 200:
                        return answer.status
                self._arrived.clear()
                await self._arrived.wait()

    async def _refuse_calls(self) -> None:
        while True:
            leg = await self.world.arrived.get()
            if leg.info.to != "probe":
                self._calls.append(leg.sip_call_id)
            await leg.reject(BUSY)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65_536):
            for piece in data.split(b"SIP/2.0 ")[1:]:
                self.took(b"SIP/2.0 " + piece)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._sender.took(data)


def _is_of(answer: Message, name: str) -> bool:
    call_id = next((value for key, value in answer.headers if key.lower() in ("call-id", "i")), "")
    return call_id.startswith(f"{name}.")

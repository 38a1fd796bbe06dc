"""Somebody who takes no part in a call and sends into it: audio, keys, and whatever else."""

import asyncio
import audioop
import struct
from typing import cast

from tests.contract.tones import sine
from tests.sip.peer import EVENTS, FRAME_SAMPLES, TELEPHONE_EVENT

SSRC = 0x0BADCAFE


class Stranger(asyncio.DatagramProtocol):
    """A UDP socket. `await Stranger.open()`; `close` at the end."""

    def __init__(self) -> None:
        self.came_back: list[bytes] = []
        """All that was ever sent to it."""
        self.arrived = asyncio.Event()
        self._sequence = 30_000
        self._timestamp = 500_000

    @classmethod
    async def open(cls, host: str = "127.0.0.2") -> "Stranger":
        loop = asyncio.get_running_loop()
        _, stranger = await loop.create_datagram_endpoint(cls, local_addr=(host, 0))
        return stranger

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.came_back.append(data)
        self.arrived.set()

    @property
    def port(self) -> int:
        return int(self._transport.get_extra_info("sockname")[1])

    def close(self) -> None:
        self._transport.close()

    def send(self, data: bytes, to: tuple[str, int]) -> None:
        self._transport.sendto(data, to)

    async def speak(self, to: tuple[str, int], hertz: int, packets: int, *, per_s: int = 0) -> None:
        """Send a tone: all packets at once, or so many a second."""
        payload = audioop.lin2ulaw(sine(hertz, 0.02), 2)
        loop = asyncio.get_running_loop()
        due = loop.time()
        for _ in range(packets):
            self._rtp(to, payload, 0)
            self._timestamp += FRAME_SAMPLES
            if per_s:
                due += 1 / per_s
                await asyncio.sleep(max(0.0, due - loop.time()))

    def press(self, to: tuple[str, int], key: str) -> None:
        """Send a key by RFC 4733, all of its packets at once."""
        event = EVENTS.index(key)
        self._timestamp += FRAME_SAMPLES
        for step in (1, 2, 3, 0x8004, 0x8004, 0x8004):
            is_end, duration = step & 0x8000, (step & 0xFF) * FRAME_SAMPLES
            self._rtp(to, struct.pack("!BBH", event, (0x80 if is_end else 0) | 10, duration), TELEPHONE_EVENT)

    def _rtp(self, to: tuple[str, int], payload: bytes, kind: int) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        self.send(struct.pack("!BBHII", 0x80, kind, self._sequence, self._timestamp, SSRC) + payload, to)

"""A NAT in user space, between a phone and everybody else: it gives what the phone sends another address and port, and lets in
only what comes from where the phone has sent to. Both sides are addresses of loopback, so no privileges are needed.
"""

import asyncio
import socket
from typing import Any, cast

from tests.sip.peer import Peer, _Rtp

INSIDE = "10.0.0.7"
"""What the phone takes for its address, and writes into SIP and SDP. Nobody outside has a way there."""
INSIDE_SIP, INSIDE_RTP = 5060, 4000
OUTSIDE = "127.0.77.1"

Address = tuple[str, int]


class Nat:
    """One router. `is_symmetric` gives each destination a port of its own."""

    def __init__(self, *, is_symmetric: bool = False) -> None:
        self.is_symmetric = is_symmetric
        self.turned_away = 0
        """Packets from where the phone had not sent to."""

    def hole(self, protocol: asyncio.DatagramProtocol, inside_port: int) -> "Hole":
        """What a socket of the phone sends by."""
        return Hole(self, protocol, inside_port)


class Hole(asyncio.DatagramTransport):
    """One socket behind the NAT, and its ways through."""

    def __init__(self, nat: Nat, protocol: asyncio.DatagramProtocol, inside_port: int) -> None:
        super().__init__()
        self._nat = nat
        self._protocol = protocol
        self._inside_port = inside_port
        self._loop = asyncio.get_running_loop()
        self._ways: dict[Address | None, socket.socket] = {}
        self._allowed: set[tuple[Address | None, Address]] = set()
        self._is_closed = False

    @property
    def outside_ports(self) -> set[int]:
        """Under which ports the outside sees it."""
        return {int(way.getsockname()[1]) for way in self._ways.values()}

    def sendto(self, data: Any, addr: Any = None) -> None:
        """Translate and send."""
        key = addr if self._nat.is_symmetric else None
        if key not in self._ways:
            self._ways[key] = way = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            way.setblocking(False)
            way.bind((OUTSIDE, 0))
            self._loop.add_reader(way, self._came, key)
        self._allowed.add((key, addr))
        self._ways[key].sendto(data, addr)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the phone knows of it."""
        return (INSIDE, self._inside_port) if name == "sockname" else default

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self._is_closed

    def close(self) -> None:
        """Close all ways."""
        self._is_closed = True
        for way in self._ways.values():
            self._loop.remove_reader(way)
            way.close()
        self._ways.clear()

    def _came(self, key: Address | None) -> None:
        data, source = self._ways[key].recvfrom(65536)
        if (key, source) in self._allowed:
            self._protocol.datagram_received(data, source)
        else:
            self._nat.turned_away += 1


class NattedPeer(Peer):
    """A phone behind a NAT that it knows nothing of; it asks for `rport`, as phones do."""

    nat: Nat

    @classmethod
    async def behind(cls, nat: Nat, inside_port: int = INSIDE_SIP) -> "NattedPeer":
        """Plug one in; two of one test need other ports, by which transactions are told apart."""
        peer = cls()
        peer.nat = nat
        peer.sip = nat.hole(peer, inside_port)
        peer.rtp = nat.hole(_Rtp(peer), INSIDE_RTP)
        return peer

    @property
    def rtp_hole(self) -> Hole:
        """Where its audio goes through."""
        return cast("Hole", self.rtp)

    def sdp(self, payloads: str = "0 101") -> str:
        return super().sdp(payloads).replace("127.0.0.1", INSIDE)

    def _transmit(self, start: str, headers: list[str], body: str) -> None:
        own = f"127.0.0.1:{self.port}"
        headers = [header.replace(own, f"{INSIDE}:{self.port}") for header in headers]
        headers = [f"{header};rport" if header.startswith("Via: ") else header for header in headers]
        super()._transmit(start, headers, body)

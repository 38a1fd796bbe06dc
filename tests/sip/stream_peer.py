"""A peer that speaks SIP over TCP or TLS, or over IPv6."""

import asyncio
import ssl
from typing import Any, cast

from tests.contract.phone import Phone
from tests.sip.peer import _Rtp

IPV4, IPV6 = "127.0.0.1", "::1"


class StreamPeer(Phone):
    """`await StreamPeer.open(...)`; what is said over UDP and 127.0.0.1 elsewhere is said its way here."""

    def __init__(self, via: str = "TCP", host: str = IPV4) -> None:
        super().__init__()
        self._via = via
        self._host = host
        self._lines: asyncio.StreamWriter | None = None
        """Where the last message came from, or goes: by it it speaks."""
        self._all_lines: list[asyncio.StreamWriter] = []
        self._server_side: asyncio.Server | None = None
        self._context: ssl.SSLContext | None = None
        self.connections = 0
        """How many others have made to it."""

    @classmethod
    async def listen(
        cls,
        via: str = "TCP",
        host: str = IPV4,
        *,
        certificate: ssl.SSLContext | None = None,
        trusts: ssl.SSLContext | None = None,
    ) -> "StreamPeer":
        """`certificate` is what it shows to others, `trusts` how it judges theirs, for TLS."""
        loop = asyncio.get_running_loop()
        peer = cls(via, host)
        peer._context = trusts
        make_rtp: Any = lambda: _Rtp(peer)  # noqa: E731
        peer.rtp, _ = await loop.create_datagram_endpoint(make_rtp, local_addr=(host, 0))
        if via == "UDP":
            make: Any = lambda: peer  # noqa: E731
            peer.sip, _ = await loop.create_datagram_endpoint(make, local_addr=(host, 0))
        else:
            peer._server_side = await asyncio.start_server(peer._serve, host, 0, ssl=certificate)
        return peer

    @property
    def port(self) -> int:
        if self._server_side is not None:
            return int(self._server_side.sockets[0].getsockname()[1])
        return int(self.sip.get_extra_info("sockname")[1])

    @property
    def uri(self) -> str:
        """How it is called."""
        suffix = "" if self._via == "UDP" else f";transport={self._via.lower()}"
        return f"sip:peer@{f'[{self._host}]' if ':' in self._host else self._host}:{self.port}{suffix}"

    async def connect(self, port: int, own: str | None = None) -> None:
        """Connect to a server, to call it by; from an address of our `own`."""
        name = "localhost" if self._context is not None else None
        reader, writer = await asyncio.open_connection(
            self._host, port, ssl=self._context, server_hostname=name, local_addr=(own, 0) if own else None
        )
        self._lines = writer
        self._all_lines.append(writer)
        self._spawn(self._read(reader, writer))

    @property
    def own_port(self) -> int:
        """Where its connection comes from."""
        assert self._lines is not None
        return int(self._lines.get_extra_info("sockname")[1])

    @property
    def shown_certificate(self) -> dict[str, Any]:
        """What the server showed."""
        assert self._lines is not None
        return cast("dict[str, Any]", self._lines.get_extra_info("ssl_object").getpeercert())

    async def close(self) -> None:
        for task in (self._sending, *self._tasks):
            if task is not None:
                task.cancel()
        for lines in self._all_lines:
            lines.transport.abort()  # a goodbye of TLS would be waited for
        await asyncio.gather(*(lines.wait_closed() for lines in self._all_lines), return_exceptions=True)
        if self._server_side is not None:
            self._server_side.close()
        else:
            self.sip.close()
        self.rtp.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._all_lines.append(writer)
        await self._read(reader, writer)

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A message ends where its Content-Length says (RFC 3261, 18.3); blank lines keep the connection alive."""
        while True:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).lstrip(b"\r\n")
            except (asyncio.IncompleteReadError, OSError):
                return
            lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            body = await reader.readexactly(int(lengths[0].partition(b":")[2])) if lengths else b""
            if head:
                self._lines = writer
                self.datagram_received(head + body, self._server)

    def _transmit(self, start: str, headers: list[str], body: str) -> None:
        super()._transmit(self._mine(start), [self._mine(header) for header in headers], self._mine(body))

    def _mine(self, text: str) -> str:
        text = text.replace(f"SIP/2.0/UDP {IPV4}:{self.port}", f"SIP/2.0/{self._via} {IPV4}:{self.port}")
        if self._via != "UDP":
            own = f"<sip:peer@{IPV4}:{self.port}>"
            text = text.replace(own, f"{own[:-1]};transport={self._via.lower()}>")
        if self._host == IPV6:
            text = text.replace(f"IN IP4 {IPV4}", f"IN IP6 {IPV6}").replace(IPV4, f"[{IPV6}]")
        return text

    def _send(self, message: bytes) -> None:
        if self._via == "UDP":
            self.sip.sendto(message, (self._host, self._server[1]))
        elif self._lines is not None:
            self._lines.write(message)

"""A server that asks who is there, in whatever words a test gives it, and judges each answer by the digest's own rules (RFC 8760)."""

import asyncio
import hashlib
import re
from typing import cast

from tests.sip.peer import Message

HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
KEPT = ("Via", "From", "Call-ID", "CSeq")


class Asking(asyncio.DatagramProtocol, asyncio.Protocol):
    """Over UDP and TCP at one port: `await Asking.begin(SECRET, 'WWW-Authenticate: Digest realm="a", …')`."""

    def __init__(self, secret: tuple[str, str], status: int, challenges: tuple[str, ...]) -> None:
        self.secret, self.status, self.challenges = secret, status, challenges
        self.requests: list[Message] = []
        """All but ACKs, each as often as it was sent."""
        self._connection: asyncio.Transport | None = None
        self._buffer = b""

    @classmethod
    async def begin(cls, secret: tuple[str, str], *challenges: str, status: int = 401) -> "Asking":
        loop = asyncio.get_running_loop()
        asking = cls(secret, status, challenges)
        server = await loop.create_server(lambda: asking, "127.0.0.1", 0)
        asking.port = int(server.sockets[0].getsockname()[1])
        asking._sip, _ = await loop.create_datagram_endpoint(
            lambda: asking, local_addr=("127.0.0.1", asking.port)
        )
        asking._server = server
        return asking

    port: int
    _server: asyncio.Server
    _sip: asyncio.DatagramTransport

    async def close(self) -> None:
        self._server.close()
        self._sip.close()
        if self._connection is not None:
            self._connection.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if transport.get_extra_info("peername"):
            self._connection = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        assert self._connection is not None
        self._buffer += data
        while found := re.match(rb"[\r\n]*(.+?\r\n\r\n)", self._buffer, re.DOTALL):
            length = re.search(rb"^(?:Content-Length|l):\s*(\d+)", found[1], re.MULTILINE | re.IGNORECASE)
            end = found.end() + (int(length[1]) if length else 0)
            if len(self._buffer) < end:
                return
            message, self._buffer = self._buffer[found.start(1) : end], self._buffer[end:]
            if answer := self._answer(Message.parse(message)):
                self._connection.write(answer)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data.strip() and (answer := self._answer(Message.parse(data))):
            self._sip.sendto(answer, addr)

    def _answer(self, request: Message) -> bytes:
        if request.method == "ACK":
            return b""
        self.requests.append(request)
        lines = [f"{name}: {value}" for name, value in request.headers if name in KEPT]
        if not self.is_let_in(request):
            status, more = self.status, self.challenges
        elif request.method == "REGISTER":
            status, more = 200, (f"Contact: {request.get('Contact')};expires=600",)
        else:
            status, more = 486, ()
        to = f"To: {request.get('To')};tag=asking"
        return "\r\n".join(
            (f"SIP/2.0 {status} Said", *lines, to, *more, "Content-Length: 0", "", "")
        ).encode()

    def is_let_in(self, request: Message) -> bool:
        """Whether each realm that is asked for has an answer, and none of the answers is wrong."""
        header = "Authorization" if self.status == 401 else "Proxy-Authorization"
        answers = [_fields(value) for value in request.all(header)]
        asked = {realm for line in self.challenges for realm in re.findall(r'Digest realm="(\w+)"', line)}
        return (
            bool(answers)
            and {answer["realm"] for answer in answers} == asked
            and all(answer["response"] == self._response(answer, request.method) for answer in answers)
        )

    def _response(self, answer: dict[str, str], method: str) -> str:
        user, password = self.secret

        def digest(text: str) -> str:
            name = HASHES[answer.get("algorithm", "MD5")]
            return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

        whose, what = digest(f"{user}:{answer['realm']}:{password}"), digest(f"{method}:{answer['uri']}")
        counted = [answer[name] for name in ("nc", "cnonce", "qop") if name in answer]
        return digest(":".join((whose, answer["nonce"], *counted, what)))


def _fields(value: str) -> dict[str, str]:
    return {
        name: quoted or bare for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', value)
    }

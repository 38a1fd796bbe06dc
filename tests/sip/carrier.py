"""A carrier's end of a trunk: answers each INVITE as it was told to, or says nothing at all."""

import asyncio
import hashlib
import re
from collections.abc import Callable
from typing import cast

from tests.sip.peer import Message, Peer

CURT = (500, 430)
"""What it answers without a 100 before it."""
REALM, NONCE = "carrier", "abc123"


class Carrier(Peer):
    """A `Peer`; `await Carrier.begin(503)`."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: tuple[int, ...] = (200,)
        """What an INVITE is answered, one after the other; with nothing of it, not even 100."""
        self.secret: tuple[str, str] | None = None
        """A user name and a password, which whoever calls or registers has to know."""
        self.contacts: list[str] = []
        """The Contact of each REGISTER that was let in."""

    @classmethod
    async def begin(cls, *answers: int, secret: tuple[str, str] | None = None) -> "Carrier":
        carrier = cast("Carrier", await cls.open())
        carrier.answers, carrier.secret = answers, secret
        return carrier

    @property
    def invites(self) -> list[Message]:
        """Those that came, each once however often it was sent."""
        found = {(m.get("Call-ID"), m.get("CSeq")): m for m in self.messages if m.method == "INVITE"}
        return list(found.values())

    def answer_late(self, status: int, port: int) -> None:
        """Answer the last INVITE, which nothing was said to, after all; `port` is where it came from."""
        self._invite, self._server = self.invites[-1], ("127.0.0.1", port)
        self.answers = (status,)
        self.respond(status, "Late")

    async def hears(self, wanted: Callable[[Message], bool]) -> Message:
        """The first message of a kind."""
        while not (found := [message for message in self.messages if wanted(message)]):
            self._arrived.clear()
            await self._arrived.wait()
        return found[0]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = Message.parse(data)
        if not self.answers:
            self.messages.append(message)
            self._arrived.set()
            return
        if message.method == "OPTIONS":  # from a socket of its own, perhaps in the middle of a call
            self.messages.append(message)
            before, self._server = self._server, addr
            self._reply(message, 200, "OK")
            self._server = before
            self._arrived.set()
            return
        is_another = self._invite is not None and message.get("Call-ID") != self._invite.get("Call-ID")
        if message.method == "INVITE" and is_another and "tag=" not in message.get("To"):
            self.dialog = self._invite = None  # one call after the other
        if message.method in ("INVITE", "REGISTER") and self.secret and not self._is_let_in(message):
            self.messages.append(message)
            self._server = addr
            self._challenge(message)
            return
        if message.method == "INVITE" and self.answers[0] in CURT and not self._invite:
            self.messages.append(message)
            self._server, self._invite = addr, message
            self.respond(self.answers[0], f"Answer {self.answers[0]}")
            return
        super().datagram_received(data, addr)
        if message.method == "REGISTER":
            self._server = addr
            self.contacts.append(message.get("Contact"))
            self._reply(message, 200, "OK")
        elif message.method == "INVITE" and self._invite is not None:
            for status in self.answers:
                self.respond(status, f"Answer {status}")

    def _is_let_in(self, message: Message) -> bool:
        given = dict(re.findall(r'(\w+)="([^"]*)"', message.get("Authorization")))
        if not given or self.secret is None:
            return False
        user, password = self.secret
        mine = _md5(f"{user}:{REALM}:{password}"), NONCE, _md5(f"{message.method}:{given['uri']}")
        return (given["username"], given["response"]) == (user, _md5(":".join(mine)))

    def _challenge(self, message: Message) -> None:
        asked = f'WWW-Authenticate: Digest realm="{REALM}", nonce="{NONCE}", algorithm=MD5'
        kept = [
            f"{name}: {value}"
            for name, value in message.headers
            if name in ("Via", "From", "Call-ID", "CSeq")
        ]
        status = 403 if message.get("Authorization") else 401
        lines = [
            f"SIP/2.0 {status} No",
            *kept,
            f"To: {message.get('To')};tag=c{self.port}",
            asked,
            "Content-Length: 0",
        ]
        self.sip.sendto(("\r\n".join(lines) + "\r\n\r\n").encode(), self._server)


class Resetting(asyncio.Protocol):
    """A carrier over TCP that hangs up on whoever connects."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).abort()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

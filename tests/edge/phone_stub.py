"""A telephone of raw sockets that registers and calls with digest, as well or as badly as a test wants."""

import asyncio
import hashlib
import itertools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from offhook.call.resource_rows import SIP_REALM, PhoneLogin
from tests.edge.sip_stub import Stub
from tests.sip.peer import Message

HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
NUMBERS = itertools.count(1)


def login_of(login: str, password: str) -> PhoneLogin:
    """What is kept of a client with this password."""
    secret = f"{login}:{SIP_REALM}:{password}".encode()
    return PhoneLogin(
        login=login,
        ha1_md5=hashlib.md5(secret).hexdigest(),
        ha1_sha256=hashlib.sha256(secret).hexdigest(),
    )


def challenges(answer: Message) -> list[dict[str, str]]:
    """The challenges of an answer, in their order."""
    headers = answer.all("WWW-Authenticate") or answer.all("Proxy-Authenticate")
    return [dict(re.findall(r'(\w+)="?([^",]+)"?', header.partition(" ")[2])) for header in headers]


class Phone(Stub):
    """Knows a server's port and a login."""

    server_port = 0
    login = "ada"
    password = "a secret of hers"

    def credentials(
        self,
        method: str,
        challenge: dict[str, str],
        *,
        password: str | None = None,
        uses: int = 1,
        uri: str | None = None,
        client_nonce: str = "0a4f113b",
    ) -> str:
        """The value of the header that answers a challenge, for what is asked of `uri`, which is itself without one."""
        digest = HASHES[challenge["algorithm"]]
        uri, nonce = uri or f"sip:{self.login}@{self.address[0]}:{self.server_port}", challenge["nonce"]
        secret = f"{self.login}:{challenge['realm']}:{password or self.password}"
        words = (
            digest(secret.encode()).hexdigest(),
            nonce,
            f"{uses:08x}",
            client_nonce,
            "auth",
            digest(f"{method}:{uri}".encode()).hexdigest(),
        )
        response = digest(":".join(words).encode()).hexdigest()
        return (
            f'Digest username="{self.login}", realm="{challenge["realm"]}", nonce="{nonce}", uri="{uri}", '
            f'response="{response}", algorithm={challenge["algorithm"]}, cnonce="{client_nonce}", qop=auth, nc={uses:08x}'
        )

    async def say(self, method: str, user: str, *headers: str, contact: str | None = None) -> Message:
        """Send a request to somebody; the final answer."""
        host, port = self.address
        start = f"{method} sip:{user}@{host}:{self.server_port}"
        call_id = f"{port}-{next(NUMBERS)}"
        return await self.ask(start, self.server_port, call_id=call_id, headers=headers, contact=contact)

    async def register(
        self, *, password: str | None = None, algorithm: str = "MD5", expires: int = 600
    ) -> Message:
        """Register, or try to; the last answer."""
        asked = await self.say("REGISTER", self.login)
        if asked.status != 401:
            return asked
        [challenge] = [each for each in challenges(asked) if each["algorithm"] == algorithm]
        authorization = self.credentials("REGISTER", challenge, password=password)
        return await self.say(
            "REGISTER", self.login, f"Authorization: {authorization}", f"Expires: {expires}"
        )


@asynccontextmanager
async def phone(server_port: int, login: str = "ada", host: str = "127.0.0.1") -> AsyncIterator[Phone]:
    """A block with a telephone at an address of loopback."""
    loop = asyncio.get_running_loop()
    transport, opened = await loop.create_datagram_endpoint(Phone, local_addr=(host, 0))
    opened.server_port, opened.login = server_port, login
    try:
        yield opened
    finally:
        transport.close()

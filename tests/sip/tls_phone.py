"""Telephones over TLS at a registrar: they register and call with digest, and in a call they send by the route that they were told."""

import hashlib
import re
import ssl

from tests.sip.peer import Message
from tests.sip.srtp import EncryptedPhone
from tests.sip.stream_peer import IPV4, StreamPeer


class TlsPhone(StreamPeer):
    """`await TlsPhone.at(...)`, then what a `Phone` does."""

    login = ""
    password = ""
    server_port = 0

    def __init__(self, via: str = "TLS", host: str = IPV4) -> None:
        super().__init__()
        self._via, self._host = via, host
        self.routes: list[str] = []
        """What in-dialog requests go by; filled at the answer, or at the INVITE that comes in."""

    @classmethod
    async def at(
        cls,
        server_port: int,
        trusts: ssl.SSLContext,
        login: str = "",
        password: str = "",
        *,
        own: str = IPV4,
        certificate: ssl.SSLContext | None = None,
    ) -> "TlsPhone":
        """One that is connected to a server, from an address of its `own`; with a `certificate` it takes connections, too."""
        phone = await cls.listen("TLS", trusts=trusts, certificate=certificate)
        assert isinstance(phone, TlsPhone)
        phone.login, phone.password, phone.server_port = login, password, server_port
        await phone.connect(server_port, own)
        return phone

    async def register(self) -> Message:
        """Register with the password; the last answer."""
        answer = await self._ask_to_register(1)
        if answer.status != 401:
            return answer
        header = self._credentials("REGISTER", self.login, answer.get("WWW-Authenticate"))
        return await self._ask_to_register(2, f"Authorization: {header}")

    async def call(self, user: str) -> Message:
        """Call somebody, with the password where it is asked for; the final answer."""
        answer = await self.invite(user, self.server_port, caller=self.login)
        if answer.status != 407:
            return answer
        self.messages.clear()
        header = self._credentials("INVITE", user, answer.get("Proxy-Authenticate"))
        return await self.invite(
            user, self.server_port, caller=self.login, headers=(f"Proxy-Authorization: {header}",)
        )

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = Message.parse(data)
        if message.method == "INVITE" and self.dialog is None:
            self.routes = message.all("Record-Route")
        super().datagram_received(data, addr)

    async def _confirm(self, answer: Message) -> None:
        self.routes = answer.all("Record-Route")[::-1]
        await super()._confirm(answer)

    def _transmit(self, start: str, headers: list[str], body: str) -> None:
        routes = [] if start.startswith("SIP/2.0") else [f"Route: {route}" for route in self.routes]
        super()._transmit(start, [*headers, *routes], body)

    async def _ask_to_register(self, number: int, *headers: str) -> Message:
        own = f"<sip:{self.login}@{IPV4}:{self.port}>"
        self._transmit(
            f"REGISTER sip:{self.login}@{IPV4}:{self.server_port} SIP/2.0",
            [
                f"Via: SIP/2.0/UDP {IPV4}:{self.port};branch=z9hG4bK-register-{self.port}-{number}",
                f"From: {own};tag=r{self.port}",
                f"To: {own}",
                f"Call-ID: register-{self.port}",
                f"CSeq: {number} REGISTER",
                f"Contact: <sip:peer@{IPV4}:{self.port}>",
                "Max-Forwards: 70",
                *headers,
            ],
            "",
        )
        return await self.reply(200, f"{number} REGISTER")

    def _credentials(self, method: str, user: str, challenge: str) -> str:
        told = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
        uri = f"sip:{user}@{IPV4}:{self.server_port}"
        digest = hashlib.md5 if told["algorithm"] == "MD5" else hashlib.sha256

        def hashed(*words: str) -> str:
            return digest(":".join(words).encode()).hexdigest()

        secret = hashed(self.login, told["realm"], self.password)
        response = hashed(secret, told["nonce"], "00000001", "c0ffee", "auth", hashed(method, uri))
        return (
            f'Digest username="{self.login}", realm="{told["realm"]}", nonce="{told["nonce"]}", uri="{uri}", '
            f'response="{response}", algorithm={told["algorithm"]}, cnonce="c0ffee", qop=auth, nc=00000001'
        )


class EncryptedTlsPhone(EncryptedPhone, TlsPhone):
    """One whose audio is encrypted, too."""

    def __init__(self, via: str = "TLS", host: str = IPV4) -> None:
        super().__init__()
        self._via, self._host = via, host

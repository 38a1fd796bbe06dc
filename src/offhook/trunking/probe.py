"""Asks a trunk: whether it answers (OPTIONS), and whether it takes our user name and password.

The latter is a REGISTER without a Contact, which changes nothing there and only asks who is registered (RFC 3261,
10.2.3). Each question has a socket of its own, so it can be put from any process, beside a running server.
"""

import asyncio
import re
import secrets
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import cast

from offhook.call.errors import OffhookError
from offhook.call.trunks import SipTransport, Trunk
from offhook.trunking.digest import ChallengeUnknown, answer, best_challenges

PATIENCE_S = 4.0
RETRANSMIT_S = (0.5, 1.0, 2.0)
"""Between what is sent over UDP (RFC 3261, 17.1.2.1)."""
MOST_ANSWER_BYTES = 65_536
CHALLENGES: Mapping[int, tuple[str, str]] = {
    401: ("www-authenticate", "Authorization"),
    407: ("proxy-authenticate", "Proxy-Authorization"),
}
TROUBLES = frozenset({408, 500, 502, 503, 504})
"""Answers to OPTIONS of somebody who is there and cannot take calls. Any other one shows that it lives."""
_STATUS, _LENGTH = re.compile(r"[1-6][0-9]{2}"), re.compile(r"[0-9]{1,9}")
Hop = tuple[str, int]
MakeContext = Callable[[], ssl.SSLContext]


class NoAnswer(OffhookError):
    """Nothing came back, or it was no SIP; the text says what happened, to be put after the trunk's name."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A final answer."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]

    @property
    def words(self) -> str:
        """Such as `200 OK`."""
        return f"{self.status} {self.reason}".strip()

    def all(self, name: str) -> tuple[str, ...]:
        """The values of the headers of a name, which is given in lower case."""
        return tuple(value for key, value in self.headers if key.lower() == name)


async def ask_options(
    trunk: Trunk,
    *,
    at: Hop | None = None,
    make_context: MakeContext = ssl.create_default_context,
    patience_s: float = PATIENCE_S,
) -> Answer:
    """What a trunk answers to OPTIONS; `at` is the host and port that serve it. Raises NoAnswer."""
    async with _line(trunk, at, make_context, patience_s) as line:
        return await line.ask("OPTIONS", trunk.uri(""), f"sip:offhook@{line.own}", 1)


async def ask_registration(
    trunk: Trunk,
    *,
    at: Hop | None = None,
    make_context: MakeContext = ssl.create_default_context,
    patience_s: float = PATIENCE_S,
) -> Answer:
    """What a trunk answers to our user name and password; 200 where it takes them. Raises NoAnswer."""
    uri, who = trunk.uri(""), f"sip:{trunk.username or 'offhook'}@{trunk.host_port}"
    async with _line(trunk, at, make_context, patience_s) as line:
        first = await line.ask("REGISTER", uri, who, 1)
        if first.status not in CHALLENGES or trunk.credentials is None:
            return first
        asked_in, answered_in = CHALLENGES[first.status]
        try:
            challenges = best_challenges(first.all(asked_in))
        except ChallengeUnknown as unknown:
            raise NoAnswer(f"answered {first.words}, and {unknown}") from None
        username, password = trunk.credentials
        values = (
            answer(
                challenge,
                method="REGISTER",
                uri=uri,
                username=username,
                password=password,
                client_nonce=secrets.token_hex(8),
            )
            for challenge in challenges
        )
        return await line.ask("REGISTER", uri, who, 2, tuple(f"{answered_in}: {value}" for value in values))


class _Line:
    """One way to the trunk, for a question and what follows it."""

    def __init__(self, transport: SipTransport, patience_s: float) -> None:
        self._transport = transport
        self._patience_s = patience_s
        self._call_id = f"{secrets.token_hex(12)}@offhook"
        self._tag = secrets.token_hex(6)
        self.own = ""
        """Our address and port."""

    def request(self, method: str, uri: str, who: str, number: int, more: tuple[str, ...]) -> bytes:
        lines = (
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/{self._transport.upper()} {self.own};rport;branch=z9hG4bK{secrets.token_hex(10)}",
            "Max-Forwards: 70",
            f"From: <{who}>;tag={self._tag}",
            f"To: <{who if method == 'REGISTER' else uri}>",
            f"Call-ID: {self._call_id}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:offhook@{self.own}>" if method == "OPTIONS" else "",
            *more,
            "User-Agent: Offhook",
            "Accept: application/sdp",
            "Content-Length: 0",
        )
        return ("\r\n".join(line for line in lines if line) + "\r\n\r\n").encode()

    async def ask(self, method: str, uri: str, who: str, number: int, more: tuple[str, ...] = ()) -> Answer:
        """The final answer. Raises NoAnswer."""
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._exchange(self.request(method, uri, who, number, more), number)
        except TimeoutError:
            raise NoAnswer(f"did not answer {method} within {self._patience_s:g} s") from None
        except OSError as error:
            raise NoAnswer(f"could not be reached: {_words(error)}") from None

    async def _exchange(self, request: bytes, number: int) -> Answer:
        raise OSError("there is no connection")

    def _final(self, data: bytes, number: int) -> Answer | None:
        read = _read(data)
        if read is None or read.status < 200 or self._call_id not in read.all("call-id") + read.all("i"):
            return None
        return read if any(v.split(" ")[0] == str(number) for v in read.all("cseq")) else None

    async def close(self) -> None:
        """Let the connection go."""


class _Datagrams(_Line):
    async def open(self, hop: Hop) -> None:
        loop = asyncio.get_running_loop()
        self._arrived: asyncio.Queue[bytes | OSError] = asyncio.Queue()
        self._endpoint, _ = await loop.create_datagram_endpoint(
            lambda: _Arrivals(self._arrived), remote_addr=hop
        )
        self.own = _host_port(self._endpoint.get_extra_info("sockname"))

    async def _exchange(self, request: bytes, number: int) -> Answer:
        sending = asyncio.create_task(self._send(request))
        try:
            while True:
                came = await self._arrived.get()
                if isinstance(came, OSError):
                    raise came
                if (found := self._final(came, number)) is not None:
                    return found
        finally:
            sending.cancel()

    async def _send(self, request: bytes) -> None:
        for pause_s in (*RETRANSMIT_S, 0.0):
            self._endpoint.sendto(request)
            await asyncio.sleep(pause_s)

    async def close(self) -> None:
        self._endpoint.close()


class _Arrivals(asyncio.DatagramProtocol):
    def __init__(self, arrived: "asyncio.Queue[bytes | OSError]") -> None:
        self._arrived = arrived

    def datagram_received(self, data: bytes, _address: object) -> None:
        self._arrived.put_nowait(data)

    def error_received(self, error: Exception) -> None:
        self._arrived.put_nowait(cast("OSError", error))


class _Connection(_Line):
    async def open(self, hop: Hop, make_context: MakeContext | None) -> None:
        context = make_context() if make_context is not None else None
        self._reader, self._writer = await asyncio.open_connection(*hop, ssl=context, limit=MOST_ANSWER_BYTES)
        self.own = _host_port(self._writer.get_extra_info("sockname"))

    async def _exchange(self, request: bytes, number: int) -> Answer:
        self._writer.write(request)
        while True:
            try:
                head = await self._reader.readuntil(b"\r\n\r\n")
                read = _read(head)
                lengths = read.all("content-length") + read.all("l") if read is not None else ()
                if lengths and _LENGTH.fullmatch(lengths[0]):
                    await self._reader.readexactly(min(int(lengths[0]), MOST_ANSWER_BYTES))
            except asyncio.IncompleteReadError:
                raise OSError("it hung up") from None
            except asyncio.LimitOverrunError:
                raise OSError("what it says is longer than a SIP answer") from None
            if (found := self._final(head, number)) is not None:
                return found

    async def close(self) -> None:
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                await self._writer.wait_closed()


@asynccontextmanager
async def _line(
    trunk: Trunk, at: Hop | None, make_context: MakeContext, patience_s: float
) -> AsyncIterator[_Line]:
    """A block with a connection to the trunk. Raises NoAnswer."""
    transport = trunk.transport
    hop = at or (trunk.host, trunk.port or (5061 if transport is SipTransport.TLS else 5060))
    datagrams, connection = _Datagrams(transport, patience_s), _Connection(transport, patience_s)
    line: _Line = datagrams if transport is SipTransport.UDP else connection
    try:
        async with asyncio.timeout(patience_s):
            if line is datagrams:
                await datagrams.open(hop)
            else:
                await connection.open(hop, make_context if transport is SipTransport.TLS else None)
    except TimeoutError:
        raise NoAnswer(
            f"could not be reached: {trunk.host_port} did not connect within {patience_s:g} s"
        ) from None
    except (OSError, UnicodeError) as error:
        raise NoAnswer(f"could not be reached: {_words(error)}") from None
    try:
        yield line
    finally:
        await line.close()


def _read(data: bytes) -> Answer | None:
    text = data.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    start, *lines = re.sub(r"\r\n[ \t]+", " ", text).split("\r\n")
    version, _, rest = start.partition(" ")
    status, _, reason = rest.partition(" ")
    if version != "SIP/2.0" or not _STATUS.fullmatch(status):
        return None
    pairs = (line.partition(":") for line in lines)
    return Answer(int(status), reason, tuple((name.strip(), value.strip()) for name, _, value in pairs))


def _host_port(address: tuple[object, ...]) -> str:
    host, port = str(address[0]), address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}"
    if isinstance(error, UnicodeError):
        return "that is no host name"
    strerror = getattr(error, "strerror", None)
    return str(strerror or error)

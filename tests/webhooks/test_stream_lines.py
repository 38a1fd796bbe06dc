"""Lines over real sockets: the way there is guarded and signed, messages go both ways whole, and ends are told apart."""

import asyncio
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request as Upgrade
from websockets.http11 import Response

from offhook.call.signing import Keys
from offhook.dialects.vobiz.signatures import SCHEMES, VOBIZ
from offhook.interpreter.stream_ports import StreamBroke, StreamLine
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.guard import AddressPolicy
from offhook.webhooks.own_ports import OwnPorts
from offhook.webhooks.stream_lines import MOST_AT_ONCE, MOST_MESSAGE_BYTES, MOST_UNREAD
from tests.webhooks.conftest import CERTIFICATE, LOOPBACK, TRUSTS_LOCALHOST

Talk = Callable[[ServerConnection], Awaitable[None]]


class Server:
    """An application that streams are sent to."""

    def __init__(self, talk: Talk, status: int | None) -> None:
        self._talk = talk
        self._status = status
        self.port = 0
        self.paths: list[str] = []
        self.headers: list[Headers] = []

    async def answer(self, connection: ServerConnection, request: Upgrade) -> Response | None:
        self.paths.append(request.path)
        self.headers.append(request.headers)
        return connection.respond(HTTPStatus(self._status), "no\n") if self._status is not None else None

    async def listen(self, connection: ServerConnection) -> None:
        await self._talk(connection)


@asynccontextmanager
async def server(
    talk: Talk, *, status: int | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    app = Server(talk, status)
    async with serve(
        app.listen, "127.0.0.1", 0, process_request=app.answer, ping_interval=None, close_timeout=1, ssl=tls
    ) as running:
        [listening] = running.sockets
        app.port = listening.getsockname()[1]
        yield app


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def first(line: StreamLine) -> str | bytes:
    async for message in line.messages():
        return message
    raise AssertionError("a line's messages end with an error")


async def test_text_and_bytes_go_both_ways(client: WebhookClient) -> None:
    async with server(echo) as app, client.line(f"ws://127.0.0.1:{app.port}/a/b?c=d e", "") as line:
        for message in ("hello", b"\x00\xff", "ü" * 100_000):
            await line.send(message)
            assert await first(line) == message
    assert app.paths == ["/a/b?c=d%20e"]
    assert app.headers[0]["Host"] == f"127.0.0.1:{app.port}"


async def test_credentials_of_the_url_are_sent_and_the_request_is_signed() -> None:
    client = WebhookClient(policy=LOOPBACK, schemes_of=SCHEMES)
    async with server(echo) as app:
        url = f"ws://ada:secret@127.0.0.1:{app.port}/audio"
        async with client.line(url, VOBIZ, keys=Keys(("token",))):
            pass
    await client.close()
    [headers] = app.headers
    assert headers["Authorization"] == "Basic YWRhOnNlY3JldA=="
    assert headers["X-Offhook-Signature"]
    nonce = headers["X-Vobiz-Signature-V3-Nonce"]
    [expected] = [
        value
        for name, value in _signed(f"ws://127.0.0.1:{app.port}/audio", nonce)
        if name == "X-Vobiz-Signature-V3"
    ]
    assert headers["X-Vobiz-Signature-V3"] == expected


def _signed(url: str, nonce: str) -> list[tuple[str, str]]:
    import base64
    import hashlib
    import hmac

    digest = hmac.new(b"token", f"{url}.{nonce}".encode(), hashlib.sha256).digest()
    return [("X-Vobiz-Signature-V3", base64.b64encode(digest).decode())]


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (AddressPolicy(), "loopback address"),
        (AddressPolicy(is_strict=True), "public ones only"),
    ],
)
async def test_an_address_inside_is_refused(policy: AddressPolicy, words: str) -> None:
    client = WebhookClient(policy=policy)
    async with server(echo) as app:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            with pytest.raises(StreamBroke, match=words) as refused:
                async with client.line(f"ws://{host}:{app.port}/", ""):
                    pass
            assert refused.value.is_lasting
    await client.close()
    assert app.paths == []


async def test_our_own_ports_are_refused_whatever_is_allowed() -> None:
    async with server(echo) as app:
        policy = AddressPolicy(allow=LOOPBACK.allow, own=OwnPorts(here={app.port: "REST"}))
        client = WebhookClient(policy=policy)
        with pytest.raises(StreamBroke, match="REST of this server itself"):
            async with client.line(f"ws://127.0.0.1:{app.port}/", ""):
                pass
        await client.close()
    assert app.paths == []


@pytest.mark.parametrize(
    "url", ["https://app.example/", "ws://", "wss:///x", "ws://a:99999/", "", "ws://[::1"]
)
async def test_what_is_no_url_is_refused(client: WebhookClient, url: str) -> None:
    with pytest.raises(StreamBroke) as refused:
        async with client.line(url, ""):
            pass
    assert refused.value.is_lasting


@pytest.mark.parametrize(
    ("status", "is_lasting"), [(404, True), (401, True), (429, False), (503, False), (302, False)]
)
async def test_an_application_that_refuses_is_told_with_its_status(
    client: WebhookClient, status: int, is_lasting: bool
) -> None:
    async with server(echo, status=status) as app:
        with pytest.raises(StreamBroke, match=str(status)) as refused:
            async with client.line(f"ws://127.0.0.1:{app.port}/", ""):
                pass
    assert refused.value.is_lasting == is_lasting


async def test_nobody_there_may_be_there_later(client: WebhookClient) -> None:
    async with server(echo) as app:
        port = app.port
    with pytest.raises(StreamBroke) as broke:
        async with client.line(f"ws://127.0.0.1:{port}/", ""):
            pass
    assert not broke.value.is_lasting


async def test_a_close_is_told_from_a_break(client: WebhookClient) -> None:
    async def close(connection: ServerConnection) -> None:
        await connection.send("last")
        await connection.close(1000)

    async def fail(connection: ServerConnection) -> None:
        await connection.close(1011, "broke")

    async def vanish(connection: ServerConnection) -> None:
        connection.transport.abort()

    for talk, was_closed in ((close, True), (fail, False), (vanish, False)):
        async with server(talk) as app, client.line(f"ws://127.0.0.1:{app.port}/", "") as line:
            seen = []
            with pytest.raises(StreamBroke) as ended:
                async for message in line.messages():
                    seen.append(message)
            assert seen == (["last"] if was_closed else [])
            assert ended.value.was_closed == was_closed
            with pytest.raises(StreamBroke):
                await line.send("late")


async def test_a_message_too_long_ends_the_line(client: WebhookClient) -> None:
    async def flood(connection: ServerConnection) -> None:
        piece = "x" * (MOST_MESSAGE_BYTES // 2)
        await connection.send([piece, piece, piece])

    async with server(flood) as app, client.line(f"ws://127.0.0.1:{app.port}/", "") as line:
        with pytest.raises(StreamBroke):
            await asyncio.wait_for(first(line), 10)


async def test_who_sends_faster_than_is_taken_waits_and_loses_nothing(client: WebhookClient) -> None:
    sent = 0

    async def hurry(connection: ServerConnection) -> None:
        nonlocal sent
        for number in range(2000):
            await connection.send(f"{number} " + 20_000 * "x")
            sent = number
        await connection.close()

    async with server(hurry) as app, client.line(f"ws://127.0.0.1:{app.port}/", "") as line:
        before = -1
        while sent != before:
            before = sent
            await asyncio.sleep(0.1)
        assert sent < 1900, "it waits"
        seen = []
        with pytest.raises(StreamBroke):
            async for message in line.messages():
                seen.append(int(str(message).split()[0]))
    assert seen == list(range(2000))
    assert MOST_UNREAD < 1900


async def test_a_flood_of_small_messages_leaves_others_their_turn(client: WebhookClient) -> None:
    async def flood(connection: ServerConnection) -> None:
        connection.transport.write(b"\x81\x02hi" * 50_000)
        await connection.close()

    seen, seen_in_turn = 0, [0]

    async def others() -> None:
        while True:
            seen_in_turn.append(0)
            await asyncio.sleep(0)

    async with server(flood) as app, client.line(f"ws://127.0.0.1:{app.port}/", "") as line:
        waiting = asyncio.create_task(others())
        with pytest.raises(StreamBroke):
            async for _ in line.messages():
                seen += 1
                seen_in_turn[-1] += 1
        waiting.cancel()
    assert seen == 50_000
    assert max(seen_in_turn) <= 2 * MOST_AT_ONCE


async def test_a_ping_is_answered(client: WebhookClient) -> None:
    answered = asyncio.Event()

    async def ask(connection: ServerConnection) -> None:
        await (await connection.ping("still there?"))
        answered.set()

    async with server(ask) as app, client.line(f"ws://127.0.0.1:{app.port}/", ""):
        await asyncio.wait_for(answered.wait(), 20)


async def test_answers_to_pings_that_nobody_reads_do_not_pile_up(client: WebhookClient) -> None:
    pings, is_over = 100, asyncio.Event()

    async def flood(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        for _ in range(pings):
            connection.transport.write((b"\x89\x7d" + 125 * b"p") * 2_000)
            await asyncio.sleep(0)
        connection.transport.write(b"\x81\x04last")
        await is_over.wait()
        connection.transport.resume_reading()

    async with server(flood) as app, client.line(f"ws://127.0.0.1:{app.port}/", "") as line:
        tracemalloc.start()
        try:
            assert await asyncio.wait_for(first(line), 30) == "last"
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            is_over.set()
    assert kept < 10_000_000


async def test_wss_checks_the_certificate() -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(CERTIFICATE)
    trusting = WebhookClient(policy=LOOPBACK, tls=TRUSTS_LOCALHOST)
    async with server(echo, tls=tls) as app:
        async with trusting.line(f"wss://localhost:{app.port}/", "") as line:
            await line.send("hello")
            assert await first(line) == "hello"
        other = WebhookClient(policy=LOOPBACK)
        with pytest.raises(StreamBroke, match="certificate is not valid") as refused:
            async with other.line(f"wss://localhost:{app.port}/", ""):
                pass
        assert refused.value.is_lasting
    await trusting.close()
    await other.close()


async def test_giving_up_a_line_that_does_not_come_ends_it_and_harms_no_other(client: WebhookClient) -> None:
    asked, is_over = asyncio.Event(), asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            asked.set()
        is_over.set()
        writer.close()

    async def use(port: int) -> None:
        async with client.line(f"ws://127.0.0.1:{port}/", ""):
            raise AssertionError("nobody answered")

    async with await asyncio.start_server(mute, "127.0.0.1", 0) as running, server(echo) as app:
        waiting = asyncio.create_task(use(running.sockets[0].getsockname()[1]))
        async with asyncio.timeout(20):
            await asked.wait()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            # What comes next may have the same number as the socket that was given up.
            async with client.line(f"ws://127.0.0.1:{app.port}/", "") as line:
                await line.send("hello")
                assert await first(line) == "hello"
            await is_over.wait()

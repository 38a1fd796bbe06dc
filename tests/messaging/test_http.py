"""The carrier over HTTP, against a gateway on loopback."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import pytest

from offhook.messaging.http import Format, HttpMessages
from offhook.messaging.port import Inbox, SendingFailed
from tests.messaging.some import message
from tests.webhooks.server import Connection, Received, application, page


@asynccontextmanager
async def carrier(url: str, **options: Any) -> AsyncIterator[HttpMessages]:
    """A block in which a carrier runs; its connections are closed at the end."""

    async def nothing(_: object) -> bool:
        raise AssertionError("nothing comes in this way")

    running = HttpMessages(url, **options)
    keeping = asyncio.create_task(running.run(Inbox(arrive=nothing, receive=nothing)))
    await asyncio.sleep(0)
    try:
        yield running
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])


async def test_a_message_is_posted_and_the_gateway_names_it() -> None:
    async with application() as gateway:
        url = gateway.on("/send", page(202, '{"id": "gw-7", "status": "queued"}', "application/json"))
        wanted = message(encoding="UCS-2", media=("http://app.example/cat.png",))
        async with carrier(url, token="t0ken") as running:
            sent = await running.send(wanted)
        [got] = gateway.requests
        assert sent.reference == "gw-7"
        assert json.loads(got.body) == {
            "id": wanted.message_id,
            "channel": "sms",
            "from": "+15551234567",
            "to": "+15557654321",
            "body": "hello",
            "encoding": "UCS-2",
            "media": ["http://app.example/cat.png"],
        }
        assert got.header("authorization") == "Bearer t0ken"
        assert got.header("idempotency-key") == wanted.message_id


@pytest.mark.parametrize("format", ["json", "form"])
async def test_an_answer_without_words_will_do(format: Format) -> None:
    async with application() as gateway:
        url = gateway.on("/send", page(200, "OK", "text/plain"))
        async with carrier(url, format=format) as running:
            assert (await running.send(message())).reference is None
        body = gateway.requests[0].body
        assert (b'"body":"hello"' in body) if format == "json" else (b"body=hello" in body)


@pytest.mark.parametrize(
    ("status", "retryable"), [(400, False), (403, False), (429, True), (500, True), (503, True)]
)
async def test_a_refusal_says_whether_to_try_again(status: int, retryable: bool) -> None:
    async with application() as gateway:
        url = gateway.on("/send", page(status, "no\nsuch sender"))
        async with carrier(url) as running:
            with pytest.raises(SendingFailed, match=f"{status}: no such sender") as failed:
                await running.send(message())
        assert failed.value.retryable is retryable


async def test_a_refusal_may_come_with_a_200() -> None:
    async with application() as gateway:
        url = gateway.on("/send", page(200, '{"status": "rejected", "error": "spam"}', "application/json"))
        async with carrier(url) as running:
            with pytest.raises(SendingFailed, match="spam") as failed:
                await running.send(message())
        assert not failed.value.retryable


async def test_a_gateway_that_is_not_there_or_does_not_answer_is_tried_again() -> None:
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        async with carrier(f"http://127.0.0.1:{bound.getsockname()[1]}/send") as running:
            with pytest.raises(SendingFailed) as nobody:
                await running.send(message())

    async def silence(_received: Received, connection: Connection) -> None:
        await connection.until_closed()

    async with application() as gateway, carrier(gateway.on("/send", silence), timeout_s=0.1) as running:
        with pytest.raises(SendingFailed) as silent:
            await running.send(message())
    assert nobody.value.retryable
    assert silent.value.retryable

"""Partial transcripts leave in order and never hold up a call."""

import asyncio

import pytest
from structlog.testing import capture_logs

from offhook.verbs import Request, Target
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.partials import PartialQueue
from tests.webhooks.server import Application, Connection, Received, hang_up, never, page


def partial(url: str, text: object) -> Request:
    return Request(Target(url), (("UnstableSpeechResult", str(text)),))


def words(app: Application) -> list[str]:
    return [received.form[0][1] for received in app.requests]


async def test_partials_arrive_in_order_one_at_a_time(app: Application, client: WebhookClient) -> None:
    at_once = most_at_once = 0

    async def count(received: Received, connection: Connection) -> None:
        nonlocal at_once, most_at_once
        at_once += 1
        most_at_once = max(most_at_once, at_once)
        await asyncio.sleep(0.001)
        at_once -= 1
        await page(200, "<Response><Hangup/></Response>")(received, connection)

    url = app.on("/partial", count)
    async with PartialQueue(client) as partials:
        for number in range(20):
            partials.send(partial(url, number))
    assert words(app) == [str(number) for number in range(20)]
    assert most_at_once == 1
    assert partials.dropped == 0
    assert app.connections == 1


async def test_sending_goes_on_after_a_pause(app: Application, client: WebhookClient) -> None:
    url = app.on("/partial", page(200))
    async with PartialQueue(client) as partials:
        for number in range(3):
            partials.send(partial(url, number))
            await app.has(lambda app, number=number: len(app.requests) == number + 1)  # type: ignore[misc]
    assert words(app) == ["0", "1", "2"]


async def test_what_fails_is_logged_and_the_next_one_goes_out(
    app: Application, client: WebhookClient
) -> None:
    url = app.on("/partial", page(500), hang_up, hang_up, page(200)).replace("//", "//anna:secret@")
    with capture_logs() as logs:
        async with PartialQueue(client) as partials:
            for text in "abc":
                partials.send(partial(url, text))
    # The second went out twice: the connection that was kept from the first could have been an old one.
    assert words(app) == ["a", "b", "b", "c"]
    assert [log["event"] for log in logs] == ["partial.refused", "partial.failed"]
    assert "secret" not in repr(logs)
    assert "'a'" not in repr(logs)


async def test_the_oldest_are_dropped_when_the_application_cannot_keep_up(
    app: Application, client: WebhookClient
) -> None:
    opened = asyncio.Event()

    async def slow(received: Received, connection: Connection) -> None:
        await opened.wait()
        await page(200)(received, connection)

    url = app.on("/partial", slow)
    with capture_logs() as logs:
        async with PartialQueue(client) as partials:
            partials.send(partial(url, "first"))
            await app.has(lambda app: len(app.requests) == 1)
            for number in range(100):
                partials.send(partial(url, number))
            opened.set()
    assert words(app) == ["first", *(str(number) for number in range(36, 100))]
    assert partials.dropped == 36
    assert logs == [{"event": "partials.dropped", "count": 36, "log_level": "warning"}]


async def test_the_end_of_a_call_waits_for_a_while_only(app: Application, client: WebhookClient) -> None:
    url = app.on("/partial", never)
    async with asyncio.timeout(20.0):
        async with PartialQueue(client, drain_s=0.05) as partials:
            for number in range(5):
                partials.send(partial(url, number))
    assert partials.dropped == 5
    await app.has(lambda app: app.lost == app.connections)


async def test_an_error_in_the_call_lets_the_last_words_out(app: Application, client: WebhookClient) -> None:
    url = app.on("/partial", page(200))
    with pytest.raises(LookupError):
        async with PartialQueue(client) as partials:
            partials.send(partial(url, "last words"))
            raise LookupError
    assert words(app) == ["last words"]


async def test_a_cancelled_call_does_not_wait(app: Application, client: WebhookClient) -> None:
    url = app.on("/partial", never)

    async def call() -> None:
        async with PartialQueue(client, drain_s=60.0) as partials:
            partials.send(partial(url, "hello"))
            await asyncio.Event().wait()

    calling = asyncio.ensure_future(call())
    await app.has(lambda app: len(app.requests) == 1)
    calling.cancel()
    async with asyncio.timeout(20.0):
        with pytest.raises(asyncio.CancelledError):
            await calling
    await app.has(lambda app: app.lost == 1)


async def test_outside_of_the_call_nothing_is_sent(app: Application, client: WebhookClient) -> None:
    partials = PartialQueue(client)
    partials.send(partial(app.url + "/partial", "too early"))
    async with partials:
        pass
    partials.send(partial(app.url + "/partial", "too late"))
    assert app.requests == []
    assert partials.dropped == 2

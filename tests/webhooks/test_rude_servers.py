"""Applications that are slow, broken or hostile: every exchange ends in time, with words for the customer."""

import asyncio
import gzip

import pytest

from offhook.call.errors import FetchFailed
from offhook.verbs import Request, Target
from offhook.webhooks.client import WebhookClient
from tests.webhooks.server import (
    Application,
    Script,
    crash,
    drip,
    flood,
    hang_up,
    head,
    never,
    page,
    raw_answer,
    stop_after,
)

CHUNKED = head(200, {"Content-Type": "text/xml", "Transfer-Encoding": "chunked"})
LENGTHY = head(200, {"Content-Type": "text/xml", "Content-Length": "5000"})
GZIPPED = {"Content-Type": "text/xml", "Content-Encoding": "gzip"}
BOMB = gzip.compress(b"\0" * 50_000_000)


def continuing(count: int) -> bytes:
    return b"HTTP/1.1 100 Continue\r\n\r\n" * count


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        pytest.param(never, 11205, "no answer within 0.7 s", id="never answers"),
        pytest.param(stop_after(b"HTTP/1.1 200 OK\r\n"), 11205, "no answer within 0.7 s", id="half a head"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nX: "), 11205, "no answer within 0.7 s", id="drips its head"),
        pytest.param(drip(b"", continuing(1)), 11205, "no answer within 0.7 s", id="continues for ever"),
        pytest.param(drip(LENGTHY), 11205, "not complete within 1 s", id="drips its body"),
        pytest.param(drip(CHUNKED, b"1\r\nx\r\n"), 11205, "not complete within 1 s", id="drips chunks"),
        pytest.param(stop_after(LENGTHY + b"<Resp"), 11205, "not complete within 1 s", id="half a body"),
        pytest.param(hang_up, 11206, "disconnected without sending a response", id="hangs up"),
        pytest.param(crash, 11205, "the connection broke", id="resets"),
        pytest.param(
            raw_answer(LENGTHY + b"<Resp", closes=True), 11206, "not proper HTTP", id="closes too early"
        ),
        pytest.param(raw_answer(b"hello\r\n\r\n"), 11206, "not proper HTTP", id="speaks no HTTP"),
        pytest.param(
            raw_answer(b"SSH-2.0-OpenSSH_9.9\r\n", closes=True), 11206, "not proper HTTP", id="is SSH"
        ),
        pytest.param(
            raw_answer(b"\x15\x03\x01\x00\x02\x02\x16", closes=True), 11206, "not proper", id="is TLS"
        ),
        pytest.param(flood(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 9_000), 11206, "not proper", id="endless head"),
        pytest.param(flood(CHUNKED, b"3e8\r\n" + b"x" * 1000 + b"\r\n"), 11750, "65,536", id="endless body"),
        pytest.param(flood(b"", continuing(99)), 11206, "does not end", id="floods interim answers"),
        pytest.param(flood(CHUNKED, b"1\r\nx\r\n" * 99), 11206, "too many small pieces", id="crumbs"),
        pytest.param(raw_answer(CHUNKED + b"zz\r\n"), 11206, "not proper HTTP", id="bad chunk"),
        pytest.param(page(200, BOMB, **GZIPPED), 11750, "65,536 bytes allowed", id="gzip bomb"),
        pytest.param(page(200, BOMB[:40], **GZIPPED), 11206, "ends in the middle", id="half a gzip"),
        pytest.param(page(200, b"plain", **GZIPPED), 11206, "not compressed as", id="no gzip"),
        pytest.param(page(200, b"?", Content_Encoding="br"), 11206, "compressed with 'br'", id="brotli"),
        pytest.param(page(200, b"?", Content_Encoding="gzip, gzip"), 11206, "'gzip, gzip'", id="gzip twice"),
    ],
)
async def test_a_rude_answer_fails_in_time_and_says_how(
    app: Application, quick_client: WebhookClient, script: Script, code: int, words: str
) -> None:
    url = app.on("/voice", script)
    async with asyncio.timeout(20.0):
        with pytest.raises(FetchFailed) as caught:
            await quick_client.fetch(Request(Target(url), (("Digits", "1"),)))
    failed = caught.value
    assert failed.code == code
    assert words in failed.message
    assert failed.message.startswith(f"POST {url}: ")
    assert failed.exchange is not None
    assert failed.exchange.request == Request(Target(url), (("Digits", "1"),))


@pytest.mark.parametrize(
    "script", [never, drip(LENGTHY), flood(CHUNKED, b"1\r\nx\r\n" * 99), stop_after(LENGTHY)]
)
async def test_what_failed_is_let_go_of(
    app: Application, quick_client: WebhookClient, script: Script
) -> None:
    with pytest.raises(FetchFailed):
        await quick_client.fetch(Request(Target(app.on("/voice", script))))
    await app.has(lambda app: app.lost == 1)


@pytest.mark.parametrize("script", [drip(head(500, {"Content-Length": "5000"})), page(404, BOMB, **GZIPPED)])
async def test_an_error_status_counts_even_if_its_body_is_rude(
    app: Application, quick_client: WebhookClient, script: Script
) -> None:
    with pytest.raises(FetchFailed) as caught:
        await quick_client.fetch(Request(Target(app.on("/voice", script))))
    assert caught.value.status in (500, 404)


async def test_a_receipt_counts_even_if_its_body_never_ends(
    app: Application, quick_client: WebhookClient
) -> None:
    assert (await quick_client.send(Request(Target(app.on("/status", drip(LENGTHY)))))).status == 200


async def test_large_media_end_in_time_too(app: Application, quick_client: WebhookClient) -> None:
    url = app.on("/slow.wav", drip(head(200, {"Content-Type": "audio/wav", "Content-Length": "900000"})))
    with pytest.raises(FetchFailed, match=r"not complete within 1 s"):
        await quick_client.media(url)


async def test_nobody_listens(client: WebhookClient) -> None:
    with pytest.raises(FetchFailed, match="no connection") as caught:
        await client.fetch(Request(Target("http://127.0.0.1:9/voice")))
    assert (caught.value.code, caught.value.status) == (11205, None)


async def test_a_host_that_cannot_exist(client: WebhookClient) -> None:
    host = "a" * 64 + ".example"
    with pytest.raises(FetchFailed, match=f"the host {host} has no address") as caught:
        await client.fetch(Request(Target(f"http://{host}/voice")))
    assert caught.value.code == 11205


@pytest.mark.parametrize(
    "url",
    [
        "",
        "voice.php",
        "/voice",
        "//127.0.0.1/voice",
        "ftp://127.0.0.1/voice",
        "file:///etc/passwd",
        "http://",
        "http:///voice",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:65536/",
        "http://127.0.0.1:port/",
        "http://[::1/",
        "http://127.0.0.1/\x00",
        "http://127.0.0.1/\r\nHost: evil",
        "gopher://127.0.0.1/",
        "http://xn--\u2014/",
    ],
)
async def test_what_is_no_url_is_never_asked(client: WebhookClient, url: str) -> None:
    with pytest.raises(FetchFailed) as caught:
        await client.fetch(Request(Target(url)))
    assert caught.value.code == 11100


async def test_slow_applications_do_not_hold_up_others(app: Application, client: WebhookClient) -> None:
    slow, quick = app.on("/slow", never), app.on("/quick", page(200, "<Response/>"))
    hanging = [asyncio.ensure_future(client.fetch(Request(Target(slow)))) for _ in range(100)]
    await app.has(lambda app: len(app.requests) == 100)
    assert (await client.fetch(Request(Target(quick)))).status == 200
    assert not any(fetch.done() for fetch in hanging)
    for fetch in hanging:
        fetch.cancel()
    await asyncio.wait(hanging)
    assert all(fetch.cancelled() for fetch in hanging)
    await app.has(lambda app: app.lost == 100)


async def test_a_cancelled_fetch_lets_go_of_its_connection(app: Application, client: WebhookClient) -> None:
    fetching = asyncio.ensure_future(client.fetch(Request(Target(app.on("/voice", never)))))
    await app.has(lambda app: len(app.requests) == 1)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    await app.has(lambda app: app.lost == 1)
    assert (await client.fetch(Request(Target(app.on("/voice", page(200)))))).status == 200


async def test_closing_ends_what_is_open(app: Application, client: WebhookClient) -> None:
    await client.fetch(Request(Target(app.on("/voice", page(200)))))
    assert app.lost == 0
    await client.close()
    await app.has(lambda app: app.lost == 1)

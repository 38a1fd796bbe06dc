"""HTTPS: the certificate must be valid for the name in the URL, whatever address the name led to."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from offhook.call.errors import FetchFailed
from offhook.verbs import Request, Target
from offhook.webhooks.client import WebhookClient
from tests.webhooks.conftest import CERTIFICATE, LOOPBACK, QUICK, TRUSTS_LOCALHOST
from tests.webhooks.server import Application, Connection, application, page, redirect


@pytest.fixture
async def secure_app() -> AsyncIterator[Application]:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(CERTIFICATE)
    async with application(tls=tls) as running:
        yield running


async def test_a_trusted_certificate_is_fine(secure_app: Application, client: WebhookClient) -> None:
    url = secure_app.on("/voice", page(200, "<Response/>"))
    for _ in range(3):
        assert (await client.fetch(Request(Target(url)))).body == b"<Response/>"
    assert secure_app.connections == 1
    assert secure_app.requests[0].header("host") == f"localhost:{secure_app.port}"


async def test_an_unknown_certificate_is_refused(secure_app: Application) -> None:
    client = WebhookClient(policy=LOOPBACK)
    with pytest.raises(FetchFailed, match=r"certificate is not valid \(self-signed certificate") as caught:
        await client.fetch(Request(Target(secure_app.on("/voice", page(200)))))
    await client.close()
    assert caught.value.code == 11237
    assert secure_app.requests == []


async def test_a_certificate_for_another_name_is_refused(
    secure_app: Application, client: WebhookClient
) -> None:
    with pytest.raises(FetchFailed, match=r"not valid for '127\.0\.0\.1'") as caught:
        await client.fetch(Request(Target(f"https://127.0.0.1:{secure_app.port}/voice")))
    assert caught.value.code == 11237
    assert secure_app.requests == []


async def test_a_server_without_tls_fails_the_handshake(client: WebhookClient) -> None:
    async def plain(connection: Connection) -> None:
        await connection.reader.read(1)
        await connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await connection.until_closed()

    async with application(talk=plain) as app:
        with pytest.raises(FetchFailed, match="TLS handshake failed") as caught:
            await client.fetch(Request(Target(f"https://localhost:{app.port}/")))
        assert caught.value.code == 11220
        await app.has(lambda app: app.lost == 1)


@pytest.mark.parametrize("connect_s", [0.1, 9.0])
async def test_a_handshake_that_hangs_ends_in_time_and_leaves_nothing(connect_s: float) -> None:
    limits = replace(QUICK, connect_s=connect_s)
    client = WebhookClient(policy=LOOPBACK, limits=limits, tls=TRUSTS_LOCALHOST)
    async with application(talk=Connection.until_closed) as app:
        with pytest.raises(FetchFailed, match=r"within 0\.[17] s") as caught:
            await client.fetch(Request(Target(f"https://localhost:{app.port}/")))
        assert caught.value.code == 11205
        await app.has(lambda app: app.lost == 1)
    await client.close()


async def test_a_way_from_https_to_http_is_not_followed(
    app: Application, secure_app: Application, client: WebhookClient
) -> None:
    secure_app.on("/voice", redirect(app.url + "/voice"))
    with pytest.raises(FetchFailed, match="redirects from https to http") as caught:
        await client.fetch(Request(Target(secure_app.url + "/voice")))
    assert caught.value.code == 11100
    assert app.connections == 0


async def test_a_way_from_http_to_https_is(
    app: Application, secure_app: Application, client: WebhookClient
) -> None:
    secure_app.on("/voice", page(200))
    app.on("/voice", redirect(secure_app.url + "/voice", 308))
    assert (await client.fetch(Request(Target(app.url + "/voice")))).url == secure_app.url + "/voice"

"""What a URL's own fragment changes over the wire, and which troubles are told apart for those who ask again."""

import socket

import pytest

from offhook.call.errors import FetchFailed, Trouble
from offhook.verbs import Method, Request, Target
from offhook.webhooks.client import WebhookClient
from tests.webhooks.conftest import LOOPBACK, QUICK
from tests.webhooks.server import Application, Script, application, crash, hang_up, never, page


async def failed(client: WebhookClient, url: str) -> FetchFailed:
    with pytest.raises(FetchFailed) as caught:
        await client.fetch(Request(Target(url)))
    return caught.value


@pytest.mark.parametrize("method", list(Method))
async def test_the_fragment_is_not_sent(app: Application, client: WebhookClient, method: Method) -> None:
    url = app.on("/voice", page(200)) + "?a=1#rc=3&ct=1000"
    await client.fetch(Request(Target(url, method), (("From", "+1555"),)))
    (received,) = app.requests
    assert "#" not in received.target
    assert "rc" not in dict([*received.query, *received.form])


@pytest.mark.parametrize(
    ("fragment", "words"),
    [
        ("", "no answer within 0.7 s"),
        ("#rt=300", "no answer within 0.3 s"),
        ("#rt=900", "no answer within 0.9 s"),
        ("#rt=99999", "not complete within 1 s"),
        ("#tt=400", "not complete within 0.4 s"),
    ],
)
async def test_a_url_is_waited_for_as_it_says_within_the_limits(
    app: Application, quick_client: WebhookClient, fragment: str, words: str
) -> None:
    assert words in (await failed(quick_client, app.on("/voice", never) + fragment)).message


async def test_a_connection_is_waited_for_as_the_url_says() -> None:
    """The first connection fills the queue of one who never takes any."""
    with socket.socket() as full, socket.socket() as first:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        first.connect(full.getsockname())
        client = WebhookClient(policy=LOOPBACK, limits=QUICK)
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        late = await failed(client, url + "#ct=200")
        await client.close()
    assert "no connection within 0.2 s" in late.message
    assert late.trouble is Trouble.NO_CONNECTION


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        (never, Trouble.NO_ANSWER),
        (hang_up, Trouble.NO_ANSWER),
        (crash, Trouble.NO_ANSWER),
        (page(503), Trouble.BREAKDOWN),
        (page(404), Trouble.REFUSAL),
        (page(429), Trouble.REFUSAL),
        (page(302, Location="ftp://elsewhere.example/"), None),
        (page(200, b"x" * 100_000), None),
    ],
)
async def test_what_kind_of_trouble_it_was(
    app: Application, quick_client: WebhookClient, script: Script, trouble: Trouble | None
) -> None:
    error = await failed(quick_client, app.on("/voice", script))
    assert error.trouble is trouble
    passing = (Trouble.NO_ANSWER, Trouble.BREAKDOWN)
    assert error.is_passing == (trouble in passing or error.status == 429)


async def test_nobody_there_is_no_connection_and_may_pass(quick_client: WebhookClient) -> None:
    async with application() as gone:
        url = gone.url
    error = await failed(quick_client, url + "/voice")
    assert error.trouble is Trouble.NO_CONNECTION
    assert error.is_passing


async def test_a_refused_address_does_not_pass(quick_client: WebhookClient) -> None:
    error = await failed(quick_client, "http://169.254.169.254/")
    assert (error.trouble, error.is_passing) == (None, False)

"""What a request says of its own patience and signature, kept by the real client."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256

import pytest

from offhook.call.errors import FetchFailed
from offhook.call.signing import Keys, Outgoing, Pairs
from offhook.interpreter.asking import Asking
from offhook.verbs import Method, Request, Target, Trouble, TryPolicy
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.clients import AccountClient, Clients
from offhook.webhooks.limits import WebhookLimits
from offhook.webhooks.tokens import KnownTokens
from tests.webhooks.conftest import LOOPBACK
from tests.webhooks.server import Application, Script, in_turn, never, page, redirect

OWN, OWNED = "AC" + 32 * "1", "AC" + 32 * "2"
TOKENS = {OWN: ("own",), OWNED: ("owned", "older")}
PARENTS = {OWN: (), OWNED: ("own",)}


def after(seconds: float) -> Script:
    async def answer(received: object, connection: object) -> None:
        await asyncio.sleep(seconds)
        await page(200, b"<Response/>")(received, connection)  # type: ignore[arg-type]

    return answer


def seen(outgoing: Outgoing, keys: Keys, _at: int) -> Pairs:
    """A scheme that shows what it was given."""
    body = sha256(outgoing.body).hexdigest()[:8] if outgoing.body else ""
    return (("X-Seen", " ".join((outgoing.method, outgoing.url, body, *keys.own, "|", *keys.parent))),)


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    def client() -> WebhookClient:
        return WebhookClient(policy=LOOPBACK, schemes_of={"seen": seen})

    opened = Clients(
        first_account_sid=OWN,
        trusted=client(),
        strict=client(),
        tokens=KnownTokens(TOKENS.__getitem__),
        parent_tokens=KnownTokens(PARENTS.__getitem__),
    )
    yield opened
    await opened.close()


class TestLimits:
    def test_a_request_without_a_policy_has_those_of_the_settings_and_its_url(self) -> None:
        limits = WebhookLimits()
        assert limits.of(Request(Target("http://a"))) is limits
        assert limits.of(Request(Target("http://a#rt=2000&tt=90000"))) == WebhookLimits(response_s=2.0)

    def test_a_policy_takes_their_place(self) -> None:
        def of(policy: TryPolicy) -> tuple[float, float, float]:
            found = WebhookLimits().of(Request(Target("http://a#ct=100"), policy=policy))
            return found.connect_s, found.response_s, found.total_s

        assert of(TryPolicy()) == (3.0, 6.0, 10.0)
        assert of(TryPolicy(connect_s=2.0, answer_s=40.0, total_s=55.0)) == (2.0, 40.0, 55.0)
        assert of(TryPolicy(connect_s=2.0, answer_s=40.0, total_s=1.0)) == (1.0, 1.0, 1.0)

    async def test_an_answer_is_waited_for_longer_than_the_settings_say(self, app: Application) -> None:
        client = WebhookClient(policy=LOOPBACK, limits=WebhookLimits(response_s=0.05, total_s=0.1))
        target = Target(app.on("/slow", after(0.15)))
        with pytest.raises(FetchFailed):
            await client.fetch(Request(target))
        assert (
            await client.fetch(Request(target, policy=TryPolicy(answer_s=5.0, total_s=5.0)))
        ).status == 200
        await client.close()

    async def test_or_shorter(self, app: Application, client: WebhookClient) -> None:
        request = Request(Target(app.on("/never", never)), policy=TryPolicy(answer_s=0.1))
        with pytest.raises(FetchFailed, match=r"no answer within 0\.1 s") as failed:
            await client.fetch(request)
        assert failed.value.trouble is Trouble.NO_ANSWER


class TestTries:
    async def test_it_is_asked_again_as_often_and_after_what_the_policy_says(
        self, app: Application, client: WebhookClient
    ) -> None:
        asking = Asking(client, budget_s=0.0, chance=lambda: 0.0)
        url = app.on("/voice", in_turn(page(503), page(404), page(200, b"<Response/>")))
        policy = TryPolicy(retries=2, retried=frozenset({Trouble.BREAKDOWN, Trouble.REFUSAL}), total_s=20.0)
        answer = await asking.ask(Request(Target(url + "?a=1#rc=0"), policy=policy))
        assert answer.reply.body == b"<Response/>"
        assert [received.target for received in app.requests] == ["/voice?a=1"] * 3

    async def test_without_one_the_setting_bounds_what_the_url_says(
        self, app: Application, client: WebhookClient
    ) -> None:
        asking = Asking(client, budget_s=0.0, chance=lambda: 0.0)
        url = app.on("/voice", page(503))
        with pytest.raises(FetchFailed):
            await asking.ask(Request(Target(url + "#rc=3&tt=20000")))
        assert len(app.requests) == 1


class TestSignatures:
    @pytest.mark.parametrize("method", list(Method))
    async def test_a_named_signature_is_made_of_what_is_sent_without_the_fragment(
        self, app: Application, clients: Clients, method: Method
    ) -> None:
        url = app.on("/voice", page(200))
        request = Request(Target(url + "?q=1#rc=3", method), (("a", "b"),), signature="seen")
        await clients.of(OWN).fetch(request)
        (received,) = app.requests
        body = sha256(received.body).hexdigest()[:8] if received.body else ""
        asked = f"{url}?q=1" if method is Method.POST else f"{url}?q=1&a=b"
        assert received.header("x-seen") == f"{method} {asked} {body} own |"
        assert received.header("x-offhook-signature") is not None

    async def test_a_sub_account_has_the_keys_of_its_owner_too(self, app: Application) -> None:
        client = WebhookClient(policy=LOOPBACK, schemes_of={"seen": seen})
        owned = AccountClient(
            client, KnownTokens(TOKENS.__getitem__), OWNED, parent_tokens=KnownTokens(PARENTS.__getitem__)
        )
        await owned.send(Request(Target(app.on("/end", page(200))), signature="seen"))
        await client.close()
        (received,) = app.requests
        assert (received.header("x-seen") or "").endswith("owned older | own")

    async def test_without_a_name_or_with_one_that_nobody_knows_there_is_our_own_alone(
        self, app: Application, clients: Clients
    ) -> None:
        url = app.on("/voice", page(200))
        for name in ("", "unheard of"):
            await clients.of(OWN).fetch(Request(Target(url), signature=name))
        assert [received.header("x-seen") for received in app.requests] == [None, None]
        assert all(received.header("x-offhook-signature") for received in app.requests)

    async def test_a_redirect_is_signed_anew(self, app: Application, clients: Clients) -> None:
        url = app.on("/voice", redirect("/moved?b=2", 307))
        app.on("/moved", page(200))
        await clients.of(OWN).fetch(Request(Target(url, Method.GET), signature="seen"))
        assert [received.header("x-seen") for received in app.requests] == [
            f"GET {url}  own |",
            f"GET {app.url}/moved?b=2  own |",
        ]


async def test_an_answer_may_be_as_long_as_the_request_says(app: Application) -> None:
    client = WebhookClient(policy=LOOPBACK, limits=WebhookLimits(document_bytes=100))
    app.on("/long", page(200, "x" * 150))
    target = Target(f"{app.url}/long")
    try:
        reply = await client.fetch(Request(target, policy=TryPolicy(most_bytes=150)))
        assert len(reply.body) == 150
        for policy in (TryPolicy(most_bytes=149), TryPolicy(), None):
            with pytest.raises(FetchFailed, match="longer than"):
                await client.fetch(Request(target, policy=policy))
    finally:
        await client.close()

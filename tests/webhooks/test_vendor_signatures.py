"""Requests as they arrive over the wire, checked by the vendor's own library."""

from itertools import product

import pytest
from plivo.utils import validate_signature, validate_v3_signature

from offhook.dialects.vobiz.habits import Habits
from offhook.dialects.vobiz.signatures import SCHEMES, VOBIZ
from offhook.verbs import Method, Request, Target
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.clients import AccountClient
from offhook.webhooks.tokens import KnownTokens
from tests.webhooks.conftest import LOOPBACK
from tests.webhooks.server import Application, Received, page

OWN, OWNED = "AC" + 32 * "1", "AC" + 32 * "2"
TOKENS = {OWN: ("main token",), OWNED: ("token", "older token")}
PARENTS = {OWN: (), OWNED: ("main token",)}
TOLD = (("From", "14155551234"), ("Speech", "caffè & über"), ("Digits", ""), ("To", "14155559999"))


async def received(app: Application, request: Request, account_sid: str) -> Received:
    client = WebhookClient(policy=LOOPBACK, schemes_of=SCHEMES)
    account = AccountClient(
        client,
        KnownTokens(TOKENS.__getitem__),
        account_sid,
        parent_tokens=KnownTokens(PARENTS.__getitem__),
    )
    await account.fetch(request)
    await client.close()
    return app.requests[-1]


def is_genuine(request: Received, base: str, token: str, owner: str = "") -> bool:
    """What an application of Plivo asks of a request before it believes it."""
    header = {name.lower(): value for name, value in request.headers}
    v3, v2 = (header[f"x-plivo-signature-{owner}{version}"] for version in ("v3", "v2"))
    nonce = header["x-plivo-signature-v3-nonce"]
    is_v3 = validate_v3_signature(request.method, base + request.target, nonce, token, v3, dict(request.form))
    nonce = header["x-plivo-signature-v2-nonce"]
    return bool(is_v3 and validate_signature(base + request.target, nonce, v2, token))


@pytest.mark.parametrize("account_sid", [OWN, OWNED])
async def test_the_vendors_library_believes_what_is_sent_unless_set(
    app: Application, account_sid: str
) -> None:
    app.on("/answer", page(200))
    told = {Method.POST: TOLD, Method.GET: (("From", "14155551234"), ("Digits", "1 2"))}
    for method, query in product(Method, ("", "?q=1&b=two%20words", "?q=1#ct=2000&rc=1")):
        target = Target(f"{app.url}/answer{query}", method)
        request = await received(
            app, Request(target, told[method], signature=Habits().signature), account_sid
        )
        token = TOKENS[account_sid][0]
        assert is_genuine(request, app.url, token), (method, query)
        assert is_genuine(request, app.url, "main token", "ma-")
        assert not is_genuine(request, app.url, "another token")
        assert request.header("x-vobiz-signature-v3") is not None


async def test_the_other_vendors_headers_can_be_left_out(app: Application) -> None:
    app.on("/answer", page(200))
    request = await received(app, Request(Target(f"{app.url}/answer"), TOLD, signature=VOBIZ), OWN)
    names = {name.lower().split("-")[1] for name, _ in request.headers if "-signature" in name.lower()}
    assert names == {"vobiz", "offhook"}

"""What an application can rely on to tell that a request is Offhook's: checked with the code that docs/webhooks.md gives."""

import re
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from offhook.call.errors import RecordsAway
from offhook.call.signing import Keys, Outgoing, Tokens
from offhook.verbs import Method, Request, Target
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.clients import Clients
from offhook.webhooks.signing import offhook_signature
from offhook.webhooks.tokens import KnownTokens
from tests.webhooks.conftest import LOOPBACK, TRUSTS_LOCALHOST
from tests.webhooks.server import Application, Received, application, page, redirect

FIRST, OTHER = "AC" + 32 * "1", "AC" + 32 * "2"
TOKENS: dict[str, Tokens] = {FIRST: ("first token",), OTHER: ("other token", "its previous token")}
PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"
PAIRS = (("From", "+1555"), ("SpeechResult", "caffè & più"), ("Digits", ""))
Verify = Callable[..., bool]


@pytest.fixture(scope="module")
def is_from_offhook() -> Verify:
    """The function of the documentation."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Verify] = {}
    exec(code, names)
    return names["is_from_offhook"]


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    def client() -> WebhookClient:
        return WebhookClient(policy=LOOPBACK, tls=TRUSTS_LOCALHOST)

    opened = Clients(
        first_account_sid=FIRST, trusted=client(), strict=client(), tokens=KnownTokens(TOKENS.__getitem__)
    )
    yield opened
    await opened.close()


def verified(verify: Verify, received: Received, token: str, url: str = "") -> bool:
    header = received.header("X-Offhook-Signature")
    assert header is not None
    asked = f"http://{received.header('host')}{received.target}"
    return verify(token, header, received.method, url or asked, received.body)


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("query", ["", "?id=7&name=%C3%A9&empty="])
async def test_the_documented_code_accepts_what_is_sent(
    app: Application, clients: Clients, is_from_offhook: Verify, method: Method, query: str
) -> None:
    url = app.on("/voice", page(200)) + query
    await clients.of(FIRST).fetch(Request(Target(url, method), PAIRS))
    (received,) = app.requests
    assert verified(is_from_offhook, received, "first token")
    assert not verified(is_from_offhook, received, "another token")


async def test_what_was_changed_on_the_way_is_refused(
    app: Application, clients: Clients, is_from_offhook: Verify
) -> None:
    url = app.on("/voice", page(200))
    await clients.of(FIRST).fetch(Request(Target(url), PAIRS))
    await clients.of(FIRST).fetch(Request(Target(url, Method.GET), PAIRS))
    posted, got = app.requests
    header = posted.header("X-Offhook-Signature") or ""
    assert not is_from_offhook("first token", header, "POST", url, posted.body + b"&Digits=9")
    late = re.sub(r"t=\d+", "t=1700000000", header)
    assert not is_from_offhook("first token", late, "POST", url, posted.body, within_s=1e12)
    assert not is_from_offhook("first token", late, "POST", url, posted.body)
    assert not verified(is_from_offhook, got, "first token", url=url + "?From=%2B1666")


async def test_notifications_are_signed_and_sounds_are_not(
    app: Application, clients: Clients, is_from_offhook: Verify
) -> None:
    app.on("/state", page(200))
    app.on("/sound", page(200, b"...", "audio/wav"))
    await clients.of(FIRST).send(Request(Target(app.url + "/state"), PAIRS), (("X-Offhook-Delivery", "7"),))
    await clients.of(FIRST).media(app.url + "/sound")
    notice, sound = app.requests
    assert verified(is_from_offhook, notice, "first token")
    assert notice.header("x-offhook-delivery") == "7"
    assert sound.header("x-offhook-signature") is None


async def test_each_account_signs_with_its_own_token_and_with_the_previous_one(
    app: Application, clients: Clients, is_from_offhook: Verify
) -> None:
    url = app.on("/voice", page(200))
    await clients.of(OTHER).fetch(Request(Target(url), PAIRS))
    (received,) = app.requests
    assert verified(is_from_offhook, received, "other token")
    assert verified(is_from_offhook, received, "its previous token")
    assert not verified(is_from_offhook, received, "first token")


@pytest.mark.parametrize("method", list(Method))
async def test_a_redirect_is_signed_anew_and_takes_no_credentials_to_another_host(
    app: Application, clients: Clients, is_from_offhook: Verify, method: Method
) -> None:
    async with application(host="127.0.0.2") as elsewhere:
        app.on("/voice", redirect(elsewhere.url + "/moved", 307))
        elsewhere.on("/moved", page(200))
        with_password = app.url.replace("//", "//user:secret@") + "/voice"
        await clients.of(FIRST).fetch(Request(Target(with_password, method), PAIRS))
        (asked,), (moved,) = app.requests, elsewhere.requests
    assert (asked.header("authorization") or "").startswith("Basic ")
    assert moved.header("authorization") is None
    assert verified(is_from_offhook, asked, "first token"), "the URL is signed without its credentials"
    assert verified(is_from_offhook, moved, "first token")


def test_the_signature_is_the_one_of_the_known_vector() -> None:
    """As `openssl dgst -sha256 -hmac tok` says of `1700000000.a=1`."""
    posted = Outgoing(method="POST", url="https://app.example/", body=b"a=1")
    assert offhook_signature(posted, Keys(("tok",)), 1_700_000_000) == (
        (
            "X-Offhook-Signature",
            "t=1700000000,v1=8a92220185bdc74ce81f4f95a93ccfb2dc05b1bd71a63e1f55927206945618d0",
        ),
    )
    assert offhook_signature(posted, Keys(), 1_700_000_000) == ()


class TestTokens:
    async def test_they_are_asked_for_once_for_many_and_again_after_a_while(self) -> None:
        asked: list[str] = []

        def look_up(account_sid: str) -> Tokens:
            asked.append(account_sid)
            return (f"token {len(asked)}",)

        known = KnownTokens(look_up, kept_s=60.0)
        assert {await known.of(FIRST) for _ in range(5)} == {("token 1",)}
        fleeting = KnownTokens(look_up, kept_s=0.0)
        assert [await fleeting.of(FIRST), await fleeting.of(FIRST)] == [("token 2",), ("token 3",)]

    async def test_the_last_known_ones_hold_while_the_records_are_away(self) -> None:
        answers: list[Tokens | RecordsAway] = [("token",), RecordsAway("away"), RecordsAway("away")]

        def look_up(_account_sid: str) -> Tokens:
            answer = answers.pop(0)
            if isinstance(answer, RecordsAway):
                raise answer
            return answer

        known = KnownTokens(look_up, kept_s=0.0)
        assert [await known.of(FIRST) for _ in range(3)] == [("token",)] * 3

    async def test_there_are_none_where_they_never_could_be_looked_up(self) -> None:
        def look_up(_account_sid: str) -> Tokens:
            raise RecordsAway("away")

        known = KnownTokens(look_up)
        assert await known.of(FIRST) == ()

    async def test_a_look_up_that_hangs_does_not_keep_a_call_waiting(self) -> None:
        may_end, turns = threading.Event(), iter((("old",), ("new",)))

        def look_up(_account_sid: str) -> Tokens:
            tokens = next(turns)
            if tokens == ("new",):
                may_end.wait(20.0)
            return tokens

        known = KnownTokens(look_up, kept_s=0.0, patience_s=0.05)
        assert await known.of(FIRST) == ("old",)
        assert await known.of(FIRST) == ("old",)
        may_end.set()
        await known.close()

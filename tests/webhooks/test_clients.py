"""Whose requests may go where: the operator's own account, all other accounts, and the demonstration."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

import pytest

from offhook.call.errors import FetchFailed
from offhook.interpreter.prompts import PromptStore
from offhook.testing import FakeVoice, SilentDecoder
from offhook.verbs import Play, Request, Say, Target
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.clients import Clients
from offhook.webhooks.guard import AddressPolicy
from offhook.webhooks.own_ports import OwnPorts
from offhook.webhooks.tokens import KnownTokens
from tests.webhooks.server import Application, application, page

FIRST, OTHER = "AC" + 32 * "1", "AC" + 32 * "2"
LOOPBACK = (ip_network("127.0.0.0/8"),)


@dataclass(frozen=True)
class House:
    """Clients as a server has them, and a demonstration application."""

    clients: Clients
    demonstration: Application


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with application() as demonstration:
        own = OwnPorts(here={demonstration.port: "the demonstration application"})
        clients = Clients(
            first_account_sid=FIRST,
            trusted=WebhookClient(policy=AddressPolicy(allow=LOOPBACK, own=own)),
            strict=WebhookClient(policy=AddressPolicy(is_strict=True, own=own)),
            demonstration=WebhookClient(policy=AddressPolicy(allow=LOOPBACK)),
            tokens=KnownTokens(lambda account_sid: (account_sid,)),
        )
        yield House(clients, demonstration)
        await clients.close()


async def test_the_first_account_reaches_what_is_allowed_and_others_do_not(
    house: House, app: Application
) -> None:
    request = Request(Target(app.on("/voice", page(200))))
    assert (await house.clients.of(FIRST).fetch(request)).status == 200
    for ask in (house.clients.of(OTHER).fetch, house.clients.of(OTHER).send):
        with pytest.raises(FetchFailed, match="this account may reach public ones only") as caught:
            await ask(request)
        assert caught.value.code == 11210
        assert not caught.value.is_passing
    with pytest.raises(FetchFailed, match="public ones only"):
        await house.clients.of(OTHER).media(app.url + "/voice")
    assert app.connections == 1, "not even one that the first account had left open"


async def test_only_the_demonstrations_client_reaches_the_demonstration(house: House) -> None:
    request = Request(Target(house.demonstration.on("/voice", page(200))))
    for account in (FIRST, OTHER):
        with pytest.raises(FetchFailed, match="is the demonstration application of this server itself"):
            await house.clients.of(account).fetch(request)
    assert house.demonstration.connections == 0
    assert (await house.clients.for_demonstration(FIRST).fetch(request)).status == 200


async def test_a_sound_from_inside_is_not_played_to_a_strangers_caller(
    house: House, app: Application, tmp_path: Path
) -> None:
    """Though it is at hand, and fresh: it was fetched for the first account."""
    app.on("/secret", page(200, b"1.0 s", "audio/wav", Cache_Control="max-age=600"))
    store = PromptStore(
        fetch=house.clients.of(FIRST),
        voice=FakeVoice(),
        decoder=SilentDecoder(),
        folder=tmp_path,
        cache_bytes=10_000_000,
    )
    inner = store.of(house.clients.of(FIRST), "inner")
    public = store.of(house.clients.of(OTHER), "public")
    secret = Play(url=app.url + "/secret")
    for _ in range(2):
        async with inner.ready(secret) as audio:
            assert audio.duration_s == 1.0
    assert len(app.requests) == 1, "kept for the first account"
    with pytest.raises(FetchFailed, match="public ones only"):
        async with public.ready(secret):
            pass
    async with inner.ready(Say(text="hello")) as one, public.ready(Say(text="hello")) as other:
        assert one.path == other.path, "what is spoken is the same for all"

"""A web application, and a client that may reach it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from ipaddress import ip_network
from pathlib import Path

import pytest
import uvloop

from offhook.webhooks.client import WebhookClient
from offhook.webhooks.guard import AddressPolicy
from offhook.webhooks.limits import WebhookLimits
from tests.webhooks.server import Application, application

LOOPBACK = AddressPolicy(allow=(ip_network("127.0.0.0/8"),))
QUICK = WebhookLimits(connect_s=1.0, response_s=0.7, total_s=1.0, media_total_s=1.0, leftover_s=0.05)
"""For what is meant to take too long."""
CERTIFICATE = Path(__file__).parent / "localhost.pem"
"""A certificate for localhost that signs itself, and its key."""
TRUSTS_LOCALHOST = ssl.create_default_context(cafile=CERTIFICATE)


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Workers run on uvloop; applications that test themselves with Offhook's tools mostly do not."""
    return {"asyncio": asyncio.SelectorEventLoop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
async def app() -> AsyncIterator[Application]:
    async with application() as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[WebhookClient]:
    client = WebhookClient(policy=LOOPBACK, tls=TRUSTS_LOCALHOST)
    yield client
    await client.close()


@pytest.fixture
async def quick_client() -> AsyncIterator[WebhookClient]:
    client = WebhookClient(policy=LOOPBACK, limits=QUICK, tls=TRUSTS_LOCALHOST)
    yield client
    await client.close()

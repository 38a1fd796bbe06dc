"""A web application, and a client that may reach it."""

import ssl
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest

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

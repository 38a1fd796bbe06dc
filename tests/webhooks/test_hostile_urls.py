"""Hostile URLs against a canary that listens on every address of this machine: it must never see a connection.

Twice the same list: for an account that may reach public addresses only, and for one that may reach everything, while the
canary's port is one on which this server itself listens.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import quote

import pytest

from offhook.call.errors import FetchFailed
from offhook.verbs import Method, Request, Target
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.guard import AddressPolicy, AddressRefused, Guard
from offhook.webhooks.own_ports import OwnPorts, is_this_machine, with_database
from tests.webhooks.conftest import QUICK, TRUSTS_LOCALHOST
from tests.webhooks.server import Application, page, redirect

EVERYTHING = (ip_network("0.0.0.0/0"), ip_network("::/0"))
HERE = (
    "127.0.0.1",
    "127.1",
    "127.8.8.8",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "0",
    "0.0.0.0",
    "localhost",
    "LocalHost",
    "127。0。0。1",
    "[::1]",
    "[::]",
    "[0:0::0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
)
"""Spellings of this machine."""
BEFORE_THE_HOST = ("", "public.example@", "public.example:80@", "a%40b:c%2Fd@")
NO_HTTP = ("ftp", "file", "gopher", "ws", "wss", "unix", "data", "javascript", "dict", "ldap")


@dataclass
class Canary:
    """Listens on every address, IPv4 and IPv6, on one port."""

    port: int = 0
    sockets: list[socket.socket] = field(default_factory=list)

    @property
    def connections(self) -> int:
        """How many there are that nobody has taken."""
        count = 0
        for listening in self.sockets:
            try:
                while True:
                    listening.accept()[0].close()
                    count += 1
            except BlockingIOError:
                pass
        return count


@pytest.fixture
def canary() -> Iterator[Canary]:
    with ExitStack() as held:
        both = held.enter_context(
            socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        )
        both.setblocking(False)
        yield Canary(both.getsockname()[1], [both])


def strict(_canary: Canary) -> AddressPolicy:
    return AddressPolicy(is_strict=True)


def everything_but_our_own(canary: Canary) -> AddressPolicy:
    return AddressPolicy(allow=EVERYTHING, own=OwnPorts(here={canary.port: "REST"}))


@pytest.fixture(params=[strict, everything_but_our_own])
async def client(request: pytest.FixtureRequest, canary: Canary) -> AsyncIterator[WebhookClient]:
    opened = WebhookClient(policy=request.param(canary), limits=QUICK, tls=TRUSTS_LOCALHOST)
    yield opened
    await opened.close()


async def refusal(client: WebhookClient, url: str, method: Method = Method.POST) -> FetchFailed:
    with pytest.raises(FetchFailed) as caught:
        await client.fetch(Request(Target(url, method)))
    return caught.value


@pytest.mark.parametrize("scheme", ["http", "https", "HTTP"])
async def test_no_spelling_gets_through(client: WebhookClient, canary: Canary, scheme: str) -> None:
    urls = [f"{scheme}://{before}{host}:{canary.port}/x" for host in HERE for before in BEFORE_THE_HOST]
    assert len(urls) > 60
    for url in urls:
        failed = await refusal(client, url)
        assert failed.code == 11210, (url, failed.message)
        assert "OFFHOOK_WEBHOOK_ALLOW" in failed.message or "no setting allows it" in failed.message
    assert canary.connections == 0


@pytest.mark.parametrize("scheme", NO_HTTP)
async def test_other_schemes_are_no_urls(client: WebhookClient, canary: Canary, scheme: str) -> None:
    for host in ("127.0.0.1", "[::1]", "localhost"):
        assert (await refusal(client, f"{scheme}://{host}:{canary.port}/x")).code == 11100
    assert canary.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "http:127.0.0.1:{port}/",
        "http:/127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "http://public.example#@127.0.0.1:{port}/",
        "http://public.example\\@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}\\@public.example/",
        " http://127.0.0.1:{port}/",
        "http://127.0.0.1:{port}\r\nHost: public.example\r\n\r\n",
        "http://127.0.0.1\t:{port}/",
        "http://[::1%25lo]:{port}/",
        "http://127.0.0.1%00.public.example:{port}/",
        "http://127.0.0.1.:{port}/",
        "http://１２７.0.0.1:{port}/",
    ],
)
async def test_twisted_urls_lead_nowhere(client: WebhookClient, canary: Canary, url: str) -> None:
    failed = await refusal(client, url.format(port=canary.port))
    assert failed.code in (11100, 11205, 11210)
    assert canary.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_no_way_around(app: Application, canary: Canary, status: int) -> None:
    policy = AddressPolicy(
        allow=(ip_network("127.0.0.0/8"), ip_network("::1/128")), own=OwnPorts(here={canary.port: "REST"})
    )
    client = WebhookClient(policy=policy, tls=TRUSTS_LOCALHOST)
    for host in HERE:
        app.on("/voice", redirect("/next", status))
        app.on("/next", redirect(quote(f"http://{host}:{canary.port}/x", safe="/:[]"), status))
        failed = await refusal(client, app.url + "/voice", Method.GET)
        assert failed.code in (11100, 11205, 11210), failed.message
    await client.close()
    assert canary.connections == 0


async def test_a_name_that_changes_its_meaning_never_leads_to_a_port_of_ours(canary: Canary) -> None:
    turns = iter([["127.9.9.9"], ["127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"]] * 25)
    guard = Guard(everything_but_our_own(canary), resolve=lambda _host, _port: next(turns))

    async def connect() -> None:
        sock = await guard.connect("rebinding.example", canary.port, 5.0)
        sock.close()

    tried = [asyncio.create_task(connect()) for _ in range(100)]
    failures = await asyncio.gather(*tried, return_exceptions=True)
    guard.close()
    assert sum(isinstance(failure, AddressRefused) for failure in failures) == 100
    assert canary.connections == 0


async def test_what_is_allowed_is_still_reached(app: Application, canary: Canary) -> None:
    client = WebhookClient(policy=everything_but_our_own(canary), tls=TRUSTS_LOCALHOST)
    reply = await client.fetch(Request(Target(app.on("/voice", page(200)))))
    assert reply.status == 200
    await client.close()


class TestOwnPorts:
    def test_a_refusal_names_the_port_and_what_it_is(self) -> None:
        policy = AddressPolicy(allow=EVERYTHING, own=OwnPorts(here={8080: "REST"}))
        assert policy.refusal("127.0.0.1", 8080) == (
            "port 8080 of 127.0.0.1 is REST of this server itself; no setting allows it"
        )
        assert policy.refusal("127.0.0.1", 8081) is None

    def test_the_same_port_of_another_machine_is_somebody_elses(self) -> None:
        own = OwnPorts(here={8080: "REST"}, also_here=frozenset({"192.0.2.77"}))
        assert own.at(ip_address("192.0.2.78"), 8080) is None
        assert own.at(ip_address("2001:db8::1"), 8080) is None
        assert own.at(ip_address("192.0.2.77"), 8080) == "REST"

    def test_every_address_of_this_machine_counts(self) -> None:
        found = {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), 1)}
        for address in {*found, "127.0.0.1", "127.255.0.3", "0.0.0.0", "0.1.2.3", "::1", "::"}:
            assert is_this_machine(ip_address(address)), address

    @pytest.mark.parametrize(
        ("url", "port"),
        [
            ("postgresql+psycopg://user:p%40ss@127.0.0.1/offhook", 5432),
            ("postgresql://localhost:6543/offhook", 6543),
            ("postgresql+psycopg://[::1]:5433/offhook?sslmode=disable", 5433),
        ],
    )
    def test_the_database_is_ours(self, url: str, port: int) -> None:
        assert with_database(OwnPorts(), url).at(ip_address("127.0.0.1"), port) == "the database"

    def test_a_database_elsewhere_is_ours_there_and_only_there(self) -> None:
        own = with_database(OwnPorts(), "postgresql+psycopg://user@192.0.2.9/offhook")
        assert own.at(ip_address("192.0.2.9"), 5432) == "the database"
        assert own.at(ip_address("127.0.0.1"), 5432) is None

    @pytest.mark.parametrize(
        "url", ["sqlite:////tmp/x.db", "postgresql:///offhook?host=/run/postgresql", "postgresql://h:port/x"]
    )
    def test_a_database_without_a_host_adds_nothing(self, url: str) -> None:
        assert with_database(OwnPorts(), url) == OwnPorts()

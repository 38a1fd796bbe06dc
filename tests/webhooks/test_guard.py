"""No spelling of a URL reaches an address that the policy refuses."""

import socket
import threading
from ipaddress import ip_network

import pytest

from offhook.call.errors import FetchFailed
from offhook.verbs import Request, Target
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.guard import AddressPolicy, AddressRefused, ConnectLate, Guard, HostUnknown
from tests.webhooks.conftest import LOOPBACK, TRUSTS_LOCALHOST
from tests.webhooks.server import Application, application, page, redirect

PUBLIC_ONLY = AddressPolicy()

# {port} is that of a listening application: a connection to it would be seen.
HOSTILE_HOSTS = [
    "127.0.0.1",
    "127.1",
    "127.255.255.254",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "0",
    "0.0.0.0",
    "00000000000",
    "localhost",
    "LOCALHOST",
    "127。0。0。1",
    "127．0．0．1",
    "public.example@127.0.0.1",
    "public.example:80@127.0.0.1",
    "public.example%40@127.0.0.1",
    "public.example\\@127.0.0.1",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd12:3456:789a::1]",
    "[ff02::1]",
    "[2001::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[4000::1]",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.255",
    "169.254.1.1",
    "169.254.43518",
    "169.254.169.254",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "[fd00:ec2::254]",
    "[fd20:ce::254]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::]",
]

# Refused even earlier: no URL, or no host, for the resolver here.
UNUSABLE_HOSTS = [
    "127.0.0.1.",
    "0177.0.0.1",
    "0251.0376.0251.0376",
    "localhost.",
    "①②⑦.⓪.⓪.①",
    "127.0.0.1%00.example",
    "127.0.0.1\\n.example",
    "[::1%25lo]",
    "%31%32%37.0.0.1",
]


@pytest.mark.parametrize("host", UNUSABLE_HOSTS)
async def test_twisted_urls_are_refused_without_a_connection(app: Application, host: str) -> None:
    client = WebhookClient(policy=PUBLIC_ONLY, tls=TRUSTS_LOCALHOST)
    with pytest.raises(FetchFailed) as caught:
        await client.fetch(Request(Target(f"http://{host}:{app.port}/voice")))
    await client.close()
    assert caught.value.code in (11100, 11205, 11210)
    assert app.connections == 0


@pytest.mark.parametrize("host", HOSTILE_HOSTS)
async def test_hostile_urls_are_refused_without_a_connection(app: Application, host: str) -> None:
    client = WebhookClient(policy=PUBLIC_ONLY, tls=TRUSTS_LOCALHOST)
    with pytest.raises(FetchFailed) as caught:
        await client.fetch(Request(Target(f"http://{host}:{app.port}/voice")))
    await client.close()
    assert caught.value.code == 11210
    assert app.connections == 0
    message = caught.value.message
    assert "OFFHOOK_WEBHOOK_ALLOW=" in message or "no setting allows it" in message


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "::ffff:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "2002:a9fe:a9fe::1",
        "::169.254.169.254",
    ],
)
def test_metadata_is_refused_whatever_is_allowed(address: str) -> None:
    everything = AddressPolicy(allow=(ip_network("0.0.0.0/0"), ip_network("::/0")))
    refusal = everything.refusal(address, 80)
    assert refusal is not None
    assert "cloud metadata address; no setting allows it" in refusal


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.215.14",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "198.17.255.255",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00:1450:4001:80b::200e",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
        "::ffff:8.8.8.8",
    ],
)
def test_public_addresses_are_fine(address: str) -> None:
    assert PUBLIC_ONLY.refusal(address, 80) is None


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("127.0.0.0/8", "127.9.9.9", "10.0.0.1"),
        ("127.0.0.0/8", "::ffff:127.0.0.1", "::1"),
        ("10.1.0.0/16", "10.1.2.3", "10.2.0.1"),
        ("192.168.7.7/32", "192.168.7.7", "192.168.7.8"),
        ("::1/128", "::1", "127.0.0.1"),
        ("fd00::/8", "fd12::1", "fc00::1"),
        ("fe80::/10", "fe80::1%eth0", "fec0::1"),
    ],
)
def test_what_is_allowed_is_allowed_and_no_more(network: str, inside: str, outside: str) -> None:
    policy = AddressPolicy(allow=(ip_network(network),))
    assert policy.refusal(inside, 80) is None
    assert policy.refusal(outside, 80) is not None


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (
            "127.0.0.1",
            "127.0.0.1 is a loopback address; OFFHOOK_WEBHOOK_ALLOW=127.0.0.1/32, or OFFHOOK_DEV=1",
        ),
        ("10.1.2.3", "10.1.2.3 is a private address; OFFHOOK_WEBHOOK_ALLOW=10.1.2.3/32, or OFFHOOK_DEV=1"),
        (
            "::ffff:10.1.2.3",
            "(which leads to 10.1.2.3) is a private address; OFFHOOK_WEBHOOK_ALLOW=10.1.2.3/32",
        ),
        ("fd12::1", "fd12::1 is a private address; OFFHOOK_WEBHOOK_ALLOW=fd12::1/128, or OFFHOOK_DEV=1"),
        ("224.0.0.1", "224.0.0.1 is a multicast address; OFFHOOK_WEBHOOK_ALLOW=224.0.0.1/32 would allow it"),
    ],
)
def test_a_refusal_names_the_address_the_rule_and_the_setting(address: str, words: str) -> None:
    refusal = PUBLIC_ONLY.refusal(address, 80)
    assert refusal is not None
    assert words in refusal


async def test_a_redirect_to_a_refused_address_is_refused(app: Application) -> None:
    only_one = AddressPolicy(allow=(ip_network("127.0.0.1/32"),))
    client = WebhookClient(policy=only_one, tls=TRUSTS_LOCALHOST)
    async with application(host="127.0.0.2") as inside:
        app.on("/voice", redirect(inside.url + "/admin"))
        with pytest.raises(FetchFailed, match=r"127\.0\.0\.2 is a loopback address") as caught:
            await client.fetch(Request(Target(app.url + "/voice")))
        assert inside.connections == 0
    await client.close()
    assert caught.value.code == 11210


async def test_a_name_that_changes_its_meaning_never_leads_inside() -> None:
    """DNS rebinding: the resolver answers with an allowed address and a refused one in turn."""
    answers = [["127.0.0.2"], ["127.0.0.1"]] * 100
    asked = iter(answers)
    guard = Guard(
        AddressPolicy(allow=(ip_network("127.0.0.2/32"),)), resolve=lambda _host, _port: next(asked)
    )
    with socket.create_server(("", 0), backlog=500) as server:
        port = server.getsockname()[1]
        refused = 0
        for _ in answers:
            try:
                stream = await guard.connect("rebinding.example", port, 1.0)
            except AddressRefused:
                refused += 1
            else:
                stream.close()
        assert refused == 100
        for _ in range(100):
            connection, _ = server.accept()
            assert connection.getsockname()[0] == "127.0.0.2"
            connection.close()
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
    guard.close()


async def test_of_several_addresses_only_the_allowed_ones_are_tried(app: Application) -> None:
    mixed = Guard(
        LOOPBACK, resolve=lambda _host, _port: ["10.0.0.1", "127.0.0.3", "127.0.0.1", "169.254.169.254"]
    )
    stream = await mixed.connect("several.example", app.port, 1.0)
    # Nobody listens on 127.0.0.3: the next one was taken.
    assert stream.getpeername()[0] == "127.0.0.1"
    stream.close()
    mixed.close()


async def test_a_resolver_that_takes_too_long_is_not_waited_for() -> None:
    given_up = threading.Event()

    def slow(_host: str, _port: int) -> list[str]:
        given_up.wait(2.0)
        return ["127.0.0.1"]

    guard = Guard(LOOPBACK, resolve=slow)
    with pytest.raises(ConnectLate, match=r"resolving slow\.example took too long"):
        await guard.connect("slow.example", 80, 0.05)
    given_up.set()
    guard.close()


async def test_a_name_without_an_address_is_unknown() -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    guard = Guard(LOOPBACK, resolve=unknown)
    with pytest.raises(HostUnknown, match=r"nowhere\.example has no address"):
        await guard.connect("nowhere.example", 80, 1.0)
    guard.close()


async def test_allowed_applications_are_reached_by_name(app: Application, client: WebhookClient) -> None:
    app.on("/voice", page(200))
    reply = await client.fetch(Request(Target(f"http://localhost:{app.port}/voice")))
    assert reply.status == 200
    assert app.requests[0].header("host") == f"localhost:{app.port}"

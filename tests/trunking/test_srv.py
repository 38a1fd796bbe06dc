"""Which hosts serve a name, as a name server on loopback tells it."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from offhook.call.trunks import SipTransport, Trunk, ways_to
from offhook.processes.trunk_services import NONE_S, TrunkServices
from offhook.trunking.srv import Target, ask_srv, in_order, name_servers, question, read_answer

POINTER_TO_QUESTION = b"\xc0\x0c"


def name(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def record(priority: int, weight: int, port: int, host: str) -> bytes:
    data = struct.pack("!3H", priority, weight, port) + (name(host) if host else b"\0")
    return POINTER_TO_QUESTION + struct.pack("!2HIH", 33, 1, 60, len(data)) + data


class NameServer(asyncio.DatagramProtocol):
    """Answers every question with the same records, or with an error."""

    def __init__(self, *records: bytes, flags: int = 0x8180) -> None:
        self.records = records
        self.flags = flags
        self.asked: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked.append(data[12:])
        head = data[:2] + struct.pack("!5H", self.flags, 1, len(self.records), 0, 0)
        self.transport.sendto(data[:1] + b"\xff" + head[2:], addr)  # somebody else's answer
        self.transport.sendto(head + data[12:] + b"".join(self.records), addr)


@asynccontextmanager
async def serving(server: NameServer) -> AsyncIterator[tuple[str, int]]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[:2]
    finally:
        transport.close()


async def test_the_records_of_a_name_are_read() -> None:
    server = NameServer(record(20, 0, 5080, "b.carrier.example"), record(10, 5, 5060, "a.carrier.example"))
    async with serving(server) as address:
        found = await ask_srv("carrier.example", SipTransport.UDP, [address])
    assert server.asked == [name("_sip._udp.carrier.example") + struct.pack("!2H", 33, 1)]
    assert set(found) == {
        Target(20, 0, 5080, "b.carrier.example", 60),
        Target(10, 5, 5060, "a.carrier.example", 60),
    }
    assert [target.host for target in in_order(found)] == ["a.carrier.example", "b.carrier.example"]


async def test_where_there_are_none_or_nobody_answers_there_are_none() -> None:
    for server in (NameServer(flags=0x8183), NameServer(flags=0x8182), NameServer()):
        async with serving(server) as address:
            assert await ask_srv("carrier.example", SipTransport.TCP, [address]) == ()
    async with serving(NameServer(record(1, 1, 5061, "c.example"))) as address:
        silent = ("127.0.0.1", 9)
        [second] = await ask_srv("carrier.example", SipTransport.TLS, [silent, address], try_s=5.0)
    assert second.host == "c.example"
    assert await ask_srv("a..b", SipTransport.UDP, [silent]) == ()


@pytest.mark.parametrize("cut", [0, 5, 12, 20, 40, 60])
def test_half_an_answer_is_none(cut: int) -> None:
    asked = question(7, "_sip._udp.carrier.example")
    whole = asked[:2] + struct.pack("!5H", 0x8180, 1, 1, 0, 0) + asked[12:] + record(1, 2, 5060, "a.example")
    assert read_answer(whole)
    with pytest.raises(ValueError, match=r"cut short|no end"):
        read_answer(whole[:cut])


def test_a_name_that_points_to_itself_has_no_end() -> None:
    asked = question(7, "a.example")
    forged = asked[:2] + struct.pack("!5H", 0x8180, 1, 1, 0, 0) + b"\xc0\x0c" + asked[-4:]
    with pytest.raises(ValueError, match="no end"):
        read_answer(forged)


def test_equals_are_drawn_by_weight_and_a_dot_is_no_host() -> None:
    heavy, light = Target(1, 90, 5060, "heavy", 60), Target(1, 10, 5060, "light", 60)
    dot = Target(0, 0, 0, "", 60)
    assert [each.host for each in in_order((heavy, light, dot), lambda _low, high: high * 0.05)] == [
        "heavy",
        "light",
    ]
    assert [each.host for each in in_order((heavy, light, dot), lambda _low, high: high)] == [
        "light",
        "heavy",
    ]


async def test_a_trunk_without_a_port_is_called_at_the_hosts_that_serve_it() -> None:
    asked: list[str] = []
    now = [0.0]

    async def ask(host: str, _transport: SipTransport) -> tuple[Target, ...]:
        asked.append(host)
        return (Target(1, 0, 5070, "one.example", 30),) if host == "carrier.example" else ()

    services = TrunkServices(ask=ask, clock=lambda: now[0])
    trunks = [
        Trunk(sid=host, name=host, host=host, port=port, priority=order)
        for order, (host, port) in enumerate(
            (
                ("carrier.example", None),
                ("plain.example", None),
                ("carrier.example", 5060),
                ("192.0.2.1", None),
            )
        )
    ]
    ways = await services.ways(ways_to("100", trunks, "200"))
    assert [way.route for way in ways] == ["sip:one.example:5070;transport=udp;lr", "", "", ""]
    assert ways[0].uri == "sip:100@carrier.example"
    await services.ways(ways)
    assert asked == ["carrier.example", "plain.example"]
    now[0] = 31.0
    await services.ways(ways)
    assert asked[2:] == ["carrier.example"]
    now[0] = NONE_S + 0.5
    await services.ways(ways)
    assert asked[3:] == ["plain.example"]


async def test_over_tls_dns_leads_to_hosts_of_the_trunks_own_domain_alone() -> None:
    hosts = ("sbc.carrier.example", "carrier.example", "evilcarrier.example", "carrier.example.evil.example")

    async def ask(_host: str, _transport: SipTransport) -> tuple[Target, ...]:
        return tuple(Target(order, 0, 5061, host, 30) for order, host in enumerate(hosts))

    services = TrunkServices(ask=ask)
    for transport, followed in ((SipTransport.TLS, hosts[:2]), (SipTransport.TCP, hosts)):
        trunk = Trunk(sid="TK1", name="a", host="carrier.example", transport=transport)
        assert await services.hops(trunk) == tuple((host, 5061) for host in followed)


@pytest.mark.parametrize(
    "host",
    ["a" * 64 + ".example", ".".join(["a" * 61] * 4), "a b.example", "é.example", "a..b", "1.2.3.4"],
)
def test_what_is_no_name_is_not_asked_for(host: str) -> None:
    with pytest.raises(ValueError, match="name"):
        question(7, f"_sip._udp.{host}" if host != "1.2.3.4" else host)


@pytest.mark.parametrize(
    "host", ["a b.example", "a;b.example", "a\r\nb.example", "a" * 63 + "é", "192.0.2.1"]
)
def test_a_target_that_is_no_name_is_left_out(host: str) -> None:
    asked = question(7, "_sip._udp.carrier.example")
    labels = [label.encode("latin-1") for label in host.split(".")]
    wire = b"".join(bytes([min(len(label), 63)]) + label[:63] for label in labels[:-1])
    wire += bytes([len(labels[-1])]) + labels[-1] + b"\0" if len(labels[-1]) < 64 else b"\x01\xe9\0"
    data = struct.pack("!3H", 1, 1, 5060) + wire
    bad = POINTER_TO_QUESTION + struct.pack("!2HIH", 33, 1, 60, len(data)) + data
    answer = (
        asked[:2]
        + struct.pack("!5H", 0x8180, 1, 3, 0, 0)
        + asked[12:]
        + bad
        + record(1, 1, 0, "zero.example")
        + record(2, 1, 5060, "Good.Example")
    )
    assert [(target.host, target.port) for target in read_answer(answer)] == [("good.example", 5060)]


def test_the_name_servers_of_this_machine_are_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text(
        "# local\nsearch example\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\nnameserver\nnameserver x\n"
    )
    assert name_servers(file) == (("192.0.2.53", 53), ("fe80::1", 53))
    assert name_servers(tmp_path / "none") == ()

"""What a proxy in front is told: the address that a call or a registration goes to, so that it need not ask DNS."""

import asyncio
from dataclasses import replace

import pytest

from offhook.call.trunks import Trunk, ways_to
from offhook.pjsua.accounts import PLAIN
from offhook.pjsua.registration import Wish
from offhook.pjsua.switchboard import NEXT_HOP_HEADER, PATIENCE_HEADER
from offhook.processes.trunk_hosts import TrunkHosts
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.worlds import RealWorld
from tests.edge.sip_stub import stubs

NUMBER = "+493012345"
CARRIER = Trunk(sid="t", name="t", host="carrier.example")
OF_A_CUSTOMER = {"x-offhook-next-hop": "sip:192.0.2.66:5060", "X-Offhook-Patience": "60", "X-Own": "1"}
"""Headers: to say where a call goes is not theirs."""
[WAY] = ways_to(NUMBER, [CARRIER], SOME_CALL.from_)


def named(*addresses: str) -> TrunkHosts:
    """DNS that knows these of any host."""
    return TrunkHosts(lookup=lambda _host: addresses)


async def test_an_address_is_kept_as_long_as_the_host_has_it() -> None:
    hosts = [
        named("192.0.2.1", "192.0.2.2"),
        named("192.0.2.2", "192.0.2.1"),
        named("2001:db8::1"),
    ]
    first = await hosts[0].place(WAY)
    assert first == "sip:192.0.2.1:5060;transport=udp"
    assert await hosts[1].place(WAY) == "sip:192.0.2.2:5060;transport=udp"
    assert await hosts[1].place(WAY, rather=first) == first
    assert await hosts[2].place(WAY, rather=first) == "sip:[2001:db8::1]:5060;transport=udp"


async def test_a_uri_is_looked_up_like_a_trunk_but_for_a_phones() -> None:
    hosts = named("192.0.2.1")
    places = {
        "sip:bob@pbx.example": "sip:192.0.2.1:5060;transport=udp",
        "sips:bob@pbx.example": "sip:192.0.2.1:5061;transport=tls",
        "sip:bob@[2001:db8::7]:5070;transport=tcp": "sip:[2001:db8::7]:5070;transport=tcp",
        "sip:ada@phone.local;alias=192.0.2.9~5060~1": "",
    }
    assert {uri: await hosts.place(replace(WAY, uri=uri, trunk=None)) for uri in places} == places


@pytest.mark.sip
async def test_calls_and_registrations_say_where_they_go_and_name_the_carrier() -> None:
    hosts = TrunkHosts(lookup={"carrier.example": ("192.0.2.1",), "sbc.example": ("192.0.2.7",)}.__getitem__)
    async with stubs(1) as [proxy]:
        proxy.answers = {"INVITE": (503,), "REGISTER": (200,)}
        world = RealWorld(proxy=f"sip:127.0.0.1:{proxy.port};lr")
        await world.start()
        try:
            engine = world.switchboard.engine
            ways = [WAY, replace(WAY, next_hop=("sbc.example", 5070))]
            leg = await world.switchboard.dial_ways(
                SOME_CALL, ways, OF_A_CUSTOMER, passed_over=lambda *_: None, place_of=hosts.place
            )
            await proxy.until(lambda: len(proxy.got("INVITE")) >= 2)
            wish = Wish(
                registrar=CARRIER.uri(""),
                address="sip:me@carrier.example",
                username="me",
                password="secret",
                kind=PLAIN,
                headers={NEXT_HOP_HEADER: await hosts.place(WAY)},
            )
            await engine.submit(lambda: engine.registrations.begin("key", wish))
            await engine.submit(lambda: engine.registrations.send("key"))
            await proxy.until(lambda: bool(proxy.got("REGISTER")))
            await leg.hang_up()
        finally:
            async with asyncio.timeout(30):
                await world.close()
    invites = proxy.got("INVITE")[:2]
    assert [(m.start.split(" ")[1], *m.all(NEXT_HOP_HEADER)) for m in invites] == [
        (f"sip:{NUMBER}@carrier.example", "sip:192.0.2.1:5060;transport=udp"),
        (f"sip:{NUMBER}@carrier.example", "sip:192.0.2.7:5070;transport=udp"),
    ]
    assert [(m.all("X-Own"), m.all(PATIENCE_HEADER)) for m in invites] == [(["1"], ["4"]), (["1"], [])]
    register = proxy.got("REGISTER")[0]
    assert register.start == "REGISTER sip:carrier.example SIP/2.0"
    assert register.get(NEXT_HOP_HEADER) == "sip:192.0.2.1:5060;transport=udp"
    assert [len(m.all("Route")) for m in (*proxy.got("INVITE"), register)] == [1] * (
        len(proxy.got("INVITE")) + 1
    )

"""When a worker sheds load, and where it listens."""

import asyncio
import itertools
import time
from dataclasses import replace
from pathlib import Path

from offhook.call.ip_addresses import is_ip_address
from offhook.call.trunks import SipTransport, Trunk
from offhook.config import Settings
from offhook.pjsua.build import Build
from offhook.processes.addresses import callers_allowed, engine_settings, fitted_to_ports
from offhook.processes.lag import LOOK_EVERY_S, LOOKS, LagGauge, watch
from offhook.processes.trunk_keeping import contact_at

WHEEL = Build(name="wheel", call_slots=4, new_calls_per_s=25, media_handles=64, asserts=True)
OWN = Build(name="own", call_slots=512, new_calls_per_s=200, media_handles=8192, asserts=False)


def test_one_long_step_is_no_lag() -> None:
    gauge = LagGauge()
    for late_s in (0.0, 2.0, 0.0, 0.3):
        gauge.note(late_s)
    assert gauge.steady_s == 0.0


def test_a_loop_that_is_late_each_time_lags() -> None:
    gauge = LagGauge()
    for _ in range(LOOKS):
        gauge.note(0.2)
    assert gauge.steady_s == 0.2
    gauge.note(0.01)
    assert gauge.steady_s == 0.01


async def test_a_busy_loop_is_seen_to_lag_and_to_recover() -> None:
    gauge = LagGauge()
    watching = asyncio.create_task(watch(gauge))
    async with asyncio.timeout(60):
        while gauge.steady_s < 0.03:
            busy_until = time.monotonic() + 0.06
            while time.monotonic() < busy_until:
                pass
            await asyncio.sleep(0)
        for _ in range(2 * LOOKS):
            await asyncio.sleep(LOOK_EVERY_S)
    watching.cancel()
    assert gauge.steady_s < 0.5


def test_workers_share_the_audio_ports_and_count_the_sip_ports() -> None:
    settings = Settings(workers=3, sip_port=5060, rtp_ports="10001-10100")
    shares = [settings.worker_rtp_range(index) for index in range(3)]
    assert [share[0] % 2 for share in shares] == [0, 0, 0]
    assert all(first + count <= later for (first, count), (later, _) in itertools.pairwise(shares))
    assert sum(shares[-1]) <= 10101
    assert [settings.worker_sip_port(index) for index in range(3)] == [5060, 5061, 5062]
    assert fitted_to_ports(OWN, shares[0][1]).call_slots == shares[0][1] // 2
    assert fitted_to_ports(WHEEL, shares[0][1]).call_slots == 4


def test_without_an_edge_a_worker_listens_where_the_build_allows() -> None:
    settings = Settings(sip_port=5060, public_address="198.51.100.7")
    assert engine_settings(settings, WHEEL, 0).sip_host == "127.0.0.1"
    own = engine_settings(settings, OWN, 0)
    assert (own.sip_host, own.rtp_host, own.sip_port, own.proxy) == ("0.0.0.0", "0.0.0.0", 5060, None)
    assert own.public_address == "198.51.100.7"
    assert engine_settings(Settings(sip_host="10.0.0.9"), WHEEL, 0).sip_host == "10.0.0.9"


def test_behind_an_edge_sip_stays_on_this_machine_and_audio_does_not() -> None:
    settings = Settings(
        workers=2, edge="kamailio", sip_port=5060, sip_host="10.0.0.9", sip_allow="10.0.0.0/8"
    )
    behind = engine_settings(settings, OWN, 1)
    assert (behind.sip_host, behind.sip_port, behind.rtp_host) == ("127.0.0.1", 5062, "10.0.0.9")
    assert behind.proxy == "sip:127.0.0.1:5060;lr"
    assert [str(network) for network in callers_allowed(settings)] == ["127.0.0.0/8", "::1/128"]


def test_behind_an_edge_audio_may_go_over_ipv6_and_trunks_are_told_where_the_edge_is() -> None:
    settings = Settings(edge="kamailio", sip_port=5060, sip_host="10.0.0.9", sip_host_ipv6="::1")
    behind = engine_settings(settings, replace(OWN, limits={"PJ_HAS_IPV6": 1}), 0)
    assert (behind.hosts, behind.ipv6_host) == (("127.0.0.1",), "::1")
    assert engine_settings(settings, WHEEL, 0).ipv6_host is None
    newer, older = (Trunk(sid=host, name="a", host=host) for host in ("::1", "127.0.0.1"))
    assert contact_at(settings, newer) == "[::1]:5060"
    assert contact_at(settings, older) == "10.0.0.9:5060"
    everywhere = Settings(edge="kamailio", sip_port=5060, sip_host_ipv6="::")
    assert [contact_at(everywhere, each) for each in (newer, older)] == ["[::1]:5060", "127.0.0.1:5060"]
    assert contact_at(Settings(), newer) is None


def test_behind_an_edge_tls_is_called_past_it_from_where_the_outside_is_reached() -> None:
    settings = Settings(edge="kamailio", sip_host="10.0.0.9", sip_transports="udp,tcp,tls")
    engine = engine_settings(settings, OWN, 1)
    assert engine.transports == (SipTransport.UDP, SipTransport.TLS)
    assert engine.tls is not None
    assert (engine.tls.files, engine.tls.port, engine.tls.calls_from) == (None, 0, "10.0.0.9")
    plain = Settings(edge="kamailio", sip_host="10.0.0.9", sip_transports="udp,tcp")
    assert engine_settings(plain, OWN, 1).transports == (SipTransport.UDP,)
    trunk = Trunk(sid="t", name="t", host="192.0.2.1", transport=SipTransport.TLS)
    assert contact_at(settings, trunk) is None
    certified = Settings(
        edge="kamailio",
        sip_host="10.0.0.9",
        sip_tls_cert=Path("own.pem"),
        sip_tls_key=Path("own.key"),
        sip_tls_port=5071,
    )
    assert contact_at(certified, trunk) == "10.0.0.9:5071;transport=tls"


def test_without_an_edge_a_trunk_over_tcp_or_tls_is_told_where_we_listen() -> None:
    by_tcp, by_tls = (
        Trunk(sid="t", name="t", host="127.0.0.1", transport=each)
        for each in (SipTransport.TCP, SipTransport.TLS)
    )
    public = Settings(public_address="203.0.113.5", sip_port=5060)
    assert contact_at(public, by_tcp) == "203.0.113.5:5060;transport=tcp"
    assert contact_at(public, by_tls) is None  # without a certificate nobody can call us by it
    pair = {"sip_tls_cert": Path("own.pem"), "sip_tls_key": Path("own.key"), "sip_tls_port": 5071}
    certified = Settings(public_address="203.0.113.5", **pair)  # type: ignore[arg-type]
    assert contact_at(certified, by_tls) == "203.0.113.5:5071;transport=tls"
    assert contact_at(Settings(sip_host="8.8.8.8", sip_port=5060), by_tcp) == "8.8.8.8:5060;transport=tcp"
    newer = Trunk(sid="n", name="n", host="::1", transport=SipTransport.TCP)
    assert contact_at(Settings(sip_host_ipv6="::1", sip_port=5060), newer) == "[::1]:5060;transport=tcp"
    # A private address may be behind NAT: there the registrar's word counts.
    assert contact_at(Settings(sip_host="10.0.0.9"), by_tcp) is None
    assert contact_at(Settings(), by_tcp) is None


def test_a_trunk_whose_name_has_no_address_now_is_not_told_what_the_machine_is_called() -> None:
    trunk = Trunk(sid="t", name="t", host="carrier.invalid")
    told = contact_at(Settings(edge="kamailio", sip_port=5060), trunk)
    assert told is not None
    host, _, port = told.rpartition(":")
    assert (is_ip_address(host), port) == (True, "5060")

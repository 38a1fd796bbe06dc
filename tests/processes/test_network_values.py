"""Settings of the network that are wrong are named, with what is wrong about them and what would be right."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from offhook.cli import app
from offhook.config import Settings
from offhook.serving import run_server

WRONG = [
    ("sip_host", "1.2.3", "1.2.3 is no IPv4 address, which has four numbers of 0 to 255; write an IPv4 address of this"),
    ("sip_host", "256.1.1.1", "256.1.1.1 is no IPv4 address"),
    ("sip_host", "0", "0 is no IPv4 address"),
    ("sip_host", "::1", "OFFHOOK_SIP_HOST_IPV6 is for ::"),
    ("sip_host", "0.0.0.0:5060", "OFFHOOK_SIP_PORT for the port"),
    ("sip_host", "10.0.0.9/24", "write an IPv4 address of this machine"),
    ("sip_host", "-x", "write an IPv4 address of this machine"),
    ("sip_host", "..", "write an IPv4 address of this machine"),
    ("sip_host", "224.0.0.1", "224.0.0.1 is the address of a group"),
    ("sip_host_ipv6", "fe80::1%eth0", "without a scope"),
    ("sip_host_ipv6", "1.2.3.4", "write an IPv6 address"),
    ("http_host", "1.2.3", "1.2.3 is no IPv4 address"),
    ("http_host", "0.0.0.0:80", "OFFHOOK_HTTP_PORT is for the port"),
    ("http_host", "http://x", "write an address of this machine"),
    ("sip_port", "65536", "less than or equal to 65535"),
    ("sip_port", "5060/udp", "valid integer"),
    ("rtp_ports", "10000", "write a range of ports like 10000-10199"),
    ("rtp_ports", "10000:10199", "write a range of ports like 10000-10199"),
    ("rtp_ports", "20000-10000", "20000-10000 ends before it begins"),
    ("rtp_ports", "1-100", "1-100 is not within 1024 to 65535"),
    ("rtp_ports", "60000-70000", "60000-70000 is not within 1024 to 65535"),
    ("rtp_ports", "10001-10002", "10001-10002 has no room for a call, which takes an even port and the one after it"),
    ("public_address", "1.2.3", "1.2.3 is no IPv4 address"),
    ("public_address", "0.0.0.0", "nobody can send there; write an IPv4 address like"),
    ("public_address", "255.255.255.255", "the address of a group"),
    ("public_address", "2001:db8::1", "write an IPv4 address like"),
    ("public_address", "a..b", "write an IPv4 address like"),
    ("public_address", "stun:", "write it like stun.example.com:3478"),
    ("public_address", "stun:host:99999", "'99999' in 'host:99999' is no port: write a number from 1 to 65535"),
    ("public_address", "stun:host:0", "'0' in 'host:0' is no port"),
    ("public_address", "stun:2001:db8::1", "an IPv6 address in brackets"),
    ("sip_transports", "sctp", "sctp is no transport; write udp, tcp, tls"),
    ("codecs", "G729", "'G729' is no codec of ours; write PCMU"),
    ("codecs", "pcmu,pcmu", "PCMU is there twice"),
    ("srtp", "yes", "'off', 'optional' or 'required'"),
    ("sip_allow", "carrier.example", "write networks like 192.168.0.0/16"),
    ("local_networks", "192.168", "write networks like 192.168.0.0/16"),
    ("trunk", "sip:carrier:99999", "'99999' in 'carrier:99999' is no port"),
    ("trunk", "sip:1.2.3", "'1.2.3' is no host"),
    ("trunk", "sip:desk@carrier.example", "write the trunk like sip:carrier.example:5060"),
    ("public_url", "ftp://voice.example", "like https://voice.example.com"),
    ("sip_tls_cert", "own.pem", "OFFHOOK_SIP_TLS_CERT and OFFHOOK_SIP_TLS_KEY go together"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "words"), WRONG, ids=[f"{name} {value}" for name, value, _ in WRONG]
)
def test_what_is_wrong_is_named_with_what_would_be_right(name: str, value: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate({name: value})
    [fault] = refused.value.errors()
    assert words in fault["msg"]


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("sip_host", "0.0.0.0", "0.0.0.0"),
        ("sip_host", "localhost", "localhost"),
        ("http_host", "::1", "::1"),
        ("http_host", "[::1]", "::1"),
        ("http_host", "voice.example", "voice.example"),
        ("public_address", "voice.example.", "voice.example."),
        ("public_address", "STUN:[::1]:3478", "STUN:[::1]:3478"),
        ("rtp_ports", "10001-10003", "10001-10003"),
        ("sip_digests", "MD5", "md5"),
    ],
)
def test_what_is_right_is_taken(name: str, value: str, kept: str) -> None:
    assert getattr(Settings.model_validate({name: value}), name) == kept


def test_audio_stays_within_its_ports_where_the_first_is_odd() -> None:
    for workers in (1, 2, 3):
        settings = Settings(rtp_ports="10001-10200", workers=workers)
        first, count = settings.worker_rtp_range(workers - 1)
        assert (first % 2, count % 2) == (0, 0)
        assert first + count - 1 <= 10_200


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("stun.example.com:99999", "'99999' in 'stun.example.com:99999' is no port: write a number from 1 to 65535"),
        ("stun:a.example:abc", "'abc' in 'a.example:abc' is no port"),
        ("1.2.3", "'1.2.3' is no host"),
        ("", "write it like stun.example.com:3478"),
    ],
)  # fmt: skip
def test_the_doctor_asks_no_server_that_cannot_be_one(server: str, words: str) -> None:
    ran = CliRunner().invoke(app, ["doctor", "--nat", "--stun", server])
    said = " ".join(ran.output.replace("│", " ").split())
    assert ran.exit_code == 2
    assert "--stun" in said
    assert words in said


@pytest.mark.parametrize(("workers", "tls_port"), [(1, 5060), (2, 5061)])
def test_tcp_and_tls_at_one_port_are_told_before_anything_starts(
    workers: int, tls_port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(
        workers=workers,
        sip_port=5060,
        sip_tls_port=tls_port,
        sip_transports="udp,tcp,tls",
        sip_tls_cert=tmp_path / "own.pem",
        sip_tls_key=tmp_path / "own.key",
        rtp_ports="10000-10001",  # too few for two workers, which would be told next
        otlp_endpoint=None,
    )
    assert run_server(settings, {}) != 0
    assert f"TCP port {tls_port} would be that of SIP over TCP and over TLS" in capsys.readouterr().err


def test_a_name_without_an_address_is_told_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(sip_host="nobody.invalid", workers=2, rtp_ports="10000-10001")
    assert run_server(settings, {}) != 0
    assert "OFFHOOK_SIP_HOST=nobody.invalid is a name that has no address now" in capsys.readouterr().err

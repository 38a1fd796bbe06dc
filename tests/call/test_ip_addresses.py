"""Whatever is taken for an address, a network or a host says itself in the letters of one, wherever it is written."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from offhook.call.ip_addresses import read_ip_address, read_ip_network
from offhook.call.trunk_input import TrunkInvalid, read_host, read_network
from offhook.config import Settings
from offhook.processes.trunk_book import default_trunk

PLAIN_ADDRESS = re.compile(r"[0-9a-fA-F:./]+")
PLAIN_HOST = re.compile(r"[0-9A-Za-z_.:-]+")
SCOPED = ("fe80::1%eth0", "fe80::1%x\r\nEvil: 1", "8000::%x,0.0.0.0/1", "::1%/128", "fe80::1%x\r\ny/128")
PIECES = st.sampled_from(
    [*"0189af.:/%,[]x- \r\n\0", "::", "192.0.2.1", "2001:db8::1", "/24", "fe80::1%", "é", "１", "\udcff"]
)
TEXTS = st.lists(PIECES, max_size=8).map("".join)
READERS: tuple[tuple[Callable[[str], str], re.Pattern[str]], ...] = (
    (lambda text: str(read_ip_address(text)), PLAIN_ADDRESS),
    (lambda text: str(read_ip_network(text, strict=False)), PLAIN_ADDRESS),
    (lambda text: str(read_network(text)), PLAIN_ADDRESS),
    (lambda text: read_host(text)[0], PLAIN_HOST),
)
HOSTS_OF_SETTINGS = ("public_address", "sip_host", "sip_host_ipv6")
NETWORKS_OF_SETTINGS = (
    *("sip_allow", "webhook_allow", "metrics_allow", "http_trusted_proxies", "local_networks"),
)


@given(TEXTS)
def test_what_is_taken_has_the_letters_of_an_address_alone(text: str) -> None:
    for read, plain in READERS:
        try:
            told = read(text)
        except ValueError:
            continue
        assert plain.fullmatch(told), told


@settings(max_examples=15)
@given(TEXTS)
def test_so_it_is_with_settings(text: str) -> None:
    for name in (*HOSTS_OF_SETTINGS, *NETWORKS_OF_SETTINGS):
        try:
            value = getattr(Settings.model_validate({name: text}), name)
        except ValidationError:
            continue
        for each in (value,) if isinstance(value, str) else value or ():
            assert re.fullmatch(r"[0-9A-Za-z_.:/\[\]-]+", str(each)), (name, each)


@pytest.mark.parametrize("text", SCOPED)
def test_a_scope_is_refused_with_what_would_be_right(text: str) -> None:
    for read in (read_host, read_network):
        with pytest.raises(TrunkInvalid, match=r"has a scope .what follows %.: write the address alone"):
            read(text)
    for name in (*HOSTS_OF_SETTINGS, *NETWORKS_OF_SETTINGS, "trunk"):
        with pytest.raises(ValidationError, match="write "):
            Settings.model_validate({name: f"sip:[{text}]" if name == "trunk" else text})
    with pytest.raises(ValidationError, match="stun:host:port"):
        Settings(public_address=f"stun:[{text}]:3478")


def test_a_port_of_many_digits_is_refused() -> None:
    with pytest.raises(TrunkInvalid, match="is no port"):
        read_host("sip.example.com:" + "9" * 5000)


@pytest.mark.parametrize(
    ("setting", "host_port"),
    [
        ("sip:carrier.example:5060", "carrier.example:5060"),
        ("sip:[::1]", "[::1]"),
        ("sip:192.0.2.1;transport=tls", "192.0.2.1"),
    ],
)
def test_the_trunk_of_the_setting_is_the_one_that_is_called(setting: str, host_port: str) -> None:
    [trunk] = default_trunk(Settings(trunk=setting).trunk)
    assert trunk.host_port == host_port


@pytest.mark.parametrize("setting", ["sip:::1", "sip:a:99999", "sip:a:b", "sip:[x]", "sip:a@b", "sip:a\r\nb"])
def test_a_setting_that_would_be_no_trunk_is_refused(setting: str) -> None:
    with pytest.raises(ValidationError, match="write the trunk like sip:"):
        Settings(trunk=setting)

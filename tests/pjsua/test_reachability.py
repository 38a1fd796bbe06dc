"""Which Contacts nobody can be asked at, by where they came from."""

from ipaddress import ip_address

import pytest

from offhook.pjsua.reachability import is_another_machine, is_of_other_version, leads_nowhere


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("192.168.1.20", "203.0.113.7"),
        ("10.0.0.7", "127.0.0.1"),
        ("172.16.0.1", "100.64.3.4"),
        ("100.64.3.4", "198.51.100.1"),
        ("100.64.3.4", "192.168.1.20"),
        ("169.254.10.1", "192.168.1.20"),
        ("127.0.1.1", "192.168.1.20"),
        ("0.0.0.0", "203.0.113.7"),
        ("192.168.1.20", "2001:db8::1"),
        ("fd00::7", "2001:db8::1"),
        ("[fe80::7]", "fd00::1"),
        ("::ffff:10.0.0.7", "203.0.113.7"),
        ("df7jal23ls0d.invalid", "203.0.113.7"),
        ("Phone.INVALID.", "203.0.113.7"),
        ("127.1", "203.0.113.7"),
        ("0x0a000001", "203.0.113.7"),
        ("3232235777", "203.0.113.7"),
        ("0300.0250.1.1", "203.0.113.7"),
        ("1000", "203.0.113.7"),
        ("LocalHost", "203.0.113.7"),
        ("phone.localhost.", "192.168.1.20"),
    ],
)
def test_what_means_something_else_to_its_sender_leads_nowhere(host: str, source: str) -> None:
    assert leads_nowhere(host, ip_address(source))


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("203.0.113.7", "198.51.100.1"),
        ("203.0.113.7", "192.168.1.20"),
        ("172.32.0.1", "203.0.113.7"),
        ("100.128.0.1", "203.0.113.7"),
        ("192.168.1.20", "10.0.0.9"),
        ("10.0.0.9", "fd00::1"),
        ("10.0.0.9", "::ffff:10.1.1.1"),
        ("127.0.0.2", "127.0.0.1"),
        ("100.64.0.1", "100.127.0.1"),
        ("2001:db8::7", "2001:db8::8"),
        ("pbx.example.com", "203.0.113.7"),
        ("pbx", "203.0.113.7"),
        ("invalid.example", "203.0.113.7"),
        ("localhost.example", "203.0.113.7"),
        ("localhost", "127.0.0.1"),
        ("0xcb007107", "198.51.100.7"),
        ("300.1", "203.0.113.7"),
        ("1.2.3.4.5", "203.0.113.7"),
        ("", "203.0.113.7"),
    ],
)
def test_anything_else_is_taken_at_its_word(host: str, source: str) -> None:
    assert not leads_nowhere(host, ip_address(source))


def test_the_other_version_of_ip_is_told_by_addresses_alone() -> None:
    version4, version6 = ip_address("203.0.113.7"), ip_address("2001:db8::1")
    assert is_of_other_version("[2001:db8::7]", version4)
    assert is_of_other_version("203.0.113.7", version6)
    assert not is_of_other_version("203.0.113.7", ip_address("::ffff:203.0.113.9"))
    assert not is_of_other_version("pbx.example.com", version6)


@pytest.mark.parametrize(
    ("host", "source", "is_another"),
    [
        ("198.51.100.8", "203.0.113.7", True),
        ("198.51.100.8", "10.0.0.7", True),
        ("[2001:db8:1::7]", "2001:db8:2::7", True),
        ("203.0.113.7", "203.0.113.7", False),
        ("203.0.113.7", "::ffff:203.0.113.7", False),
        # A machine has several addresses of its site, and calls from one that changes.
        ("2001:db8:1::7", "2001:db8:1::aaaa", False),
        ("192.168.1.5", "10.0.0.7", False),
        ("192.168.1.5", "203.0.113.7", False),
        ("127.0.0.2", "127.0.0.1", False),
        ("2001:db8::7", "203.0.113.7", False),
        ("pbx.example.com", "203.0.113.7", False),
        ("", "203.0.113.7", False),
    ],
)
def test_another_machine_is_told_by_public_addresses_alone(host: str, source: str, is_another: bool) -> None:
    assert is_another_machine(host, ip_address(source)) == is_another

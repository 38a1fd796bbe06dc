"""Which trunk a number goes out by, which one a call came by, and what may be said of one."""

import ipaddress
from dataclasses import replace

import pytest

from offhook.call.trunk_input import (
    TrunkInvalid,
    check,
    read_caller_id,
    read_host,
    read_name,
    read_network,
    read_prefix,
    read_words,
)
from offhook.call.trunks import (
    CallerIdRule,
    SipTransport,
    Srtp,
    Trunk,
    tries_next,
    trunk_of,
    trunks_for,
    ways_to,
)


def trunk(
    name: str, *, host: str = "sip.example.com", inbound: tuple[str, ...] = (), **more: object
) -> Trunk:
    networks = tuple(ipaddress.ip_network(each) for each in inbound)
    return Trunk(sid=f"TK{name}", name=name, host=host, inbound=networks, **more)  # type: ignore[arg-type]


ALL = trunk("all")
GERMAN, BERLIN = trunk("german", prefixes=("+49", "0049")), trunk("berlin", prefixes=("+4930",), priority=90)
CHEAP, DEAR = trunk("cheap", prefixes=("+1",), priority=1), trunk("dear", prefixes=("+1",), priority=2)
OFF = trunk("off", prefixes=("+4930123",), is_enabled=False)
EVERY = (DEAR, ALL, GERMAN, OFF, BERLIN, CHEAP)


@pytest.mark.parametrize(
    ("number", "names"),
    [
        ("+4930123456", ["berlin", "german", "all"]),
        ("+49 (30) 123", ["berlin", "german", "all"]),
        ("004989123", ["german", "all"]),
        ("+1555", ["cheap", "dear", "all"]),
        ("100", ["all"]),
    ],
)
def test_the_longest_prefix_comes_first_and_then_the_priority(number: str, names: list[str]) -> None:
    assert [each.name for each in trunks_for(number, EVERY)] == names


def test_one_that_is_down_is_tried_last() -> None:
    names = [each.name for each in trunks_for("+1555", EVERY, lambda each: each.name in ("cheap", "all"))]
    assert names == ["dear", "cheap", "all"]


def test_a_way_is_all_that_a_call_needs() -> None:
    carrier = trunk(
        "a",
        host="2001:db8::1",
        port=5061,
        transport=SipTransport.TLS,
        username="desk",
        password="secret",
        caller_id="e164",
        srtp=Srtp.REQUIRED,
    )
    [way] = ways_to("+4930", (carrier,), "004989 1")
    assert (way.uri, way.caller) == ("sip:+4930@[2001:db8::1]:5061;transport=tls", "+49891")
    assert (way.credentials, way.srtp) == (("desk", "secret"), Srtp.REQUIRED)
    assert "secret" not in repr(way)


@pytest.mark.parametrize(
    ("rule", "caller", "told"),
    [
        (CallerIdRule.AS_IS, "+49 30 1", "+49 30 1"),
        (CallerIdRule.DIGITS, "+49 30-1", "49301"),
        (CallerIdRule.DIGITS, "ada", "ada"),
        (CallerIdRule.E164, "+49 30 1", "+49301"),
        (CallerIdRule.E164, "0049301234", "+49301234"),
        (CallerIdRule.E164, "49301234", "+49301234"),
        (CallerIdRule.E164, "0301234", "0301234"),
        (CallerIdRule.E164, "100", "100"),
        (CallerIdRule.E164, "ada", "ada"),
        ("+15550100", "anybody", "+15550100"),
    ],
)
def test_a_trunk_is_told_the_caller_by_its_rule(rule: str, caller: str, told: str) -> None:
    assert replace(ALL, caller_id=rule).caller(caller) == told


@pytest.mark.parametrize("status", [None, 401, 407, 408, 430, 477, 478, 500, 502, 503, 599, 702])
def test_the_next_one_is_tried_after_what_is_the_trunks_fault(status: int | None) -> None:
    assert tries_next(status)


@pytest.mark.parametrize("status", [302, 400, 403, 404, 410, 480, 484, 486, 487, 488, 600, 603, 604, 606])
def test_what_the_called_side_says_is_final(status: int) -> None:
    assert not tries_next(status)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("192.0.2.1", "wide"),
        ("192.0.2.130", "narrow"),
        ("::ffff:192.0.2.130", "narrow"),
        ("198.51.100.7", "by-host"),
        ("2001:db8::7", "six"),
        ("203.0.113.1", None),
        ("10.0.0.1", None),
        ("not an address", None),
        ("", None),
    ],
)
def test_an_address_is_that_of_the_smallest_network(address: str, name: str | None) -> None:
    known = (
        trunk("wide", inbound=("192.0.2.0/24",), priority=1),
        trunk("narrow", inbound=("192.0.2.128/25",), priority=9),
        trunk("by-host", host="198.51.100.7"),
        trunk("six", inbound=("2001:db8::/32",)),
        trunk("off", inbound=("203.0.113.0/24",), is_enabled=False),
        trunk("unresolvable", host="carrier.invalid"),
        trunk("empty", host=""),
    )
    found = trunk_of(address, known)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("sip.example.com", ("sip.example.com", None)),
        ("SIP.Example.com.:5080", ("sip.example.com", 5080)),
        ("192.0.2.1:5060", ("192.0.2.1", 5060)),
        ("2001:db8::1", ("2001:db8::1", None)),
        ("[2001:db8::1]:5061", ("2001:db8::1", 5061)),
        ("[2001:db8::1]", ("2001:db8::1", None)),
        ("pbx", ("pbx", None)),
    ],
)
def test_a_host_is_read_with_its_port(text: str, read: tuple[str, int | None]) -> None:
    assert read_host(text) == read


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sip:sip.example.com", "give the host alone"),
        ("desk@sip.example.com", "give the host alone"),
        ("sip.example.com;transport=tcp", "give the host alone"),
        ("1.2.3", "no host"),
        ("300.1.1.1", "no host"),
        ("", "no host"),
        ("a b", "no host"),
        ("sip.example.com:0", "no port"),
        ("sip.example.com:sip", "no port"),
        ("-x.example", "no host"),
        ("[::1", "no host"),
        ("::1]", "no port"),
        ("::1]:5060", "no host"),
        ("[sip.example.com]", "no host"),
        ("http://sip.example.com", "is a URL"),
        ("192.0.2.0/24", "or a network: give the host alone"),
        ("0.0.0.0", "no machine's own address"),
        ("[::]:5060", "no machine's own address"),
        ("224.0.0.1:5060", "no machine's own address"),
        ("255.255.255.255", "no machine's own address"),
    ],
)
def test_what_is_no_host_is_refused_with_what_would_be_right(text: str, said: str) -> None:
    with pytest.raises(TrunkInvalid, match=said):
        read_host(text)


def test_networks_prefixes_names_and_rules_are_checked() -> None:
    assert str(read_network("192.0.2.7")) == "192.0.2.7/32"
    with pytest.raises(TrunkInvalid, match=r"host bits set; write 192\.0\.2\.0/24, or one address"):
        read_network("192.0.2.7/24")
    with pytest.raises(TrunkInvalid, match=r"host bits set; write 10\.0\.0\.0/8"):
        read_network("10.1.2.3/8")
    with pytest.raises(TrunkInvalid, match="everybody"):
        read_network("0.0.0.0/0")
    assert (read_prefix("+49 (30)"), read_prefix("+")) == ("+4930", "+")
    with pytest.raises(TrunkInvalid, match="no prefix"):
        read_prefix("ada")
    assert (read_caller_id("e164"), read_caller_id("+49 30 1")) == ("e164", "+49301")
    with pytest.raises(TrunkInvalid, match="as-is, digits, e164"):
        read_caller_id("whatever")
    for name in ("", "a b", "ä", "-a", "x" * 65, "default"):
        with pytest.raises(TrunkInvalid):
            read_name(name)
    with pytest.raises(TrunkInvalid, match="single line") as refused:
        read_words("geheim\nX-Evil: 1", "the password")
    assert "geheim" not in str(refused.value)


def test_two_trunks_may_not_have_one_network_and_are_told_of_those_that_overlap() -> None:
    first = trunk("first", inbound=("192.0.2.0/24",))
    with pytest.raises(TrunkInvalid, match=r"192\.0\.2\.0/24 belongs to the trunk first"):
        check(trunk("second", host="b", inbound=("192.0.2.0/24",)), (first,))
    [overlap] = check(trunk("second", host="b", inbound=("192.0.2.0/28",)), (first,))
    assert "are taken to be second's" in overlap
    hosts = trunk("a", host="192.0.2.9"), trunk("b", host="192.0.2.9", priority=1, username="x", password="y")
    [same] = check(hosts[1], (hosts[0],))
    assert "taken to be b's" in same
    assert check(trunk("second", host="b"), (first,)) == ()


def test_what_does_not_go_together_is_refused() -> None:
    with pytest.raises(TrunkInvalid, match="--user"):
        check(trunk("a", registers=True), ())
    with pytest.raises(TrunkInvalid, match="--user"):
        check(trunk("a", password="x"), ())
    registers = trunk("a", registers=True, username="x", password="y")
    assert "no calls are taken from it" in check(registers, ())[0]
    assert check(replace(registers, host="192.0.2.1"), ()) == ()
    assert "no password" in check(trunk("a", username="x"), ())[0]
    assert "readable over udp" in check(trunk("a", srtp=Srtp.REQUIRED), ())[0]
    assert "very wide" in check(trunk("a", inbound=("10.0.0.0/8",)), ())[0]

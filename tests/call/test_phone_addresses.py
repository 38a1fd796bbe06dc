"""What registered phones are called at: whatever they say of themselves, the one way there is ours."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from offhook.call.phone_addresses import STEERING, called_again, called_at, way_of

NAMES = st.sampled_from(["alias", "ALIAS", "received", "maddr", "lr", "line", "ob", "transport", "+sip.ice"])
CHARACTERS = st.sampled_from('aAlis=~;?@%:.,<>" \t\r\n\x00é39')


@st.composite
def escaped(draw: st.DrawFn) -> str:
    """The name of a parameter, some of its letters as their numbers."""
    name = draw(NAMES | st.text(CHARACTERS, max_size=8))
    chosen = draw(st.lists(st.booleans(), min_size=len(name), max_size=len(name)))
    return "".join(
        f"%{ord(letter):02x}" if is_number else letter for letter, is_number in zip(name, chosen, strict=True)
    )


PARAMETER = st.tuples(escaped(), st.sampled_from(["", "=", "=127.0.0.77~9~1"]) | escaped()).map("".join)
ADDRESS = st.builds(
    "sip:{}@192.0.2.7:5060;{}".format, escaped() | PARAMETER, st.lists(PARAMETER, max_size=4).map(";".join)
)


@given(ADDRESS)
@example("sip:ada@192.0.2.7;%61lias=127.0.0.77~9~1")
@example("sip:ada%3Balias=127.0.0.77~9~1@192.0.2.7")
@example("sip:ada@192.0.2.7;line=a%3Balias=127.0.0.77~9~1")
def test_once_it_is_unescaped_there_is_one_alias_and_it_is_ours(address: str) -> None:
    called = called_at(address, "198.51.100.3", 4000, "tcp")
    if called is None:
        return
    for text in (called, unquote(called)):
        _, *parameters = text.split(";")
        names = [unquote(each.partition("=")[0]).lower() for each in parameters]
        assert names.count("alias") == 1
        assert not STEERING.intersection(names[:-1])
        assert parameters[-1] == "alias=198.51.100.3~4000~2"
        assert not re.search(r"[<>\"\s?\x00]", text)
    assert way_of(called) == (called.removesuffix(";alias=198.51.100.3~4000~2"), "198.51.100.3", 4000, "tcp")
    assert called_again(called) == called


@pytest.mark.parametrize(
    ("address", "called"),
    [
        ("sip:ada@192.0.2.7:5060;line=x1y2;ob", "sip:ada@192.0.2.7:5060;line=x1y2;ob"),
        ("SIPS:ada@192.0.2.7;transport=tls;+sip.ice", "sip:ada@192.0.2.7;transport=tls;+sip.ice"),
        ("sip:m%C3%BCller%23@phone.example", "sip:m%C3%BCller%23@phone.example"),
        ("sip:192.0.2.7", "sip:192.0.2.7"),
        ("sip:ada:hers@192.0.2.7", "sip:ada@192.0.2.7"),
        ("sip:ada@192.0.2.7?Subject=x", "sip:ada@192.0.2.7"),
        ("sip:ada@[2001:db8::9]:5070;line=7", "sip:ada@198.51.100.3:4000;line=7"),
        ("sip:ada@[::ffff:192.0.2.7]", "sip:ada@198.51.100.3:4000"),
    ],
)
def test_what_phones_know_themselves_by_is_kept(address: str, called: str) -> None:
    assert called_at(address, "198.51.100.3", 4000, "udp") == called + ";alias=198.51.100.3~4000~1"


def test_a_phone_of_ipv6_that_says_it_is_of_ipv4_is_called_over_ipv6() -> None:
    called = called_at("sip:ada@192.0.2.7;line=7", "[2001:db8::9]", 4000, "udp")
    assert called == "sip:ada@[2001:db8::9]:4000;line=7;alias=[2001:db8::9]~4000~1"
    assert called_at("sip:ada@[2001:db8::7]", "[2001:db8::9]", 4000, "udp") == (
        "sip:ada@[2001:db8::7];alias=[2001:db8::9]~4000~1"
    )


@pytest.mark.parametrize(
    "address",
    [
        "tel:+4930123",
        "sip:ada;x@192.0.2.7",
        "sip:a b@192.0.2.7",
        "sip:ada%0d%0aX:1@192.0.2.7",
        "sip:ada@192.0.2.7>;x",
        f"sip:{'a' * 250}@h",
    ],
)
def test_what_cannot_be_called_is_not(address: str) -> None:
    assert called_at(address, "198.51.100.3", 4000, "udp") is None

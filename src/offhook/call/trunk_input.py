"""What may be said of a trunk: each property is read and checked by itself, and a trunk beside the others. Pure."""

import re
from collections.abc import Iterable
from itertools import combinations

from offhook.call.ip_addresses import Address, Network, is_ip_address, read_ip_address, read_ip_network
from offhook.call.trunks import CallerIdRule, Srtp, Trunk, networks_of

HOST = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?"
)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
PREFIX = re.compile(r"\+?[0-9*#]{1,20}|\+")
NUMBER = re.compile(r"\+?[0-9*#]{1,32}")
ONE_LINE = re.compile(r"[^\x00-\x1f\x7f]{1,256}")
RESERVED = "default"
BROADCAST = "255.255.255.255"
WIDE = 8
"""Networks of so few bits, or fewer, are wide."""


class TrunkInvalid(ValueError):
    """Something that cannot be said of a trunk; the text names what is wrong, and what would be right."""


def read_name(text: str) -> str:
    """A trunk's name. Raises TrunkInvalid."""
    if not NAME.fullmatch(text):
        raise TrunkInvalid(
            f"{text!r} is no name of a trunk: use letters, digits, dots, dashes and underscores, 64 at most"
        )
    if text == RESERVED:
        raise TrunkInvalid(f"{RESERVED} is what the trunk of OFFHOOK_TRUNK is called; give another name")
    return text


def read_host(text: str) -> tuple[str, int | None]:
    """A host, and the port where it is written with one: `sip.example.com`, `192.0.2.1:5080`, `[2001:db8::1]:5060`.
    Raises TrunkInvalid."""
    if re.match(r"sips?:", text, re.IGNORECASE) or "@" in text or ";" in text:
        raise TrunkInvalid(
            f"{text!r} is a SIP URI: give the host alone, such as sip.example.com; --transport, --port and --user say the rest"
        )
    if "%" in text:
        raise TrunkInvalid(
            f"{text!r} has a scope (what follows %): write the address alone, one that is not link-local"
        )
    if "/" in text:
        raise TrunkInvalid(f"{text!r} is a URL or a network: give the host alone, such as sip.example.com")
    if is_ip_address(bare := _unbracketed(text)):
        return _of_one(read_ip_address(bare)), None
    host, colon, digits = text.rpartition(":")
    if not colon:
        host, digits = text, ""
    elif not digits.isascii() or not digits.isdigit() or len(digits) > 5 or not 1 <= int(digits) <= 65535:
        raise TrunkInvalid(f"{digits[:40]!r} in {text[:300]!r} is no port: write a number from 1 to 65535")
    bare = _unbracketed(host)
    port = int(digits) if digits else None
    if is_ip_address(bare):
        return _of_one(read_ip_address(bare)), port
    if not is_host(host):
        raise TrunkInvalid(f"{text!r} is no host: write a name such as sip.example.com, or an IP address")
    return host.rstrip(".").lower(), port


def _of_one(address: Address) -> str:
    if address.is_unspecified or address.is_multicast or str(address) == BROADCAST:
        raise TrunkInvalid(
            f"{address} is no machine's own address, and nobody can be called there: write that of one, or a name"
        )
    return str(address)


def _unbracketed(text: str) -> str:
    """What stands in a pair of brackets; what has no pair stays as it is, and is no address."""
    return text[1:-1] if text[:1] == "[" and text[-1:] == "]" else text


def is_host(text: str) -> bool:
    """Whether it is a host alone: a name, or an IP address without brackets."""
    return is_host_name(text) or is_ip_address(text)


def is_host_name(text: str) -> bool:
    """Whether it is a name that DNS may know: labels of 63 characters at most, 253 in all."""
    return HOST.fullmatch(text) is not None and not re.fullmatch(r"[0-9.]+", text)


def read_network(text: str) -> Network:
    """A network, or one address. Raises TrunkInvalid."""
    try:
        network = read_ip_network(text.strip())
    except ValueError as error:
        meant = _network_of(text.strip())
        right = f"write {meant}" if meant else "write 192.0.2.0/24"
        raise TrunkInvalid(f"{text!r} is no network: {error}; {right}, or one address") from None
    if network.prefixlen == 0:
        raise TrunkInvalid(
            f"{text} is everybody: name the addresses that the carrier gives, such as 192.0.2.0/24"
        )
    return network


def _network_of(text: str) -> Network | None:
    """That of an address which is written with a length."""
    try:
        return read_ip_network(text, strict=False)
    except ValueError:
        return None


def read_prefix(text: str) -> str:
    """How numbers begin. Raises TrunkInvalid."""
    plain = re.sub(r"[ ()./-]", "", text)
    if not PREFIX.fullmatch(plain):
        raise TrunkInvalid(
            f"{text!r} is no prefix of numbers: write digits as they are dialled, such as +49 or 0049"
        )
    return plain


def read_caller_id(text: str) -> str:
    """A rule for the caller's number. Raises TrunkInvalid."""
    rules = [rule.value for rule in CallerIdRule]
    plain = re.sub(r"[ ()./-]", "", text)
    if text in rules:
        return text
    if NUMBER.fullmatch(plain):
        return plain
    raise TrunkInvalid(
        f"{text!r} is no caller id: write {', '.join(rules)}, or the number that is always shown"
    )


def read_words(text: str, what: str) -> str:
    """A user name or a password. Raises TrunkInvalid, without the text."""
    if not ONE_LINE.fullmatch(text):
        raise TrunkInvalid(f"{what} is not a single line of 1 to 256 characters")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # bytes of the command line that are no text come so
        raise TrunkInvalid(f"{what} is not written in UTF-8") from None
    return text


def check(trunk: Trunk, others: Iterable[Trunk]) -> tuple[str, ...]:
    """What is odd about a trunk, beside the others; it can be kept all the same. Raises TrunkInvalid where it cannot."""
    if trunk.registers and trunk.username is None:
        raise TrunkInvalid("to register takes a user name: give --user, and --password")
    if trunk.password is not None and trunk.username is None:
        raise TrunkInvalid("a password takes a user name: give --user")
    beside = (words for other in others for words in _beside(trunk, other))
    return tuple(dict.fromkeys((*_own_oddities(trunk), *beside)))


def _own_oddities(trunk: Trunk) -> Iterable[str]:
    if trunk.username is not None and trunk.password is None:
        yield "it has a user name and no password: whoever asks for one will not let us in"
    if trunk.registers and not networks_of(trunk):
        yield "no calls are taken from it: name the networks that it calls from with --inbound"
    for network in trunk.inbound:
        if network.prefixlen <= WIDE:
            yield f"{network} is a very wide network: everybody in it may call"
    for one, other in combinations(trunk.inbound, 2):
        if _overlap(one, other):
            yield f"{one} and {other} overlap, which does no harm"
    if trunk.srtp is not Srtp.OFF and trunk.transport != "tls":
        yield f"the keys of encrypted audio travel readable over {trunk.transport}: use --transport tls"


def _beside(trunk: Trunk, other: Trunk) -> Iterable[str]:
    for own in trunk.inbound:
        if own in other.inbound:
            raise TrunkInvalid(
                f"{own} belongs to the trunk {other.name} already, and a call from there could be either's: "
                f"take it away there (`offhook trunk add {other.name} --replace …`), or name other addresses here"
            )
    for own in networks_of(trunk):
        for theirs in networks_of(other):
            if own == theirs:
                first = min(trunk, other, key=lambda each: (each.priority, each.name))
                yield f"the trunk {other.name} has the address {own} too: calls from there are taken to be {first.name}'s"
            elif _overlap(own, theirs):
                narrow = trunk if own.prefixlen > theirs.prefixlen else other
                yield (
                    f"{own} and {theirs} of the trunk {other.name} overlap: calls from an address in both are taken to "
                    f"be {narrow.name}'s, whose network is the smaller one"
                )
    if trunk.host == other.host and trunk.username == other.username and trunk.port == other.port:
        yield f"the trunk {other.name} has the same host, port and user name"


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)

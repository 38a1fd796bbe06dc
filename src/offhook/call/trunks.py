"""Trunks: the carriers and PBXs that numbers go out by and calls come from; which one it is, decided without I/O."""

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from offhook.call.ip_addresses import Address, Network, read_ip_address, read_ip_network

LAST_PRIORITY = 1_000_000
"""After every trunk that has been given a priority."""
ANSWERED_BY_NOBODY = 700
"""From here on a status is the SIP library's own: no address was found for the host (702), for instance."""
OF_THE_TRUNK = frozenset({401, 407, 408, 430, 477, 478})
"""Final answers below 500 that tell of the trunk and not of the called side: it asked for credentials that we do not
have or did not take them, found nobody in time, lost a flow, or, as Kamailio says it, could not reach the next hop (477, 478)."""

WITHOUT_PASSWORD = "none is kept here: give it with `offhook trunk add {} --replace … --password-file -`"
"""What to do about a trunk, by its name, whose password was never given, or lost with the key that it was sealed with."""


class Srtp(StrEnum):
    """Whether audio is encrypted."""

    OFF = "off"
    OPTIONAL = "optional"
    """Offered, and taken where the far end offers it."""
    REQUIRED = "required"
    """A call without it is not made."""


class SipTransport(StrEnum):
    """What SIP messages travel by."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class CallerIdRule(StrEnum):
    """What a trunk is told as the caller; a rule that is none of these is a number that is always told."""

    AS_IS = "as-is"
    DIGITS = "digits"
    """The digits alone."""
    E164 = "e164"
    """A plus and digits; what begins with a single 0, or has letters in it, stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """A carrier or PBX."""

    sid: str
    name: str
    host: str
    """A host name or an IP address (of version 6 without brackets)."""
    port: int | None = None
    """None asks DNS where it can (SRV), or takes the transport's usual one."""
    transport: SipTransport = SipTransport.UDP
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    registers: bool = False
    inbound: tuple[Network, ...] = ()
    """Where its calls come from, besides `host` where that is an IP address."""
    prefixes: tuple[str, ...] = ()
    """How the numbers begin that it takes; all numbers where there are none."""
    caller_id: str = CallerIdRule.AS_IS
    """A `CallerIdRule`, or the number that is always told."""
    priority: int = 10
    """Among trunks that match a number equally well the lowest is tried first."""
    srtp: Srtp = Srtp.OFF
    is_enabled: bool = True

    @property
    def host_port(self) -> str:
        """As it stands in a SIP URI: `host` or `host:port`, an address of version 6 in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def credentials(self) -> tuple[str, str] | None:
        """What answers whoever asks for a password; None where there is none: an empty one would be a wrong one."""
        if self.username is None or self.password is None:
            return None
        return self.username, self.password

    def uri(self, user: str) -> str:
        """The SIP URI of somebody, or with an empty `user` of nobody, at the trunk."""
        at = f"{user}@" if user else ""
        suffix = "" if self.transport is SipTransport.UDP else f";transport={self.transport}"
        return f"sip:{at}{self.host_port}{suffix}"

    def caller(self, caller: str) -> str:
        """Whom the trunk is told as the caller, by its rule."""
        match self.caller_id:
            case CallerIdRule.AS_IS:
                return caller
            case CallerIdRule.DIGITS:
                return re.sub(r"[^0-9]", "", caller) or caller
            case CallerIdRule.E164:
                return _as_e164(caller)
            case number:
                return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to call somebody: a SIP URI, and over which trunk."""

    uri: str
    trunk: Trunk | None = None
    caller: str | None = None
    """Who calls, where the trunk has a rule for it."""
    credentials: tuple[str, str] | None = field(default=None, repr=False)
    srtp: Srtp = Srtp.OFF
    next_hop: tuple[str, int] | None = None
    """The host and port that serve the trunk, where DNS names some (SRV)."""

    @property
    def route(self) -> str:
        """The SIP URI of the next hop; empty where the URI itself says it."""
        if self.next_hop is None or self.trunk is None:
            return ""
        host, port = self.next_hop
        return f"sip:{host}:{port};transport={self.trunk.transport};lr"


def ways_to(
    number: str, trunks: Iterable[Trunk], caller: str, is_down: Callable[[Trunk], bool] = lambda _trunk: False
) -> tuple[Way, ...]:
    """How `caller` may reach a number, in the order in which it is tried; empty where no trunk takes it."""
    return tuple(
        Way(
            uri=trunk.uri(number),
            trunk=trunk,
            caller=trunk.caller(caller),
            credentials=trunk.credentials,
            srtp=trunk.srtp,
        )
        for trunk in trunks_for(number, trunks, is_down)
    )


def trunks_for(
    number: str, trunks: Iterable[Trunk], is_down: Callable[[Trunk], bool] = lambda _trunk: False
) -> tuple[Trunk, ...]:
    """The trunks that a number goes out by, in order: those that are up first, then by the longest prefix, then by
    priority."""
    plain = re.sub(r"[^0-9+*#]", "", number)
    found = [(trunk, _longest_prefix(trunk, plain)) for trunk in trunks if trunk.is_enabled]
    matching = [(trunk, length) for trunk, length in found if length is not None]
    matching.sort(key=lambda pair: (is_down(pair[0]), -pair[1], pair[0].priority, pair[0].name))
    return tuple(trunk for trunk, _ in matching)


def tries_next(sip_status: int | None) -> bool:
    """Whether the next trunk is tried after a call that did not ring ended so; None is one that got no answer.

    What the called side answers itself (486, 600, 603, 404 and so on) is never asked of another trunk.
    """
    if sip_status is None:
        return True
    return sip_status in OF_THE_TRUNK or 500 <= sip_status < 600 or sip_status >= ANSWERED_BY_NOBODY


def trunk_of(address: str, trunks: Iterable[Trunk]) -> Trunk | None:
    """The trunk whose calls come from an address: that of the longest network; None for nobody's.

    Names are never looked up here, so a host that resolves to nothing, or to anything, matches nothing.
    """
    parsed = _address(address)
    if parsed is None:
        return None
    best: tuple[int, int, str] | None = None
    found: Trunk | None = None
    for trunk in trunks:
        lengths = [network.prefixlen for network in networks_of(trunk) if parsed in network]
        if not lengths or not trunk.is_enabled:
            continue
        rank = (-max(lengths), trunk.priority, trunk.name)
        if best is None or rank < best:
            best, found = rank, trunk
    return found


def networks_of(trunk: Trunk) -> tuple[Network, ...]:
    """Where a trunk's calls come from: its inbound networks, and its host where that is an IP address."""
    own = _address(trunk.host)
    if own is None or trunk.priority == LAST_PRIORITY:
        return trunk.inbound
    return (*trunk.inbound, read_ip_network(str(own)))


def _longest_prefix(trunk: Trunk, number: str) -> int | None:
    """How much of a number a trunk's prefixes say; None where it does not take the number."""
    if not trunk.prefixes:
        return 0
    return max((len(prefix) for prefix in trunk.prefixes if number.startswith(prefix)), default=None)


def _address(text: str) -> Address | None:
    try:
        address = read_ip_address(text.strip("[]"))
    except ValueError:
        return None
    # A socket of both families tells an IPv4 peer as ::ffff:192.0.2.1.
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _as_e164(caller: str) -> str:
    plain = re.sub(r"[ ()./-]", "", caller)
    if plain.startswith("00"):
        plain = f"+{plain[2:]}"
    if re.fullmatch(r"\+[0-9]{2,}", plain):
        return plain
    return f"+{plain}" if re.fullmatch(r"[1-9][0-9]{6,}", plain) else caller

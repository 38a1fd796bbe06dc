"""Why one side of a call is likely not heard, in a sentence for whoever can change it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from offhook.pjsua.one_way import NOTHING_AFTER_S, STOPPED_AFTER_S, Flow, OneWay
from offhook.pjsua.packet_filter import IpAddress, Source

INNER = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",  # between a provider's NAT and its customers' (RFC 6598)
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOfAudio:
    """What is known of a call's audio when one side is not heard."""

    flow: Flow
    codec: str = ""
    """The one that was agreed on."""
    sent_to: Source | None = None
    """Where the far end wants to hear, by its SDP."""
    came_from: Source | None = None
    """Where its last packet came from, whether it could be read or not."""
    signalling: frozenset[IpAddress] = frozenset()
    """Where its signalling comes from."""
    advertised: Source | None = None
    """Where our SDP said that we hear."""
    refused: int = 0
    """Packets of others that were not let in."""


def is_inner(address: IpAddress, local: Iterable[IPv4Network | IPv6Network] = ()) -> bool:
    """Whether an address means something inside of one network alone, or belongs to one of these."""
    return any(address in network for network in (*INNER, *local) if network.version == address.version)


def why(found: OneWay, known: KnownOfAudio) -> str:
    """What was seen, and its likely cause."""
    return f"{_seen(found, known)} {_cause(found, known)}"


def _seen(found: OneWay, known: KnownOfAudio) -> str:
    to = f" to {_shown(known.sent_to)}" if known.sent_to is not None else ""
    sent = f"{known.flow.sent} packets were sent{to}" if known.flow.sent else f"none could be sent{to} either"
    match found:
        case OneWay.NOTHING_CAME:
            return (
                f"The far end is not heard: no audio came from it within {NOTHING_AFTER_S:.0f} s, and {sent}."
            )
        case OneWay.STOPPED:
            return (
                f"The far end is no longer heard: its audio stopped after {known.flow.received} packets, {STOPPED_AFTER_S:.0f} s ago, "
                f"while ours goes on{to}."
            )
        case OneWay.UNREADABLE:
            return f"The far end is not heard: {known.flow.received} packets came from it, and none could be used."


def _cause(found: OneWay, known: KnownOfAudio) -> str:
    if found is OneWay.UNREADABLE:
        agreed = f" ({known.codec})" if known.codec else ""
        return f"It likely sends another codec than was agreed on{agreed}: compare the codecs that it offers with OFFHOOK_CODECS."
    if known.came_from is not None and found is OneWay.NOTHING_CAME:
        return (
            f"Packets do come from {_shown(known.came_from)}, and none can be read: it likely encrypts them otherwise than was agreed "
            f"on, or not at all (OFFHOOK_SRTP, or --srtp of the trunk)."
        )
    if found is OneWay.STOPPED:
        return (
            "Either it, or a router or firewall between, ended the way that its packets took; a NAT that forgets its mappings does so, "
            "and so does a far end that moved to another network."
        )
    return _cause_of_nothing(known)


def _cause_of_nothing(known: KnownOfAudio) -> str:
    outside = [address for address in sorted(known.signalling, key=int) if not is_inner(address)]
    if known.advertised is not None and is_inner(known.advertised.address) and outside:
        return (
            f"Our SDP says {known.advertised.address}, which {outside[0]} cannot reach: set OFFHOOK_PUBLIC_ADDRESS to the address that "
            f"this machine has on the outside (`offhook doctor --nat` finds it)."
        )
    if known.refused:
        return f"{known.refused} packets came from other addresses than those that it named or signals from, and were not let in."
    if known.sent_to is not None and is_inner(known.sent_to.address) and outside:
        return (
            f"Its SDP says {known.sent_to.address}, an address inside of its own network, while its signalling comes from {outside[0]}: "
            f"it is behind NAT, our packets do not get there, and it sent none that would show the way. Have it send audio at once, or "
            f"use STUN, or forward its audio ports."
        )
    here = (
        f"UDP port {known.advertised.port} of {known.advertised.address}" if known.advertised else "our ports"
    )
    return (
        f"Not one packet arrived at {here}: a firewall or a router before us likely does not let them in. Open the ports of "
        f"OFFHOOK_RTP_PORTS for UDP, and forward them where there is NAT."
    )


def _shown(source: Source) -> str:
    host = f"[{source.address}]" if source.address.version == 6 else str(source.address)
    return host if source.port is None else f"{host}:{source.port}"

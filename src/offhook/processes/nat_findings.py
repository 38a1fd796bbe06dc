"""What is wrong with the way from the outside to us, each in a sentence that says what to change. Pure."""

from collections.abc import Iterator
from ipaddress import ip_address

from offhook.pjsua.one_way_cause import is_inner
from offhook.processes.nat_look import NatLook
from offhook.processes.public_address import is_address

GOOD, NOTE, BAD = "ok", "note", "wrong"

Finding = tuple[str, str]
"""How it is, and the sentence."""


def nat_findings(look: NatLook) -> Iterator[Finding]:
    """All of them."""
    yield (
        GOOD,
        f"SIP and audio are bound to {look.bound}; this machine has {', '.join(look.interfaces) or 'no address'}",
    )
    for trouble in look.troubles:
        yield BAD, trouble
    if _is_loopback(look.bound):
        yield (
            BAD,
            f"{look.bound} is reached by this machine alone: set OFFHOOK_SIP_HOST=0.0.0.0, or an address of this machine",
        )
    if look.advertised is not None:
        yield from _advertised(look, look.advertised)
        yield from _looped(look, look.advertised)
    yield from _ports(look)
    yield from _local(look)


def _advertised(look: NatLook, advertised: str) -> Iterator[Finding]:
    seen = look.seen[0] if look.seen else None
    told = f"SDP and Contact say {advertised}"
    is_ours = advertised in look.interfaces
    if seen is not None and seen.address == advertised:
        yield GOOD, f"{told}, and {seen.server} sees our packets come from there"
    elif seen is not None and is_inner(ip_address(advertised)) and not is_inner(ip_address(seen.address)):
        yield BAD, f"{told}, which nobody outside can reach: set OFFHOOK_PUBLIC_ADDRESS={seen.address}"
    elif seen is not None:
        yield (
            BAD,
            f"{told}, and {seen.server} sees our packets come from {seen.address}: answers go elsewhere than where we are. Set "
            f"OFFHOOK_PUBLIC_ADDRESS={seen.address}, unless another machine forwards {advertised} to us",
        )
    elif not is_address(advertised) or not is_inner(ip_address(advertised)):
        where = (
            "an address of this machine" if is_ours else "none of this machine, so NAT is expected before us"
        )
        yield GOOD, f"{told}, {where}; with --stun host:port it is compared with what the outside sees"
    elif not _is_loopback(advertised):
        yield (
            NOTE,
            f"{told}, which is reached inside of its own network alone. For carriers and phones elsewhere set "
            f"OFFHOOK_PUBLIC_ADDRESS to the address that the outside sees, or to stun:host:port; with --stun host:port it is found now",
        )


def _looped(look: NatLook, advertised: str) -> Iterator[Finding]:
    if look.looped_from is not None:
        yield GOOD, f"a packet that was sent to {advertised} arrived here, from {look.looped_from}"
        if look.looped_from not in (*look.interfaces, advertised, look.bound):
            yield (
                NOTE,
                f"it seemed to come from {look.looped_from}: phones in our own network that use {advertised} will be taken for it",
            )
    elif advertised in look.interfaces:
        yield (
            BAD,
            f"a packet that was sent to {advertised}, our own address, did not arrive: a firewall of this machine drops it",
        )
    else:
        yield (
            NOTE,
            f"a packet that was sent to {advertised} did not come back. Many routers do not send back to where it came from; "
            f"otherwise the ports are not forwarded to this machine",
        )


def _ports(look: NatLook) -> Iterator[Finding]:
    if not look.seen:
        return
    ports = f"UDP port {look.sip_port} (SIP) and {look.rtp_ports} (audio)"
    first = look.seen[0]
    if any((other.address, other.port) != (first.address, first.port) for other in look.seen[1:]):
        yield (
            BAD,
            f"{first.server} and {look.seen[1].server} see other ports for one of ours: the NAT makes a way for each far end alone, "
            f"and nobody whom we have not sent to gets in. Forward {ports} to this machine",
        )
    elif first.address in look.interfaces:
        yield GOOD, f"there is no NAT before us; a firewall must let {ports} in"
    elif first.port != first.from_port:
        yield (
            NOTE,
            f"the NAT changes ports ({first.from_port} to {first.port}), and what SDP says is ours: forward {ports} to the same "
            f"ports of this machine",
        )
    else:
        yield NOTE, f"there is NAT before us: forward {ports} to the same ports of this machine"
    if look.is_in_container:
        yield (
            NOTE,
            f"this is a container: publish {look.rtp_ports}/udp under the same numbers, or use the host's network",
        )


def _local(look: NatLook) -> Iterator[Finding]:
    inner = [text for text in look.interfaces if is_inner(ip_address(text)) and not _is_loopback(text)]
    if look.setting is None or look.advertised in inner or not inner:
        return
    if not any(ip_address(text) in network for text in inner for network in look.local_networks):
        yield (
            NOTE,
            f"phones and PBXs in the network of {inner[0]} are told {look.advertised}, too: if there are any, set "
            f"OFFHOOK_LOCAL_NETWORKS to their network",
        )


def _is_loopback(text: str) -> bool:
    return is_address(text) and ip_address(text).is_loopback

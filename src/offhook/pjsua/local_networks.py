"""Who reaches us by our own address although the outside has another one: phones and PBXs of networks that are set.

Everything here runs on the owner thread.
"""

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from offhook.call.trunks import SipTransport
from offhook.pjsua.far_end import EDGE_HEADER, source_of
from offhook.pjsua.invite import first_header, headers_of
from offhook.pjsua.packet_filter import IpAddress

EVERY_HOST = "0.0.0.0"
ANY_PORT = 9
VIA = re.compile(r"SIP\s*/\s*2\.0\s*/\s*([A-Za-z]+)")
URI_HOST = re.compile(r"^sips?:(?:[^@]*@)?([0-9.]+)(?=[:;?>]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Inner:
    """How one of them reaches us."""

    address: str
    """Ours."""
    transport: SipTransport


class LocalNetworks:
    """The networks, and by which address of ours they know us."""

    def __init__(self, networks: Iterable[IPv4Network | IPv6Network], bound_host: str) -> None:
        # Only IPv4 has a public address that is not an address of this machine.
        self._networks = tuple(network for network in networks if isinstance(network, IPv4Network))
        self._bound_host = bound_host

    def __bool__(self) -> bool:
        return bool(self._networks)

    def of_invite(self, message: str, source: str) -> Inner | None:
        """How whoever sent an INVITE from `source` reaches us; None where by the public address."""
        if not self._networks:
            return None
        headers = headers_of(message)
        sender = source_of(source)
        address: IpAddress | None = sender.address if sender is not None else None
        told = first_header(headers, EDGE_HEADER).partition(" ")[0]
        if address is not None and address.is_loopback and told:  # an edge of ours is in front
            behind = source_of(f"{told}:1")
            address = behind.address if behind is not None else None
        found = VIA.match(first_header(headers, "Via"))
        transport = found.group(1).lower() if found else SipTransport.UDP
        return self._inner(address, transport)

    def of_uri(self, uri: str, transport: str) -> Inner | None:
        """How whoever is called at a SIP URI reaches us; a name counts as outside."""
        found = URI_HOST.match(uri) if self._networks else None
        source = source_of(f"{found.group(1)}:1") if found else None
        return self._inner(source.address, transport) if source is not None else None

    def _inner(self, address: IpAddress | None, transport: str) -> Inner | None:
        if not isinstance(address, IPv4Address) or transport not in set(SipTransport):
            return None
        if not any(address in network for network in self._networks):
            return None
        own = self._own_address_towards(address)
        return Inner(own, SipTransport(transport)) if own is not None else None

    def _own_address_towards(self, address: IPv4Address) -> str | None:
        """The address of ours that packets to somebody leave by; nothing is sent."""
        if self._bound_host != EVERY_HOST:
            return self._bound_host
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((str(address), ANY_PORT))
            except OSError:  # there is no way to it
                return None
            return str(probe.getsockname()[0])

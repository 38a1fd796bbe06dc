"""Who reaches us by which address: phones and PBXs of networks that are set by our own, the outside by the public one.

The library tells the public one in Contact to who calls over UDP; over TCP and TLS it tells the bound one, where the outside finds nobody. So
callers from outside over those are told it as the networks are told theirs.

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
BY_CONNECTION = (SipTransport.TCP, SipTransport.TLS)
URI_HOST = re.compile(r"^sips?:(?:[^@]*@)?([0-9.]+)(?=[:;?>]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Inner:
    """How one of them reaches us."""

    address: str
    """Ours."""
    transport: SipTransport


class LocalNetworks:
    """The networks, and by which address of ours they know us."""

    def __init__(
        self, networks: Iterable[IPv4Network | IPv6Network], bound_host: str, *, public_address: str = ""
    ) -> None:
        """`public_address` is told to callers over TCP and TLS from anywhere else; empty where there is none."""
        self.public_address = public_address
        # Only IPv4 has a public address that is not an address of this machine.
        self._networks = tuple(network for network in networks if isinstance(network, IPv4Network))
        self._bound_host = bound_host

    def __bool__(self) -> bool:
        return bool(self._networks or self.public_address)

    def moved(self, public_address: str) -> None:
        """The outside knows us by another address from now on."""
        self.public_address = self.public_address and public_address

    def of_invite(self, message: str, source: str) -> Inner | None:
        """How whoever sent an INVITE from `source` reaches us; None where as the library says of itself."""
        if not self:
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
        inner = self._inner(address, transport)
        if inner is None and self.public_address and transport in BY_CONNECTION:
            return Inner(self.public_address, SipTransport(transport))
        return inner

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

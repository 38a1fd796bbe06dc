"""The ports on which this server itself listens: no webhook may go there, whatever is allowed.

A customer's URL that leads to REST, to a worker's door or to the database would speak with them from inside, as one of
us. They are told apart by port and by machine: the same port on another machine is somebody else's.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address
from urllib.parse import urlsplit

THIS_NETWORK = IPv4Network("0.0.0.0/8")
POSTGRESQL_PORT = 5432
DATABASE = "the database"
DISCARD_PORT = 9
"""Any would do: nothing is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPorts:
    """What listens where, each with its name for people."""

    here: Mapping[int, str] = field(default_factory=dict)
    """By port, on every address of this machine."""
    also_here: frozenset[str] = frozenset()
    """Addresses under which others know this machine, though it does not have them itself."""
    elsewhere: Mapping[tuple[str, int], str] = field(default_factory=dict)
    """By address and port, on another machine: the database."""

    def at(self, address: IPv4Address | IPv6Address, port: int) -> str | None:
        """The name of what listens there; None where it is not ours."""
        found = self.elsewhere.get((str(address), port))
        if found is not None:
            return found
        found = self.here.get(port)
        if found is None or not (str(address) in self.also_here or is_this_machine(address)):
            return None
        return found


NOTHING = OwnPorts()


def with_database(own: OwnPorts, url: str) -> OwnPorts:
    """`own` and where the database of a SQLAlchemy URL listens, as its name resolves now. Blocks."""
    scheme, _, rest = url.partition("://")
    if not scheme.startswith("postgresql"):
        return own
    try:
        parts = urlsplit(f"postgresql://{rest}")
        host, port = parts.hostname, parts.port or POSTGRESQL_PORT
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM) if host else []
    except (OSError, ValueError):
        # What cannot be resolved or read leads nowhere today; Offhook itself will say so.
        return own
    addresses = [ip_address(str(info[4][0])) for info in found]
    if any(is_this_machine(address) for address in addresses):
        return replace(own, here={**own.here, port: DATABASE})
    named = {(str(address), port): DATABASE for address in addresses}
    return replace(own, elsewhere={**own.elsewhere, **named})


def is_this_machine(address: IPv4Address | IPv6Address) -> bool:
    """Whether a connection to `address` stays on this machine."""
    if address.is_loopback or address.is_unspecified or address in THIS_NETWORK:
        return True
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            # Sends nothing: the kernel only says which address of ours it would be sent from. To one of our own, it is
            # sent from that one.
            probe.connect((str(address), DISCARD_PORT))
            return bool(probe.getsockname()[0] == str(address))
        except OSError:
            return False

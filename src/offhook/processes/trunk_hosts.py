"""Which address a host has, asked before it is called: the SIP library, and a proxy in front, would wait for DNS with
everything else standing still."""

import asyncio
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from offhook.call.errors import OffhookError
from offhook.call.ip_addresses import is_ip_address
from offhook.call.trunks import SipTransport, Way
from offhook.pjsua.sip_uris import target_of, transport_of

PATIENCE_S = 2.0
"""How long DNS may take; a trunk that is known no sooner is passed over."""
KEEP_S, KEEP_FAULT_S = 5.0, 10.0
"""How long an answer holds, and how long that there is none."""
AT_ONCE = 8
"""How many names of trunks are asked for at once, and how many of SIP URIs. Where DNS says nothing, each holds a thread for as long as the
machine's resolver waits, up to half a minute: the names that somebody dials hold up neither trunks nor anything else."""
MOST_KEPT = 1000
"""Names that are remembered."""
SIP_PORT, TLS_PORT = 5060, 5061
BY_OTHER_MEANS = (";alias=", ";maddr=")
"""In the URI of a phone, which says where that registered from; and of one that is called somewhere else than at its host."""
Addresses = tuple[str, ...]


class HostUnknown(OffhookError):
    """A host has no address."""


def addresses_of(host: str) -> Addresses:
    """The addresses of a host, those of version 4 first, which our audio is bound to. Blocks; raises OSError."""
    found = [str(told[4][0]) for told in socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)]
    return tuple(sorted(dict.fromkeys(found), key=lambda address: ":" in address))


class TrunkHosts:
    """Looks hosts up, each once at a time. Belongs to the event loop."""

    def __init__(
        self,
        *,
        lookup: Callable[[str], Addresses] = addresses_of,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`lookup` may block; it raises OSError."""
        self._lookup = lookup
        self._clock = clock
        self._known: dict[str, tuple[float, Addresses, str]] = {}
        self._asking: dict[str, asyncio.Future[tuple[Addresses, str]]] = {}
        self._of_trunks = ThreadPoolExecutor(AT_ONCE, "trunk-names")
        self._of_others = ThreadPoolExecutor(AT_ONCE, "dialled-names")

    async def place(self, way: Way, *, rather: str = "") -> str:
        """Where a way leads: a SIP URI with an address in place of a name; empty where the way's own URI says more than that.
        Raises HostUnknown.

        `rather` is one of before, which is given again as long as the host has its address.
        """
        target = _target(way)
        if target is None:
            return ""
        host, port, transport = target
        if is_ip_address(host):
            return _uri(host, port, transport)
        addresses, why = await self._ask_once(host, self._of_trunks if way.trunk else self._of_others)
        if not addresses:
            raise HostUnknown(f"its host {host} has no address ({why})")
        places = [_uri(address, port, transport) for address in addresses]
        return rather if rather in places else places[0]

    async def _ask_once(self, host: str, threads: ThreadPoolExecutor) -> tuple[Addresses, str]:
        known = self._known.get(host)
        if known is not None and self._clock() < known[0]:
            return known[1:]
        asking = self._asking.get(host)
        if asking is None:
            asking = asyncio.get_running_loop().run_in_executor(threads, self._ask, host)
            self._asking[host] = asking
            asking.add_done_callback(lambda _done: self._asking.pop(host, None))
        try:
            async with asyncio.timeout(PATIENCE_S):
                found = await asyncio.shield(asking)
        except TimeoutError:
            found = (), f"DNS did not answer within {PATIENCE_S:g} s"
        self._known.pop(host, None)
        self._known[host] = (self._clock() + (KEEP_S if found[0] else KEEP_FAULT_S), *found)
        if len(self._known) > MOST_KEPT:
            del self._known[next(iter(self._known))]
        return found

    def _ask(self, host: str) -> tuple[Addresses, str]:
        try:
            return self._lookup(host), "DNS names none"
        except OSError as error:
            return (), error.strerror or str(error)
        except UnicodeError:
            return (), "it is no host name"


def _target(way: Way) -> tuple[str, int, str] | None:
    if way.trunk is not None:
        host, port = way.next_hop or (way.trunk.host, way.trunk.port)
        transport: str = way.trunk.transport
    else:
        named = target_of(way.uri)
        if named is None or any(word in way.uri.lower() for word in BY_OTHER_MEANS):
            return None
        (host, port), transport = way.next_hop or named, transport_of(way.uri)
    return host, port or (TLS_PORT if transport == SipTransport.TLS else SIP_PORT), transport


def _uri(address: str, port: int, transport: str) -> str:
    return f"sip:{f'[{address}]' if ':' in address else address}:{port};transport={transport}"

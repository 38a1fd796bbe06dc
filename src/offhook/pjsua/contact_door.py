"""Where far ends are asked: at their Contact, or where they sent from, where that is no place we could ask at.

A phone behind NAT names the address of its own network; a machine with both versions of IP may name an address of version 6 in an INVITE that it
sends over version 4. The library would send our BYE into nowhere, and our ACK of such an answer; to such an INVITE it answers 500, as it has
no way there. So such a Contact is read as the address that the message came from, before the library makes a dialog of it: in requests, and in
answers to ours. What names a place that can be asked is left alone, whatever its port: many a carrier sends from one and listens at another.

Nothing is changed in a call that proxies want to see all of (Record-Route), which are asked instead, nor where one passed a request on: where it
came from is the proxy, then. Answers do not tell of proxies that want no more of a call, and those know nothing of it.

A Contact without a transport is asked over UDP (RFC 3263, 4.1). One that came over TLS is not: what is said in an encrypted call, keys among it,
is not sent in clear because somebody left a word out.

It relies on where `pjsip_contact_hdr` and `pjsip_sip_uri` keep what they hold, and checks what it finds there. Everything here
runs on the owner thread.
"""

import ctypes
from collections.abc import Callable, Collection

from offhook.pjsua.c_library import Text, c_library
from offhook.pjsua.library_module import pointing_functions
from offhook.pjsua.packet_filter import IpAddress
from offhook.pjsua.parsed_headers import has_a_route, has_passed_a_proxy, header_at, open_headers
from offhook.pjsua.reachability import is_of_other_version, leads_nowhere
from offhook.pjsua.received import Received

POOL_AT = 0
"""In `pjsip_rx_data`: memory that lives as long as the message."""
ADDRESS_AT = 72
"""In a Contact header."""
VTABLE_AT, SCHEME_OF, URI_OF = 0, 0, 8
"""In each URI, and the functions that each kind of them has."""
HOST_AT, PORT_AT, TRANSPORT_AT, MADDR_AT = 40, 56, 96, 120
"""In `pjsip_sip_uri`."""
SET_UP_BY = ("INVITE", "UPDATE", "REFER", "SUBSCRIBE", "NOTIFY")
"""Requests whose Contact, and whose answers', the library takes for where later ones go (RFC 3261, 12.2; RFC 3311; RFC 6665)."""
TAKEN = (b"SIP/2.0 1", b"SIP/2.0 2")
"""How answers begin whose Contact it takes for that."""
SIP, SIPS, TLS = "sip", "sips", "tls"
LONGEST_HOST = 256

Of = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)


class ContactDoor:
    """Sees each request that is let in, and each answer."""

    def __init__(self, by: Collection[str], *, is_direct: Callable[[str], bool]) -> None:
        """`by` are the transports whose messages it looks at: udp, tcp, tls; `is_direct` is whether no proxies want to see all of the
        call with a Call-ID, as far as that is known."""
        self._by = frozenset(by)
        self._is_direct = is_direct
        self._contact = Text.of("Contact")

    def open(self) -> None:
        """Be able to look; the library is initialised. Raises ModuleRefused."""
        pointing_functions("pj_strdup2")
        open_headers()

    def came(self, data: int, received: Received) -> None:
        """Correct the Contact of a request; `data` is the address of the `pjsip_rx_data`."""
        source, uri = self._looked_at(received, received.method)
        if source is None or not uri:
            return
        host, is_passed_on = _place(uri), has_passed_a_proxy(received)
        # To an INVITE with an address that there is no way to the library says 500, whoever brought it.
        has_no_way = is_of_other_version(host, source) and not (received.to_tag and is_passed_on)
        if has_no_way or (not is_passed_on and leads_nowhere(host, source)):
            self._ask_where_it_came_from(uri, data, received)
        elif not is_passed_on and received.transport == TLS and not _text(uri + TRANSPORT_AT):
            _write(uri + TRANSPORT_AT, TLS, data)

    def answered(self, data: int, received: Received) -> None:
        """Correct the Contact of an answer to a request of ours; `data` is the address of the `pjsip_rx_data`."""
        source, uri = self._looked_at(received, received.cseq_method)
        if source is None or not uri or not received.text.startswith(TAKEN):
            return
        host = _place(uri)
        if is_of_other_version(host, source) or leads_nowhere(host, source):
            self._ask_where_it_came_from(uri, data, received)

    def _looked_at(self, received: Received, method: str) -> tuple[IpAddress | None, int]:
        """Where it came from, and the `pjsip_sip_uri` of its Contact; None and 0 where that is not ours to look at."""
        if method not in SET_UP_BY or received.transport not in self._by:
            return None, 0
        schemes = (SIP, SIPS) if received.transport == TLS else (SIP,)
        return received.source, _sip_uri(header_at(received, self._contact), schemes)

    def _ask_where_it_came_from(self, uri: int, data: int, received: Received) -> None:
        if has_a_route(received) or not self._is_direct(received.call_id):
            return
        host, _, port = received.source_name.rpartition(":")
        transport = "" if received.transport == "udp" else received.transport
        for place, value in ((HOST_AT, host.strip("[]")), (TRANSPORT_AT, transport), (MADDR_AT, "")):
            _write(uri + place, value, data)
        ctypes.c_int.from_address(uri + PORT_AT).value = int(port)


def _write(place: int, value: str, data: int) -> None:
    pool = ctypes.c_void_p(_pointer(data + POOL_AT))
    c_library().pj_strdup2(pool, ctypes.c_void_p(place), value.encode())


def _sip_uri(contact: int, schemes: tuple[str, ...]) -> int:
    """The `pjsip_sip_uri` of a Contact header; 0 where it has none of these schemes."""
    address = _pointer(contact + ADDRESS_AT) if contact else 0
    uri = _ask(URI_OF, address) if address else 0
    scheme = _ask(SCHEME_OF, uri) if uri else 0
    return uri if scheme and _text(scheme).lower() in schemes else 0


def _place(uri: int) -> str:
    """The host that is asked at a URI (RFC 3261, 19.1.1)."""
    return _text(uri + MADDR_AT) or _text(uri + HOST_AT)


def _ask(function: int, uri: int) -> int:
    return Of(_pointer(_pointer(uri + VTABLE_AT) + function))(uri) or 0


def _pointer(address: int) -> int:
    return ctypes.c_void_p.from_address(address).value or 0


def _text(address: int) -> str:
    """A `pj_str_t`."""
    length = ctypes.c_ssize_t.from_address(address + ctypes.sizeof(ctypes.c_void_p)).value
    if not 0 < length <= LONGEST_HOST:
        return ""
    return ctypes.string_at(_pointer(address), length).decode("ascii", "replace")

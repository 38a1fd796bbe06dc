"""Where callers want to be asked: at their Contact, or where they called from, where that is no place we could ask at.

A machine with both versions of IP may name an address of version 6 in an INVITE that it sends over version 4. The library would
answer 500: it has no way there that the call could take. So such a Contact is read as the address that the message came from, before
the library makes a dialog of it. Proxies that want to see all of a call are asked instead of any Contact, which is then left alone.

It relies on where `pjsip_contact_hdr` and `pjsip_sip_uri` keep what they hold, and checks what it finds there. Everything here
runs on the owner thread.
"""

import ctypes
from ipaddress import IPv6Address

from offhook.pjsua.c_library import Text, c_library
from offhook.pjsua.library_module import pointing_functions
from offhook.pjsua.received import Received

POOL_AT = 0
"""In `pjsip_rx_data`: memory that lives as long as the message."""
ADDRESS_AT = 72
"""In a Contact header."""
VTABLE_AT, SCHEME_OF, URI_OF = 0, 0, 8
"""In each URI, and the functions that each kind of them has."""
HOST_AT, PORT_AT, TRANSPORT_AT, MADDR_AT = 40, 56, 96, 120
"""In `pjsip_sip_uri`."""
SET_UP_BY = ("INVITE", "UPDATE")
"""Requests whose Contact is where later ones go (RFC 3261, 12.2; RFC 3311)."""
LONGEST_HOST = 64

Of = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)


class ContactDoor:
    """Sees each request that is let in."""

    def __init__(self) -> None:
        self._contact, self._route = Text.of("Contact"), Text.of("Record-Route")

    def open(self) -> None:
        """Be able to look; the library is initialised. Raises ModuleRefused."""
        pointing_functions("pjsip_msg_find_hdr_by_name", "pj_strdup2")

    def came(self, data: int, received: Received) -> None:
        """Correct a Contact that cannot be asked; `data` is the address of the `pjsip_rx_data`."""
        source = received.source
        if received.method not in SET_UP_BY or source is None or source.version != 4:
            return
        if self._header(received, self._route) or (received.to_tag and _has_passed_a_proxy(received.text)):
            return
        uri = _sip_uri(self._header(received, self._contact))
        if uri and _is_ipv6(_text(uri + HOST_AT)):
            self._ask_where_it_came_from(uri, data, received)

    def _header(self, received: Received, name: Text) -> int:
        found = c_library().pjsip_msg_find_hdr_by_name(
            ctypes.c_void_p(received.message), ctypes.byref(name), None
        )
        return found or 0

    def _ask_where_it_came_from(self, uri: int, data: int, received: Received) -> None:
        pool = ctypes.c_void_p(_pointer(data + POOL_AT))
        host, _, port = received.source_name.rpartition(":")
        transport = "" if received.transport == "udp" else received.transport
        for place, value in ((HOST_AT, host), (TRANSPORT_AT, transport), (MADDR_AT, "")):
            c_library().pj_strdup2(pool, ctypes.c_void_p(uri + place), value.encode())
        ctypes.c_int.from_address(uri + PORT_AT).value = int(port)


def _has_passed_a_proxy(text: bytes) -> bool:
    head = b"\n" + text.partition(b"\r\n\r\n")[0].lower()
    return head.count(b"\nvia") + head.count(b"\nv:") > 1


def _sip_uri(contact: int) -> int:
    """The `pjsip_sip_uri` of a Contact header; 0 where it has none."""
    address = _pointer(contact + ADDRESS_AT) if contact else 0
    uri = _ask(URI_OF, address) if address else 0
    scheme = _ask(SCHEME_OF, uri) if uri else 0
    return uri if scheme and _text(scheme).lower() == "sip" else 0


def _ask(function: int, uri: int) -> int:
    return Of(_pointer(_pointer(uri + VTABLE_AT) + function))(uri) or 0


def _is_ipv6(host: str) -> bool:
    try:
        return bool(IPv6Address(host))
    except ValueError:
        return False


def _pointer(address: int) -> int:
    return ctypes.c_void_p.from_address(address).value or 0


def _text(address: int) -> str:
    """A `pj_str_t`."""
    length = ctypes.c_ssize_t.from_address(address + ctypes.sizeof(ctypes.c_void_p)).value
    if not 0 < length <= LONGEST_HOST:
        return ""
    return ctypes.string_at(_pointer(address), length).decode("ascii", "replace")

"""Asks callers by the connection that they called by, for as long as it is open; from then on at their Contact.

The library finds an open connection by the address and port that it is to send to. A caller connects from whatever port it was given, and
its Contact names another one, where a soft phone, or anybody behind NAT, takes no connections: our BYE would not arrive. So the dialog is
told which connection to use, whether or not the far end asks for that as RFC 5923 has it (`;alias`), which few phones do. The Contact stays what
it is, and in the Request-URI: a PBX that closes connections which are idle is connected to there. The last request of a call says: one
by another connection moves it to that, one over UDP to the Contact.

It is not done where proxies want to see all of a call, or passed the request on: they are asked by their own rules. Nor where the Contact
names another transport in so many words; the library sends nothing then. Nor where it is a public address of another machine, as of a carrier that
calls from one and listens at another: there it is asked (RFC 3261, 12.2 and 18.1.1), unless it says that the connection is meant (`;ob` in
Contact, RFC 5626; `;alias` in Via). Calls that we made are asked by the connection that we made, where the Contact leads there, and at the Contact
elsewhere.

A connection that a call is asked by is kept by the library while the call lasts. Everything here runs on the owner thread.
"""

import ctypes
import re
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from offhook.pjsua.c_library import Text, c_library
from offhook.pjsua.library_module import ModuleRefused, pointing_functions
from offhook.pjsua.packet_filter import IpAddress
from offhook.pjsua.parsed_headers import has_passed_a_proxy, open_headers
from offhook.pjsua.reachability import is_another_machine
from offhook.pjsua.received import Received
from offhook.pjsua.sip_uris import asked_host_of, said_transport_of

log = structlog.get_logger()

UDP = "udp"
ANY, THIS_ONE = 0, 1
"""PJSIP_TPSELECTOR_NONE and PJSIP_TPSELECTOR_TRANSPORT."""
ALIAS = re.compile(
    rb"^(?:via|v)[ \t]*:[^\r\n]*;[ \t]*alias[ \t]*(?:[;,\r\n]|$)", re.IGNORECASE | re.MULTILINE
)
OUTBOUND = re.compile(r";ob(?:[;?=]|$)", re.IGNORECASE)


class Selector(ctypes.Structure):
    """`pjsip_tpselector`."""

    _fields_ = (("kind", ctypes.c_int), ("is_made_anew", ctypes.c_int), ("transport", ctypes.c_void_p))


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of a call came."""

    call_id: str
    dialog: tuple[str, str, str]
    """Its Call-ID, our tag and the far end's, as the library compares them."""
    transport: str
    connection: int
    """The `pjsip_transport` that it came by; 0 where the far end is not asked by it."""
    source: IpAddress | None
    wants_alias: bool
    """Whether the far end says that it is to be asked by its connection (RFC 5923)."""


class CallConnections:
    """Those of one engine's calls."""

    def __init__(self, contact_of: Callable[[str], str | None], *, on_used: Callable[[int], None]) -> None:
        """`contact_of` is the URI that a caller wants to be asked at, by Call-ID; None where it is no caller, or proxies are asked,
        and empty where the library does not tell. `on_used` hears of each connection that a call is asked by."""
        self._contact_of, self._on_used = contact_of, on_used
        self._news: list[Asked] = []
        self._ways: dict[str, Asked] = {}
        """By Call-ID: what the library was told."""
        self._is_open = False

    def open(self) -> None:
        """Be able to tell the library; it is initialised."""
        try:
            pointing_functions("pjsip_ua_find_dialog", "pjsip_dlg_set_transport")
            c_library().pjsip_dlg_set_transport.restype = ctypes.c_int
            open_headers()
            self._is_open = True
        except ModuleRefused as fault:
            log.warning("pjsua.connections_not_reused", reason=str(fault))

    def came(self, received: Received) -> None:
        """A request of a call was let in; the library has yet to see it."""
        transport, call_id = received.transport, received.call_id
        if not self._is_open or (transport == UDP and call_id not in self._ways):
            return
        is_direct = transport != UDP and not has_passed_a_proxy(received)
        dialog = (received.written_call_id, received.to_tag, received.from_tag)
        connection = received.connection if is_direct else 0
        wants_alias = transport != UDP and ALIAS.search(received.text) is not None
        self._news.append(Asked(call_id, dialog, transport, connection, received.source, wants_alias))

    def polled(self) -> None:
        """The library has dealt with what came: it knows the Contact, and whether tags were right."""
        if self._news:
            news, self._news = self._news, []
            for asked in news:
                try:
                    self._follow(asked)
                except Exception:
                    log.exception("pjsua.callback_broke", callback="polled")

    def closed(self, connection: int) -> None:
        """A connection is gone, or about to be."""
        if not self._ways and not self._news:
            return
        self._news = [asked for asked in self._news if asked.connection != connection]
        for way in [way for way in self._ways.values() if way.connection == connection]:
            self._tell(way, Selector(ANY))
            del self._ways[way.call_id]

    def over(self, call_id: str) -> None:
        """A call is gone; the library lets go of its connection by itself."""
        self._ways.pop(call_id, None)

    def _follow(self, asked: Asked) -> None:
        contact, before = self._contact_of(asked.call_id) or "", self._ways.get(asked.call_id)
        if asked.connection and _fits(contact, asked):
            if (before is None or before.connection != asked.connection) and self._tell(
                asked, Selector(THIS_ONE, 0, asked.connection)
            ):
                self._ways[asked.call_id] = asked
                self._on_used(asked.connection)
        elif before is not None:
            self._tell(before, Selector(ANY))
            del self._ways[asked.call_id]

    def _tell(self, asked: Asked, selector: Selector) -> bool:
        """Whether there is such a dialog."""
        names = [Text.of(name) for name in asked.dialog]
        dialog = c_library().pjsip_ua_find_dialog(*(ctypes.byref(name) for name in names), 0)
        if not dialog:
            return False
        c_library().pjsip_dlg_set_transport(ctypes.c_void_p(dialog), ctypes.byref(selector))
        return True


def _fits(contact: str, asked: Asked) -> bool:
    """Whether the connection that a request came by leads to whom its Contact means."""
    if not contact or said_transport_of(contact) not in ("", asked.transport):
        return False
    if asked.wants_alias or OUTBOUND.search(contact):
        return True
    return asked.source is None or not is_another_machine(asked_host_of(contact), asked.source)

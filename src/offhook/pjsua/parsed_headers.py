"""Headers of a message, as the library has parsed them: by their addresses. Everything here runs on the owner thread."""

import ctypes

from offhook.pjsua.c_library import Text, c_library
from offhook.pjsua.library_module import pointing_functions
from offhook.pjsua.received import Received

NEXT_AT = 8
"""In a header: the one after it. Of the last this is the list itself, where the search ends."""
VIA, RECORD_ROUTE = Text.of("Via"), Text.of("Record-Route")


def open_headers() -> None:
    """Be able to look. Raises ModuleRefused where the build does not export what it takes."""
    pointing_functions("pjsip_msg_find_hdr_by_name")


def header_at(received: Received, name: Text, after: int = 0) -> int:
    """Where the first header of a name is, or the first `after` another header; 0 where there is none."""
    begin = ctypes.c_void_p.from_address(after + NEXT_AT) if after else None
    found = c_library().pjsip_msg_find_hdr_by_name(
        ctypes.c_void_p(received.message), ctypes.byref(name), begin
    )
    return found or 0


def has_passed_a_proxy(received: Received) -> bool:
    """Whether somebody passed a request on: each who does adds a Via (RFC 3261, 16.6)."""
    own = header_at(received, VIA)
    return bool(own and header_at(received, VIA, own))


def has_a_route(received: Received) -> bool:
    """Whether proxies on its way want to see what follows (Record-Route): they are asked instead of its Contact."""
    return bool(header_at(received, RECORD_ROUTE))

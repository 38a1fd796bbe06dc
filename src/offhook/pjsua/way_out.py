"""Tells a caller for whom the library has no sockets to come again: it says 500, which is for what will not work later either.

Each call needs two audio ports, and where other programs hold some of them there are fewer than slots. The library makes the sockets before anybody
is asked, and answers by itself. So a module of ours looks at what is about to be sent while a new INVITE is dealt with: a 500 becomes a
503 with Retry-After, upon which an edge or a carrier tries the next worker too. A 500 of ours is sent at other times.

It relies on where `pjsip_tx_data` keeps its message, and checks what it finds there. Everything here runs on the owner thread.
"""

import ctypes
import time

import structlog

from offhook.pjsua.c_library import Text, c_library
from offhook.pjsua.farewell import AGAIN_S, UNAVAILABLE
from offhook.pjsua.library_module import ModuleRefused, OnRequest, module, register
from offhook.pjsua.received import WHEEL_PACKET_BYTES, Received

log = structlog.get_logger()

AFTER_THE_DOORS = 13
"""PJSIP_MOD_PRIORITY of ours: what is turned away does not come here, and nothing is written down yet."""
POOL_AT, MESSAGE_AT, NEAR_BYTES = 16, 392, 8192
"""In `pjsip_tx_data`, in every build that there is; its message is made right after it, of the same memory."""
RESPONSE, STATUS_AT, REASON_AT, HEADERS_AT = 1, 8, 16, 40
"""In `pjsip_msg`: the kind that it begins with, its status line and its headers."""
SERVER_ERROR, SAID = 500, b"Server Internal Error"
INSTEAD = "Service Unavailable"
LINE_EVERY_S = 10.0


class WayOut:
    """One engine's module. It has to be kept until the library is destroyed."""

    def __init__(self, packet_bytes: int | None) -> None:
        """`packet_bytes` is PJSIP_MAX_PKT_LEN, where the build tells it."""
        self._packet_bytes = packet_bytes or WHEEL_PACKET_BYTES
        self._module = module("way-out", AFTER_THE_DOORS)
        self._module.on_rx_request = OnRequest(self._came)
        self._on_response = OnRequest(self._goes)
        self._module.on_tx_response = ctypes.cast(self._on_response, ctypes.c_void_p).value
        self._is_new_call = False
        """Whether what is dealt with now is an INVITE of no call yet."""
        self._reason, self._name, self._again = map(Text.of, (INSTEAD, "Retry-After", str(AGAIN_S)))
        self._line_at, self._without_a_line = -LINE_EVERY_S, 0

    def open(self) -> None:
        """Have requests and answers shown from now on; the library is initialised."""
        try:
            register(self._module, "pjsip_generic_string_hdr_create")
        except ModuleRefused as fault:
            log.warning("pjsua.callers_not_told", reason=str(fault))

    def polled(self) -> None:
        """The library has dealt with what came; what is sent from here on is ours."""
        self._is_new_call = False

    def _came(self, data: int) -> int:
        """Called for each request that the doors let in; 0 leaves it to the others."""
        try:
            received = Received(data, self._packet_bytes)
            self._is_new_call = received.is_understood and received.method == "INVITE" and not received.to_tag
        except Exception:
            log.exception("pjsua.callback_broke", callback="on_rx_request")
        return 0

    def _goes(self, sent: int) -> int:
        """Called for each answer that is about to be sent; 0 lets it go."""
        try:
            if self._is_new_call and _is_server_error(sent):
                self._tell_otherwise(sent)
        except Exception:
            log.exception("pjsua.callback_broke", callback="on_tx_response")
        return 0

    def _tell_otherwise(self, sent: int) -> None:
        message, pool = _pointer(sent + MESSAGE_AT), ctypes.c_void_p(_pointer(sent + POOL_AT))
        header = c_library().pjsip_generic_string_hdr_create(
            pool, ctypes.byref(self._name), ctypes.byref(self._again)
        )
        ctypes.c_int.from_address(message + STATUS_AT).value = UNAVAILABLE
        ctypes.memmove(message + REASON_AT, ctypes.byref(self._reason), ctypes.sizeof(Text))
        c_library().pj_list_insert_before(ctypes.c_void_p(message + HEADERS_AT), ctypes.c_void_p(header))
        self._without_a_line += 1
        at = time.monotonic()
        if at - self._line_at >= LINE_EVERY_S:
            self._line_at, count, self._without_a_line = at, self._without_a_line, 0
            log.warning(
                "pjsua.call_not_taken",
                reason="no audio port or socket is left; OFFHOOK_RTP_PORTS widens the former",
                since_the_last_line=count,
            )


def _is_server_error(sent: int) -> bool:
    message = _pointer(sent + MESSAGE_AT)
    if not 0 < message - sent < NEAR_BYTES or ctypes.c_int.from_address(message).value != RESPONSE:
        return False
    reason, length = _pointer(message + REASON_AT), ctypes.c_ssize_t.from_address(message + REASON_AT + 8)
    return (
        ctypes.c_int.from_address(message + STATUS_AT).value == SERVER_ERROR
        and length.value == len(SAID)
        and ctypes.string_at(reason, len(SAID)) == SAID
    )


def _pointer(address: int) -> int:
    return ctypes.c_void_p.from_address(address).value or 0

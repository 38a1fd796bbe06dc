"""Answers requests that nobody in the library takes: PJSIP lets them fall without a word, and who sent one asks for half a minute
again. Everything here runs on the owner thread.
"""

import ctypes

import structlog

from offhook.pjsua.c_library import c_library
from offhook.pjsua.library_module import ModuleRefused, OnRequest, header_list, module, register
from offhook.pjsua.received import WHEEL_PACKET_BYTES, Received

log = structlog.get_logger()

AFTER_ALL_OTHERS = 96
"""PJSIP_MOD_PRIORITY of ours: those of applications have 64."""
ALLOWED = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY"
METHOD_NOT_ALLOWED = 405


class LastDoor:
    """One engine's module. It has to be kept until the library is destroyed."""

    def __init__(self, packet_bytes: int | None) -> None:
        """`packet_bytes` is PJSIP_MAX_PKT_LEN, where the build tells it."""
        self._packet_bytes = packet_bytes or WHEEL_PACKET_BYTES
        self._module = module("last", AFTER_ALL_OTHERS)
        self._module.on_rx_request = OnRequest(self._came)

    def open(self) -> None:
        """Have requests shown that nobody took; the library is initialised."""
        try:
            self._headers = header_list("Allow", ALLOWED)
            self._endpoint = register(self._module)
        except ModuleRefused as fault:
            log.warning("pjsua.requests_unanswered", reason=str(fault))

    def _came(self, data: int) -> int:
        """Called for each request that nobody took; 1 has taken it."""
        try:
            return int(self._answers(Received(data, self._packet_bytes), data))
        except Exception:
            log.exception("pjsua.callback_broke", callback="on_rx_request")
            return 0

    def _answers(self, received: Received, data: int) -> bool:
        if not received.is_understood or received.method == "ACK":  # which is never answered
            return False
        c_library().pjsip_endpt_respond_stateless(
            self._endpoint, ctypes.c_void_p(data), METHOD_NOT_ALLOWED, None, ctypes.byref(self._headers), None
        )
        return True

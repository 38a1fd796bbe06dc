"""Takes up messages that the library drops for a challenge, or for credentials, which it cannot read, such as an answer that asks for
a password in clear (Basic) beside a digest: it shows what it drops, and reads on from where it is told to.

Everything here runs on the owner thread.
"""

import ctypes

import structlog

from offhook.pjsua.c_library import c_library
from offhook.pjsua.challenges import readable_answer, readable_request
from offhook.pjsua.library_module import ModuleRefused, pointing_functions

log = structlog.get_logger()

ANSWER, CHALLENGING = b"SIP/2.0 ", (b"SIP/2.0 401", b"SIP/2.0 407")
LEAST_BYTES, MOST_BYTES = 16, 65_536


class Dropped(ctypes.Structure):
    """`pjsip_tp_dropped_data`. A `length` that is made less is where the library reads on."""

    _fields_ = (
        ("transport", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("status", ctypes.c_int),
    )


OnDropped = ctypes.CFUNCTYPE(None, ctypes.POINTER(Dropped))


class ChallengeDoor:
    """One engine's callback. It has to be kept until the library is destroyed."""

    def __init__(self) -> None:
        self._callback = OnDropped(self._came)

    def open(self) -> None:
        """Be shown what is dropped from now on; the library is initialised."""
        try:
            pointing_functions(
                "pjsua_get_pjsip_endpt", "pjsip_endpt_get_tpmgr", "pjsip_tpmgr_set_drop_data_cb"
            )
        except ModuleRefused as fault:
            log.warning("pjsua.challenges_not_read", reason=str(fault))
            return
        library = c_library()
        endpoint = ctypes.c_void_p(library.pjsua_get_pjsip_endpt())
        transports = ctypes.c_void_p(library.pjsip_endpt_get_tpmgr(endpoint))
        library.pjsip_tpmgr_set_drop_data_cb(transports, self._callback)

    def _came(self, dropped: "ctypes._Pointer[Dropped]") -> None:
        try:
            self._take_up(dropped.contents)
        except Exception:
            log.exception("pjsua.callback_broke", callback="on_rx_dropped")

    def _take_up(self, dropped: Dropped) -> None:
        if not dropped.data or not LEAST_BYTES < dropped.length <= MOST_BYTES:
            return  # most often a line end that keeps a way open
        message = ctypes.string_at(dropped.data, dropped.length)
        if message.startswith(CHALLENGING):
            text = readable_answer(message)
        elif not message.startswith(ANSWER):
            text = readable_request(message)
        else:
            return
        if text is not message:
            begins_at = dropped.length - len(text)
            ctypes.memmove(dropped.data + begins_at, text, len(text))
            dropped.length = begins_at

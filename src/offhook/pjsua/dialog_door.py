"""Has requests of a call name it rightly: by its Call-ID besides the tags.

PJSIP finds the dialog of a request by its two tags alone, in whatever case they are written, and the INVITE that a CANCEL takes back by its
branch. Whoever asks by Call-ID whose call it is, as `front_door` and a proxy in front do, would be told of another call, or of none.
So what has the tags of a call and not its Call-ID is answered 481, as if it had the tags of none; an ACK is dropped.

A module of ours sees each request after the transactions, which take what is sent again and the ACK of a refusal, and before the dialogs.
Everything here runs on the owner thread.
"""

import ctypes
from collections.abc import Callable

import structlog

from offhook.pjsua.c_library import Text, c_library
from offhook.pjsua.library_module import ModuleRefused, OnRequest, module, register
from offhook.pjsua.received import WHEEL_PACKET_BYTES, Received

log = structlog.get_logger()

AFTER_THE_TRANSACTIONS = 24
"""PJSIP_MOD_PRIORITY of ours: transactions have 16, and dialogs 32."""
NO_SUCH_CALL = 481


class DialogDoor:
    """One engine's module. It has to be kept until the library is destroyed."""

    def __init__(self, has_call: Callable[[str], bool], packet_bytes: int | None) -> None:
        """`has_call` is whether there is a call of this Call-ID; `packet_bytes` is PJSIP_MAX_PKT_LEN, where the build tells it."""
        self._has_call = has_call
        self._packet_bytes = packet_bytes or WHEEL_PACKET_BYTES
        self._module = module("dialog", AFTER_THE_TRANSACTIONS)
        self._module.on_rx_request = OnRequest(self._came)
        self._endpoint: ctypes.c_void_p | None = None

    def open(self) -> None:
        """Have requests shown from now on; the library is initialised."""
        try:
            self._endpoint = register(self._module, "pjsip_ua_find_dialog")
        except ModuleRefused as fault:
            log.warning("pjsua.call_ids_not_checked", reason=str(fault))

    def _came(self, data: int) -> int:
        """Called for each new request; 1 keeps it from the dialogs."""
        try:
            received = Received(data, self._packet_bytes)
            if not received.is_understood or self._is_named_rightly(received):
                return 0
            if received.method != "ACK":
                c_library().pjsip_endpt_respond_stateless(
                    self._endpoint, ctypes.c_void_p(data), NO_SUCH_CALL, None, None, None
                )
            return 1
        except Exception:
            log.exception("pjsua.callback_broke", callback="on_rx_request")
            return 0

    def _is_named_rightly(self, received: Received) -> bool:
        if received.method == "CANCEL":
            return self._has_call(received.call_id)
        if not received.to_tag or received.method == "REGISTER":
            return True
        # A far end that has not answered yet has no tag that the library knows.
        return any(
            _is_dialog(received.written_call_id, received.to_tag, tag) for tag in (received.from_tag, "")
        )


def _is_dialog(call_id: str, own_tag: str, other_tag: str) -> bool:
    names = [Text.of(name) for name in (call_id, own_tag, other_tag)]
    return bool(c_library().pjsip_ua_find_dialog(*(ctypes.byref(name) for name in names), 0))

"""Takes REFERs before the library does: PJSUA would call the target by itself, and here the application
decides.

PJSUA2 offers no way to accept a transfer and leave the call to somebody else. But PJSIP shows each request
to its modules in the order of their priority, before it looks for the dialog and makes a transaction. So a
module of our own, registered through PJSIP's C interface, answers REFERs of our calls without a
transaction; one that is sent again comes here again and is answered the same. All that it needs are
functions that every build exports. It relies on one thing about PJSIP's structures besides `pjsip_module`:
that the packet lies in the first bytes of `pjsip_rx_data`. Where it does not, nothing is found, and the
library refuses REFERs as it would without us.

Everything here runs on the owner thread; docs/pjsua2.md tells more.
"""

import ctypes
from collections.abc import Callable

import structlog

from offhook.pjsua.c_library import Text, c_library
from offhook.pjsua.library_module import ModuleRefused, OnRequest, header_list, module, register
from offhook.pjsua.referral import Referral, read_referral

log = structlog.get_logger()

BEFORE_TRANSACTIONS = 12
"""PJSIP_MOD_PRIORITY of ours: after the transport's 8, before 16 of the transactions and 32 of the dialogs."""
SEARCHED_BYTES = 512
"""How far into `pjsip_rx_data` a packet's first bytes are looked for; it holds a packet of 4,000 bytes at
least."""
MOST_MESSAGE_BYTES = 16_384
REFER = b"REFER sip"

Decide = Callable[[Referral], int | None]
"""Answers a REFER with a SIP status, or leaves it to the library."""


class ReferDoor:
    """One engine's module. It has to be kept until the library is destroyed."""

    def __init__(self, decide: Decide) -> None:
        self._decide = decide
        self._module = module("refer", BEFORE_TRANSACTIONS)
        self._module.on_rx_request = OnRequest(self._came)
        self._endpoint: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether REFERs come here."""
        return self._endpoint is not None

    def open(self, contact: str) -> None:
        """Have requests shown from now on; the library is initialised. `contact` is our URI, in answers."""
        try:
            endpoint = register(self._module, "pjsip_ua_find_dialog")
            self._headers = header_list("Contact", f"<{contact}>")
        except ModuleRefused as fault:
            log.warning("pjsua.no_transfers", reason=str(fault))
            return
        self._endpoint = endpoint.value

    def _came(self, data: int) -> int:
        """Called for each request, before anybody else sees it; 1 keeps it from them."""
        try:
            return 1 if REFER in ctypes.string_at(data, SEARCHED_BYTES) and self._take(data) else 0
        except Exception:
            log.exception("pjsua.callback_broke", callback="on_rx_request")
            return 0

    def _take(self, data: int) -> bool:
        begin = data + ctypes.string_at(data, SEARCHED_BYTES).index(REFER)
        message = ctypes.string_at(begin)[:MOST_MESSAGE_BYTES].decode("utf-8", "surrogateescape")
        referral = read_referral(message)
        if not self._is_of_a_dialog(referral):
            return False
        status = self._decide(referral)
        if status is None:
            return False
        c_library().pjsip_endpt_respond_stateless(
            ctypes.c_void_p(self._endpoint),
            ctypes.c_void_p(data),
            status,
            None,
            ctypes.byref(self._headers) if status < 300 else None,
            None,
        )
        return True

    def _is_of_a_dialog(self, referral: Referral) -> bool:
        names = (referral.sip_call_id, referral.to_tag, referral.from_tag)
        if not all(names):
            return False
        call_id, ours, theirs = (Text.of(name) for name in names)
        found = c_library().pjsip_ua_find_dialog(
            ctypes.byref(call_id), ctypes.byref(ours), ctypes.byref(theirs), 0
        )
        return bool(found)

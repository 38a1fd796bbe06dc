"""Answers requests in a call that the library has no use for. Most ask for nothing but an answer: carriers and SBCs send them to see whether the call still lives.

The library says 500, upon which some end the call.

- OPTIONS: 200 (RFC 3261, 11.2).
- INFO without a body: 200 (RFC 2976, 2.2). A key alone (`info_key.py`): 200, and the call hears it; 400 where it is none. What is neither
  that nor the other form of keys, which the library knows: 415, with what is understood (RFC 3261, 8.2.3).
- A method that nobody here knows: 405 with those that are (RFC 3261, 8.2.1).

A module of ours sees each request after `dialog_door`, which knows that it is a call's. Everything here runs on the owner thread.
"""

import ctypes
from collections.abc import Callable

import structlog

from offhook.pjsua.c_library import c_library
from offhook.pjsua.info_key import key_of_info
from offhook.pjsua.invite import first_header, headers_of, leading_number
from offhook.pjsua.last_door import ALLOWED, METHOD_NOT_ALLOWED
from offhook.pjsua.library_module import ModuleRefused, OnRequest, header_list, module, register
from offhook.pjsua.received import WHEEL_PACKET_BYTES, Received

log = structlog.get_logger()

AFTER_THE_DIALOG_DOOR = 25
FINE, BAD_REQUEST, UNSUPPORTED = 200, 400, 415
RELAY, KEY_ALONE = "application/dtmf-relay", "application/dtmf"
KNOWN = frozenset(ALLOWED.split(", ")) | {"MESSAGE"}
"""Methods that the library or a door before takes care of, in a call."""


Keyed = Callable[[str, str, int], None]
"""Told the Call-ID, the key and the CSeq of an INFO."""


class AskingDoor:
    """One engine's module. It has to be kept until the library is destroyed."""

    def __init__(self, keyed: Keyed, packet_bytes: int | None) -> None:
        """`packet_bytes` is PJSIP_MAX_PKT_LEN, where the build tells it."""
        self._keyed = keyed
        self._packet_bytes = packet_bytes or WHEEL_PACKET_BYTES
        self._module = module("asking", AFTER_THE_DIALOG_DOOR)
        self._module.on_rx_request = OnRequest(self._came)
        self._endpoint: ctypes.c_void_p | None = None

    def open(self) -> None:
        """Have requests shown from now on; the library is initialised."""
        try:
            self._allowed = header_list("Allow", ALLOWED)
            self._accepted = header_list("Accept", f"{RELAY}, {KEY_ALONE}")
            self._endpoint = register(self._module)
        except ModuleRefused as fault:
            log.warning("pjsua.questions_unanswered", reason=str(fault))

    def _came(self, data: int) -> int:
        """Called for each new request of a call; 1 has answered it."""
        try:
            received = Received(data, self._packet_bytes)
            if not received.is_understood or not received.to_tag:
                return 0
            return int(self._answers(received, data))
        except Exception:
            log.exception("pjsua.callback_broke", callback="on_rx_request")
            return 0

    def _answers(self, received: Received, data: int) -> bool:
        method, status = received.method, FINE
        headers = self._allowed
        if method == "INFO":
            kind = _body_kind(received.text)
            if kind == RELAY:
                return False
            if kind == KEY_ALONE:
                status = self._takes_key(received)
            elif kind:
                status, headers = UNSUPPORTED, self._accepted
        elif method not in KNOWN:
            status = METHOD_NOT_ALLOWED
        elif method != "OPTIONS":
            return False
        c_library().pjsip_endpt_respond_stateless(
            self._endpoint, ctypes.c_void_p(data), status, None, ctypes.byref(headers), None
        )
        return True

    def _takes_key(self, received: Received) -> int:
        text = received.text.decode("utf-8", "surrogateescape")
        key, cseq = key_of_info(text), leading_number(first_header(headers_of(text), "CSeq"))
        if key is None or cseq is None:
            return BAD_REQUEST
        self._keyed(received.call_id, key, cseq)
        return FINE


def _body_kind(text: bytes) -> str:
    """The media type of a message's body in small letters; empty where there is no body."""
    head, _, body = text.partition(b"\r\n\r\n")
    if not body.strip():
        return ""
    kind = first_header(headers_of(head.decode("utf-8", "surrogateescape")), "Content-Type")
    return kind.partition(";")[0].strip().lower() or "unknown"

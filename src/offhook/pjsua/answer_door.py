"""Reads what those we call answer, before the library does: an SDP that wants audio at a name, or at the address of a group.

The library would look the name up, and do nothing else meanwhile; it would send our audio to whole networks. An answer cannot be
refused as an offer can. So it is made one that wants audio nowhere, in the packet itself, and the call is told, which ends itself.
Where they want to be asked from then on is looked at as well (`contact_door.py`).
Everything here runs on the owner thread.
"""

import ctypes
from collections.abc import Callable

import structlog

from offhook.pjsua.contact_door import ContactDoor
from offhook.pjsua.library_module import ModuleRefused, OnRequest, module, register
from offhook.pjsua.offered_addresses import for_audio_alone, led_nowhere, sends_elsewhere
from offhook.pjsua.received import WHEEL_PACKET_BYTES, Received

log = structlog.get_logger()

BEFORE_TRANSACTIONS = 13
ANSWERED = ("INVITE", "UPDATE", "PRACK")
"""Requests whose answers may have an SDP."""


class AnswerDoor:
    """One engine's module. It has to be kept until the library is destroyed."""

    def __init__(
        self, tell: Callable[[str], None], packet_bytes: int | None, *, contacts: ContactDoor
    ) -> None:
        """`tell` is given the Call-ID of such an answer; `packet_bytes` is PJSIP_MAX_PKT_LEN, where the build tells it; `contacts`
        reads where far ends are asked."""
        self._tell, self._contacts = tell, contacts
        self._packet_bytes = packet_bytes or WHEEL_PACKET_BYTES
        self._callback = OnRequest(self._came)
        self._module = module("answers", BEFORE_TRANSACTIONS)
        self._module.on_rx_response = ctypes.cast(self._callback, ctypes.c_void_p)

    def open(self) -> None:
        """Have answers shown from now on; the library is initialised."""
        try:
            self._contacts.open()
            register(self._module)
        except ModuleRefused as fault:
            log.warning("pjsua.answers_not_read", reason=str(fault))

    def _came(self, data: int) -> int:
        """Called for each answer, before anybody else sees it; they see it all."""
        try:
            received = Received(data, self._packet_bytes)
            if received.is_understood:
                self._contacts.answered(data, received)
                if received.cseq_method in ANSWERED:
                    self._read(received)
        except Exception:
            log.exception("pjsua.callback_broke", callback="on_rx_response")
        return 0

    def _read(self, received: Received) -> None:
        text = received.text
        wanted = for_audio_alone(text)
        if sends_elsewhere(wanted):
            wanted = led_nowhere(wanted)
            self._tell(received.call_id)
        if wanted != text:
            received.overwrite(wanted)

"""Turns away what the library would take: requests that contradict themselves, ask for too much, or are somebody else's.

A module of ours, like that of `refer_door`, sees each request before the transactions do. What it answers itself no call hears of:

- 400 where CSeq names another method than the first line; the library believes the one here and the other there. And where there are two
  Call-IDs, or line ends that not everybody takes for such (`ambiguity.py`).
- What whoever decides about calls says, such as 403, for an INVITE of a stranger: the library would hold a slot, sockets and a transaction
  for it, and callers wait for those.
- 488 for an offer of many streams: each audio stream that is offered costs two sockets before anybody is asked, and 16 of them in one
  INVITE, twice, end the process of the wheel.
- 488 for an offer that wants audio at a name, at the address of a group, or over IPv6 where that is not open
  (`offered_addresses.py`, which also says what is taken out of an offer that is let in).
- 403 for a request of a running call, or a CANCEL, from an address that has nothing to do with its far end: the library
  checks tags and never where a request comes from, so whoever has seen them could end or redirect a call from anywhere. An ACK is
  dropped.

Everything here runs on the owner thread.
"""

import ctypes
import re
from collections.abc import Callable

import structlog

from offhook.pjsua.ambiguity import is_ambiguous
from offhook.pjsua.c_library import TRANSPORT_OFFSET, c_library
from offhook.pjsua.contact_door import ContactDoor
from offhook.pjsua.farewell import AGAIN_S, UNAVAILABLE
from offhook.pjsua.invite import Invite, read_invite
from offhook.pjsua.library_module import ModuleRefused, OnRequest, header_list, module, register
from offhook.pjsua.offered_addresses import asks_for_ipv6, for_audio_alone, sends_elsewhere
from offhook.pjsua.packet_filter import IpAddress
from offhook.pjsua.received import WHEEL_PACKET_BYTES, Received

log = structlog.get_logger()

BEFORE_THE_REFER_DOOR = 11
BAD_REQUEST, FORBIDDEN, NOT_ACCEPTABLE = 400, 403, 488
OFFERING = ("INVITE", "UPDATE", "PRACK", "ACK")
"""Requests whose bodies may offer streams."""
MOST_AUDIO, MOST_MEDIA = 2, 8
"""Plain and encrypted audio; those and what conference systems offer besides."""
MANY_STREAMS = f'399 offhook "No more than {MOST_AUDIO} streams of audio, and {MOST_MEDIA} in all, are taken"'
OTHER_ADDRESS = (
    '330 offhook "Audio is sent to the address of one machine, written as a number; no group, no name"'
)
NO_IPV6 = '301 offhook "Incompatible network address formats: audio goes over IPv4 here"'
"""Warnings of RFC 3261, 20.43: miscellaneous, that multicast is not available, and that addresses of a kind are not."""
MEDIA, AUDIO = re.compile(rb"[\r\n]m="), re.compile(rb"[\r\n]m=audio", re.IGNORECASE)
"""Lines that no header can be taken for."""

IsStranger = Callable[[str, str, IpAddress], bool]
"""Whether a request of this method and Call-ID may not come from this address."""
OfCaller = Callable[[IpAddress, Callable[[], Invite]], int | None]
"""The status that a new INVITE from this address is refused with at once; None lets it in. It is read only where somebody asks."""


class FrontDoor:
    """One engine's module. It has to be kept until the library is destroyed."""

    def __init__(
        self,
        is_stranger: IsStranger,
        packet_bytes: int | None,
        *,
        of_caller: OfCaller,
        pins_sources: bool,
        has_ipv6: bool,
        corrects_contacts: bool,
    ) -> None:
        """`packet_bytes` is PJSIP_MAX_PKT_LEN, where the build tells it; `pins_sources` is whether strangers are asked for; `has_ipv6`
        is whether audio may go over IPv6; `corrects_contacts` is whether callers are asked at their Contact, and no edge is."""
        self._contacts = ContactDoor() if corrects_contacts else None
        self._pins_sources, self._has_ipv6 = pins_sources, has_ipv6
        self._is_stranger, self._of_caller = is_stranger, of_caller
        self._packet_bytes = packet_bytes or WHEEL_PACKET_BYTES
        self._module = module("front", BEFORE_THE_REFER_DOOR)
        self._module.on_rx_request = OnRequest(self._came)
        self._endpoint: ctypes.c_void_p | None = None
        self._has_complained = False
        self.heard: Callable[[int], None] = lambda _transport: None
        """Told by which `pjsip_transport` a request came that is let in."""

    def open(self) -> None:
        """Have requests shown from now on; the library is initialised."""
        try:
            self._many_streams = header_list("Warning", MANY_STREAMS)
            self._other_address = header_list("Warning", OTHER_ADDRESS)
            self._no_ipv6 = header_list("Warning", NO_IPV6)
            self._again = header_list("Retry-After", str(AGAIN_S))
            if self._contacts is not None:
                self._contacts.open()
            self._endpoint = register(self._module)
        except ModuleRefused as fault:
            self._complain(str(fault))

    def _came(self, data: int) -> int:
        """Called for each request, before anybody else sees it; 1 keeps it from them."""
        try:
            if self._turns_away(data):
                return 1
            self.heard(ctypes.c_void_p.from_address(data + TRANSPORT_OFFSET).value or 0)
            return 0
        except Exception:
            log.exception("pjsua.callback_broke", callback="on_rx_request")
            return 0

    def _turns_away(self, data: int) -> bool:
        received = Received(data, self._packet_bytes)
        if not received.is_understood:
            self._complain("this build lays messages out in another way")
            return False
        method, more = received.method, None
        text = received.text if method in OFFERING else b""
        if method != received.cseq_method or is_ambiguous(received.text):
            status = BAD_REQUEST
        elif (refusal := self._refusal(received, method, text)) is not None:
            status = refusal
            more = ctypes.byref(self._again) if status == UNAVAILABLE else None
        elif _asks_for_too_much(text):
            status, more = NOT_ACCEPTABLE, ctypes.byref(self._many_streams)
        elif self._is_forged(received, method):
            status = FORBIDDEN
        elif sends_elsewhere(wanted := for_audio_alone(text)):
            status, more = NOT_ACCEPTABLE, ctypes.byref(self._other_address)
        elif not self._has_ipv6 and asks_for_ipv6(text):
            status, more = NOT_ACCEPTABLE, ctypes.byref(self._no_ipv6)
        else:
            if wanted != text:
                received.overwrite(wanted)
            if self._contacts is not None:
                self._contacts.came(data, received)
            return False
        if "ACK" not in (method, received.cseq_method):
            c_library().pjsip_endpt_respond_stateless(
                self._endpoint, ctypes.c_void_p(data), status, None, more, None
            )
        return True

    def _refusal(self, received: Received, method: str, text: bytes) -> int | None:
        source = received.source
        if method != "INVITE" or received.to_tag or source is None:
            return None
        return self._of_caller(
            source,
            lambda: read_invite(
                text.decode("utf-8", "surrogateescape"), received.source_name, received.transport
            ),
        )

    def _is_forged(self, received: Received, method: str) -> bool:
        source = received.source
        if source is None or not (method == "CANCEL" or received.to_tag):
            return False
        return self._pins_sources and self._is_stranger(method, received.call_id, source)

    def _complain(self, reason: str) -> None:
        if not self._has_complained:
            self._has_complained = True
            log.warning("pjsua.sources_not_checked", reason=reason)


def _asks_for_too_much(text: bytes) -> bool:
    return len(MEDIA.findall(text)) > MOST_MEDIA or len(AUDIO.findall(text)) > MOST_AUDIO

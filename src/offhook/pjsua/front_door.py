"""Turns away what the library would take: requests that contradict themselves, ask for too much, or are somebody else's.

A module of ours, like that of `refer_door`, sees each request before the transactions do. What it answers itself no call hears of:

- 400 where CSeq names another method than the first line; the library believes the one here and the other there. And where there are two
  Call-IDs, or line ends that not everybody takes for such (`ambiguity.py`).
- Nothing where the answer is wanted at another address (`maddr`, over UDP): anybody could have us send to anybody.
- 405 for SUBSCRIBE and MESSAGE outside of calls: the library takes both for whoever sends them. It tells a subscriber's Contact, which may be anybody's,
  of the subscription eleven times, and keeps it in memory.
- 200 and no more for an OPTIONS outside of calls that is short: the library's answer has five times its length.
- What whoever decides about calls says, such as 403, for an INVITE of a stranger (`newcomers.py`): the library would hold a slot, sockets
  and a transaction for it, and callers wait for those. 407 asks him for a password; the ACK of that comes no further than to the
  dialogs, which do not know it.
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
from offhook.pjsua.c_library import TRANSPORT_OFFSET, Text, c_library
from offhook.pjsua.contact_door import ContactDoor
from offhook.pjsua.farewell import AGAIN_S, UNAVAILABLE
from offhook.pjsua.last_door import ALLOWED, METHOD_NOT_ALLOWED
from offhook.pjsua.library_module import (
    ModuleRefused,
    OnRequest,
    header_list,
    headers_in,
    module,
    register,
)
from offhook.pjsua.newcomers import Newcomer, TurnedAway
from offhook.pjsua.offered_addresses import asks_for_ipv6, for_audio_alone, sends_elsewhere
from offhook.pjsua.packet_filter import IpAddress
from offhook.pjsua.received import WHEEL_PACKET_BYTES, Received

log = structlog.get_logger()

BEFORE_THE_REFER_DOOR = 11
FINE, BAD_REQUEST, FORBIDDEN, NOT_ACCEPTABLE = 200, 400, 403, 488
NOT_TAKEN = ("SUBSCRIBE", "MESSAGE")
SHORTEST_QUESTION = 512
"""Bytes of an OPTIONS over UDP that a whole answer is worth, which has as many more."""
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
OF_US = re.compile(rb"\S+ +sips?:", re.IGNORECASE)
"""Asked for a URI that we know a scheme of."""
MEDIA, AUDIO = re.compile(rb"[\r\n]m="), re.compile(rb"[\r\n]m=audio", re.IGNORECASE)
"""Lines that no header can be taken for."""

IsStranger = Callable[[str, str, IpAddress], bool]
"""Whether a request of this method and Call-ID may not come from this address."""
OfCaller = Callable[[Newcomer], TurnedAway | None]
"""What a new INVITE is answered at once; None lets it in. It is read only where somebody asks."""


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
        contacts: ContactDoor,
    ) -> None:
        """`packet_bytes` is PJSIP_MAX_PKT_LEN, where the build tells it; `pins_sources` is whether strangers are asked for; `has_ipv6`
        is whether audio may go over IPv6; `contacts` reads where callers are asked."""
        self._contacts = contacts
        self._pins_sources, self._has_ipv6 = pins_sources, has_ipv6
        self._is_stranger, self._of_caller = is_stranger, of_caller
        self._packet_bytes = packet_bytes or WHEEL_PACKET_BYTES
        self._module = module("front", BEFORE_THE_REFER_DOOR)
        self._module.on_rx_request = OnRequest(self._came)
        self._endpoint: ctypes.c_void_p | None = None
        self._has_complained = False
        self.heard: Callable[[int], None] = lambda _transport: None
        """Told by which `pjsip_transport` a request came that is let in."""
        self.asked: Callable[[Received], None] = lambda _received: None
        """Told of requests of calls that are let in."""

    def open(self) -> None:
        """Have requests shown from now on; the library is initialised."""
        try:
            self._many_streams = header_list("Warning", MANY_STREAMS)
            self._other_address = header_list("Warning", OTHER_ADDRESS)
            self._no_ipv6 = header_list("Warning", NO_IPV6)
            self._again = header_list("Retry-After", str(AGAIN_S))
            self._allowed = header_list("Allow", ALLOWED)
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
        if _is_wanted_elsewhere(received):
            return True
        method, words = received.method, ""
        more: object = None
        text = received.text if method in OFFERING else b""
        if (status := _said_at_once(received, method)) is not None:
            more = ctypes.byref(self._allowed) if status == METHOD_NOT_ALLOWED else None
        elif (refusal := self._refusal(received, method, text)) is not None:
            status, words = refusal.status, refusal.words
            more = self._headers(refusal, data)
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
            self._contacts.came(data, received)
            if received.to_tag:
                self.asked(received)
            return False
        if status and "ACK" not in (method, received.cseq_method):
            reason = Text.of(words)
            c_library().pjsip_endpt_respond_stateless(
                self._endpoint,
                ctypes.c_void_p(data),
                status,
                ctypes.byref(reason) if words else None,
                more,
                None,
            )
        return True

    def _headers(self, answer: TurnedAway, data: int) -> object:
        """What stands in it besides; it lives as long as the message that is answered."""
        if answer.status == UNAVAILABLE:
            return ctypes.byref(self._again)
        return ctypes.byref(headers_in(data, answer.headers)) if answer.headers else None

    def _refusal(self, received: Received, method: str, text: bytes) -> TurnedAway | None:
        source = received.source
        if method != "INVITE" or received.to_tag or source is None:
            return None
        return self._of_caller(
            Newcomer(text, source, received.source_name, received.transport, received.connection)
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


def _is_wanted_elsewhere(received: Received) -> bool:
    wanted_at = received.wanted_at
    return bool(wanted_at) and received.transport == "udp" and wanted_at.strip("[]") != str(received.source)


def _said_at_once(received: Received, method: str) -> int | None:
    """What is answered whoever asks; None where that depends."""
    if method != received.cseq_method or is_ambiguous(received.text):
        return BAD_REQUEST
    if received.to_tag:
        return None
    if method in NOT_TAKEN:
        return METHOD_NOT_ALLOWED
    is_short = received.transport == "udp" and len(received.text) < SHORTEST_QUESTION
    return FINE if is_short and method == "OPTIONS" and OF_US.match(received.text) else None


def _asks_for_too_much(text: bytes) -> bool:
    return len(MEDIA.findall(text)) > MOST_MEDIA or len(AUDIO.findall(text)) > MOST_AUDIO

"""One pj.Call, seen from the owner thread: callbacks in, commands out.

Every method runs on the owner thread. What happens is told as plain values; nothing of pjsua2 leaves.
"""

import functools
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pjsua2 as pj
import structlog

from offhook.call.ending import EndCause, Ending
from offhook.call.errors import OffhookError
from offhook.call.timeline import Timeline
from offhook.pjsua.bridge import Bridge
from offhook.pjsua.c_library import hear_keys_on_hold
from offhook.pjsua.call_audio import CallAudio
from offhook.pjsua.far_end import hosts_of
from offhook.pjsua.farewell import RETRY_AFTER, TIMED_OUT, UNAVAILABLE, Farewell, reason_header
from offhook.pjsua.invite import custom_headers, first_header, headers_of
from offhook.pjsua.keep_alive import KeepAlive
from offhook.pjsua.leg_events import (
    Answered,
    AudioFlows,
    HeadersCame,
    HeldFromTheFirst,
    KeyHeard,
    LegEvent,
    Over,
    Rang,
    ReferAnswered,
    Referred,
    ReferTold,
    Renegotiated,
)
from offhook.pjsua.media_guard import MediaGuard, MediaGuards
from offhook.pjsua.one_way_audio import OneWayAudio
from offhook.pjsua.packet_filter import IpAddress
from offhook.pjsua.referral import Referral, fragment, notify_headers, read_fragment
from offhook.pjsua.silence import Arrived, SilenceLimits, SilenceWatch
from offhook.pjsua.sip_notes import SipNotes

log = structlog.get_logger()

PROGRESS, FINAL = 183, 200
REDIRECTION = re.compile(r"SIP/2\.0 (3\d\d)\b")
CHALLENGES = (401, 407)
REFERABLE = re.compile(r"(?:sips?|tel):[^\s<>\x00-\x1f\x7f]{1,500}", re.IGNORECASE)
REQUEST_TERMINATED = 487
REQUEST_TIMEOUT = 408
ACCEPTED = 202
MOST_FORGERIES_NOTED = 10
BAD_REQUEST, NOT_ACCEPTABLE = 400, 488
ELSEWHERE = "the answer wants audio at a host name, or at an address of many machines"
DECLINE = 603
"""What the library refuses a ringing call with when no other status is given."""
KEYS = frozenset("0123456789*#ABCD")

M = TypeVar("M", bound=Callable[..., Any])


def guarded(method: M) -> M:
    """A director method may not raise: PJSUA2 would print and forget. Here it is logged with its traceback."""

    @functools.wraps(method)
    def guard(*arguments: Any) -> Any:
        try:
            return method(*arguments)
        except Exception:
            call_id = getattr(arguments[0], "call_id", None)
            log.exception("pjsua.callback_broke", callback=method.__name__, call_id=call_id)
            return None

    return guard  # type: ignore[return-value]


class SipCall(pj.Call):
    """A dialog and its audio."""

    is_heard_nowhere = False
    """Whether the far end answered that it hears where no audio can be sent."""
    _keyed_at = -1
    """The CSeq of the last key that came by SIP INFO, in the form that the library does not know."""
    _was_agreed = False
    """Whether audio was agreed upon, be it none for now."""
    is_direct = True
    """Whether no proxies want to see all of it, as far as is known."""

    def __init__(
        self,
        account: pj.Account,
        *,
        sound: CallAudio,
        tell: Callable[["SipCall", LegEvent], None],
        on_gone: Callable[["SipCall"], None],
        silence: SilenceLimits,
        farewell: Farewell,
        guards: MediaGuards,
        number: int = pj.PJSUA_INVALID_ID,
        timeline: Timeline | None = None,
    ) -> None:
        """`number` is PJSUA's call id of an incoming call; `on_gone` forgets the call once it is over;
        `silence` is how long its far end may send nothing; `timeline` is that of a call before, whose place it takes."""
        super().__init__(account, number)
        self.sound = sound
        """What is heard in the call, and who hears it."""
        self._tell = tell
        self._on_gone = on_gone
        self.call_id: str | None = None
        """What the call is called above, once it is taken; for the log."""
        self.timeline = timeline or Timeline(time.monotonic)
        """What happens to the call; any thread may note something."""
        self.notes = SipNotes(self.timeline)
        self.guard, self._guards = MediaGuard(), guards
        """What keeps strangers out of the audio, and all calls' that search."""
        self.hosts: frozenset[IpAddress] = frozenset()
        """The addresses that the far end's signalling is known by."""
        self._is_incoming = number != pj.PJSUA_INVALID_ID
        self._was_confirmed = self._is_ended_here = False
        self._farewell = farewell
        self._silence_limits = silence
        self._silence: SilenceWatch | None = None
        self._one_way = OneWayAudio(time.monotonic())
        self._keep_alive = KeepAlive(time.monotonic())
        self._stream: int | None = None
        """The number of the audio stream whose packets are counted; a library that asserts may not be asked
        of none."""
        self._is_on_hold = False
        """Whether the far end need not send."""
        self._is_held = False
        """Whether that is because we said so."""
        self._native_stream: int | None = None
        self._bridge: Bridge | None = None
        self.sip_call_id = ""
        """The Call-ID of the dialog."""
        self.can_authenticate = False
        """Whether the library answers a challenge by itself."""
        self._awaits_answer = False
        """Whether anybody asked for the answer to a request inside of the call; to look costs a microsecond
        a value."""
        self._is_renegotiating = False
        self._referrals: set[int | None] = set()
        self.takes_transfers = False
        """Whether a REFER of the far end is accepted."""
        self._forgeries = 0
        """How many requests of strangers were turned away; the log tells of the first."""
        self.is_over = False
        """Whether the call is gone, and this object an empty shell."""

    @property
    def is_incoming(self) -> bool:
        """Whether the far end began it."""
        return self._is_incoming

    @property
    def contact(self) -> str:
        """The URI that the far end is asked at, as its Contact has it."""
        written: str = self.getInfo().remoteContact
        return written.partition("<")[2].partition(">")[0] or written

    # -- what the far end does -------------------------------------------------------------------------

    @guarded
    def onCallState(self, parameter: pj.OnCallStateParam) -> None:
        """A new state of the dialog."""
        info = self.getInfo()
        match info.state:
            case pj.PJSIP_INV_STATE_EARLY if not self._is_incoming:
                self._know(parameter.e)
                self._tell(self, Rang())
            case pj.PJSIP_INV_STATE_CONNECTING if not self._is_incoming:
                self._know(parameter.e)
                self._tell(self, HeadersCame(custom_headers(_message_of(parameter.e))))
            case pj.PJSIP_INV_STATE_CONFIRMED:
                self._was_confirmed = True
                self._silence = SilenceWatch(self._silence_limits, time.monotonic())
                self._one_way = OneWayAudio(time.monotonic())
                self.notes.confirmed(is_incoming=self._is_incoming)
                self._tell(self, Answered())
            case pj.PJSIP_INV_STATE_DISCONNECTED:
                self._let_go()
                last = _message_of(parameter.e)
                self.notes.has_heard = self.notes.has_heard or bool(last)
                self._tell(self, Over(self._ending(info.lastStatusCode, info.lastReason, last)))
                self.is_over = True
                self._on_gone(self)
                # Here and nowhere else: once this callback has returned, the number may belong to a new
                # call, and pj.Call's destructor hangs up whatever call has the number.
                pj.Call.__swig_destroy__(self)

    @guarded
    def onCallMediaState(self, _parameter: pj.OnCallMediaStateParam) -> None:
        """Media was negotiated, at first or anew (re-INVITE): connect what is playing and listening."""
        if self._is_ending:
            return
        audio = self._flowing_audio()
        self._keep_strangers_out()
        self.sound.negotiated(audio, is_muted=self._is_held)
        if self._is_held and self._native_stream is not None:
            hear_keys_on_hold(self._native_stream)
        if audio is not None:
            self._tell(self, AudioFlows(self._has_key_events()))
        elif self._was_agreed:
            self._tell(self, HeldFromTheFirst())

    @guarded
    def onDtmfDigit(self, parameter: pj.OnDtmfDigitParam) -> None:
        """A key, by RFC 4733 or SIP INFO."""
        key = parameter.digit.upper()
        if key in KEYS:
            self._tell(self, KeyHeard(key))

    def keyed(self, key: str, cseq: int) -> None:
        """A key came by SIP INFO, in the form that the library does not know; one that is sent again has the same number."""
        if cseq > self._keyed_at:
            self._keyed_at = cseq
            self._tell(self, KeyHeard(key))

    @guarded
    def onCallTsxState(self, parameter: pj.OnCallTsxStateParam) -> None:
        """A message of the call came or went."""
        event = parameter.e
        if event.type != pj.PJSIP_EVENT_TSX_STATE:
            return
        change = event.body.tsxState
        self.notes.transaction_changed(change)
        state = change.tsx.state
        if self._awaits_answer and change.tsx.role == pj.PJSIP_ROLE_UAC:
            # A 2xx to INVITE ends its transaction at once, without a look at the state in between.
            if change.tsx.statusCode >= FINAL and change.prevState < pj.PJSIP_TSX_STATE_COMPLETED <= state:
                self._answered(change.tsx.method, change.tsx.statusCode)
            return
        if change.type != pj.PJSIP_EVENT_RX_MSG or state != pj.PJSIP_TSX_STATE_TRYING:
            return
        if change.tsx.method == "NOTIFY" and (told := read_fragment(change.src.rdata.wholeMsg)) is not None:
            self._tell(self, ReferTold(told.sip_status, told.is_final))

    def _answered(self, method: str, status: int) -> None:
        """A final answer to a request of ours, or that there will be none."""
        if method == "REFER":
            self._tell(self, ReferAnswered(status))
        elif method == "INVITE" and self._is_renegotiating:
            if status in CHALLENGES and self.can_authenticate:
                return
            self._is_renegotiating = False
            self._tell(self, Renegotiated(status))

    @guarded
    def onCallTransferRequest(self, parameter: pj.OnCallTransferRequestParam) -> None:
        """A REFER that did not come by our door: the library would call whoever it names."""
        parameter.statusCode = DECLINE

    @guarded
    def onCallReplaceRequest(self, parameter: pj.OnCallReplaceRequestParam) -> None:
        """An INVITE that asks for the place of this call: the library would answer it, past all gates."""
        parameter.statusCode = DECLINE

    @guarded
    def onCreateMediaTransport(self, parameter: pj.OnCreateMediaTransportParam) -> None:
        """The sockets of the audio were made, long before anything of ours or theirs is agreed upon."""
        self.guard.shut(int(parameter.mediaTp))

    @guarded
    def onStreamCreated(self, parameter: pj.OnStreamCreatedParam) -> None:
        """A stream begins; the library has one for each negotiation that changed anything."""
        self._native_stream = int(parameter.stream)

    @guarded
    def onStreamDestroyed(self, parameter: pj.OnStreamDestroyedParam) -> None:
        """A stream comes to its end, with the call or for another that was negotiated: the last moment to
        ask how it went."""
        index, self._native_stream = parameter.streamIdx, None
        try:
            codec = self.getStreamInfo(index).codecName
            self.notes.stream_over(self.getStreamStat(index), codec, refused=self.guard.refused())
        except pj.Error:  # it never flowed
            return
        finally:
            self.guard.shut_for_the_next()

    # -- what the leg asks for -------------------------------------------------------------------------

    def ring(self) -> None:
        """Send 180."""
        self._respond(180)

    def progress(self) -> None:
        """Send 183 with what we say of our audio, which flows from then on."""
        self._respond(PROGRESS)

    def accept(self, headers: Mapping[str, str]) -> None:
        """Send 200. The headers go into it alone: those given to a 180 would stay in all that follows."""
        self._respond(200, headers)

    def refuse(self, status: int, headers: Mapping[str, str] | None = None) -> None:
        """Send a final status of 300 or more to a ringing call."""
        if self._is_ending:
            return
        if headers is None and status == UNAVAILABLE:
            headers = RETRY_AFTER
        self.notes.own("INVITE", status)
        self._end_with(headers or {}, status)

    def end(self) -> None:
        """Send BYE, CANCEL or a refusal, whatever the state asks for."""
        if self._is_ending:
            return
        headers = self._farewell.of_a_bye()
        if self._was_confirmed:
            self.notes.own("BYE")
        elif self._is_incoming and headers:
            self.refuse(UNAVAILABLE, self._farewell.of_a_refusal())
            return
        elif self._is_incoming:
            self.notes.own("INVITE", DECLINE)
        else:
            self.notes.own("CANCEL")
        self._end_with(headers)

    @guarded
    def end_if_silent(self, at: float) -> None:
        """Send BYE to a far end of which nothing has come for too long. It would hardly answer, so the end
        is told at once."""
        if self._silence is None or self._is_ending:
            return
        if self.is_heard_nowhere:
            self._break_off(NOT_ACCEPTABLE, ELSEWHERE, ELSEWHERE)
            return
        statistics = self.getStreamStat(self._stream) if self._stream is not None else None
        arrived = _arrived(statistics)
        self.guard.look(at, arrived.packets)
        self._watch_audio(statistics, at)
        quiet_s = self._silence.overdue_s(arrived, is_on_hold=self._is_on_hold, at=at)
        if quiet_s is None:
            return
        words = f"no audio packets came for {quiet_s:.0f} s{' on hold' if self._is_on_hold else ''}"
        self._break_off(TIMED_OUT, words, f"media_timeout: {words}")

    def _break_off(self, status: int, words: str, reason: str) -> None:
        self.notes.own("BYE")
        self._tell(self, Over(Ending(EndCause.BROKEN, None, reason)))
        self._end_with(reason_header(status, words))

    def dial(self, uri: str, caller_uri: str, headers: Mapping[str, str]) -> None:
        """Send an INVITE. Raises pj.Error for what cannot be sent; the call is gone then."""
        parameter = _audio_only()
        parameter.txOption.localUri = caller_uri
        parameter.txOption.headers = _header_vector(headers)
        self.makeCall(uri, parameter)
        self.sip_call_id = self.getInfo().callIdString

    def enter_room(self, bridge: Bridge, *, hears: bool, is_heard: bool) -> None:
        """Hear a room and be heard in it; at once, or as soon as audio flows."""
        if self._is_ending:
            return
        self._bridge = bridge
        bridge.enter(self.sound, hears=hears, is_heard=is_heard)

    def change_place(self, *, hears: bool | None, is_heard: bool | None) -> None:
        """Be deaf or hearing, muted or heard, in the room; None leaves it."""
        if self._bridge is not None:
            self._bridge.change(self.sound, hears=hears, is_heard=is_heard)

    def leave_room(self) -> None:
        """Hear nobody, be heard by nobody."""
        bridge, self._bridge = self._bridge, None
        if bridge is not None:
            bridge.leave(self.sound)

    def hold(self) -> None:
        """Send a re-INVITE that says sendonly: the far end hears us, and need not speak. Raises pj.Error."""
        if not self._is_ending:
            self.setHold(_audio_only())
            self._is_renegotiating = self._awaits_answer = True

    def resume(self) -> None:
        """Send a re-INVITE that says sendrecv. Raises pj.Error."""
        if not self._is_ending:
            parameter = _audio_only()
            parameter.opt.flag = pj.PJSUA_CALL_UNHOLD
            self.reinvite(parameter)
            self._is_renegotiating = self._awaits_answer = True

    def refer(self, to: str) -> None:
        """Send a REFER. Raises OffhookError for what is no URI, pj.Error for what cannot be sent."""
        if not REFERABLE.fullmatch(to):  # the library writes down whatever it is given
            raise OffhookError(
                f"{to!r} is no URI that a call can be referred to, such as sip:bob@example.com"
            )
        if not self._is_ending:
            self._awaits_answer = True
            self.xfer(f"<{to}>", _audio_only())

    def referred(self, referral: Referral) -> int:
        """The far end sent a REFER: with which status it is answered."""
        if referral.cseq in self._referrals:
            return ACCEPTED  # it was sent again
        self.timeline.note_here("sip", {"way": "in", "method": "REFER", "cseq": referral.cseq})
        status = ACCEPTED if self.takes_transfers and not self._is_ending else DECLINE
        status = status if referral.target else BAD_REQUEST
        self.notes.own("REFER", status)
        if status == ACCEPTED:
            self._referrals.add(referral.cseq)
            self._tell(self, Referred(referral))
        return status

    def was_forged(self, method: str, source: IpAddress) -> bool:
        """Somebody else sent a request of this call, from an address that has nothing to do with it; always true."""
        if self._forgeries < MOST_FORGERIES_NOTED:
            self.timeline.note_here(
                "sip", {"way": "in", "method": method, "peer": str(source), "forged": True}
            )
        if not self._forgeries:
            log.warning("call.request_forged", call_id=self.call_id, method=method, source=str(source))
        self._forgeries += 1
        return True

    def tell_of_transfer(self, referral: Referral, status: int) -> None:
        """Tell the far end what has become of its transfer (NOTIFY)."""
        if self._is_ending:
            return
        is_first = referral.cseq == min(number or 0 for number in self._referrals)
        parameter = pj.CallSendRequestParam()
        parameter.method = "NOTIFY"
        parameter.txOption.headers = _header_vector(
            notify_headers(status, None if is_first else referral.cseq)
        )
        parameter.txOption.contentType = "message/sipfrag;version=2.0"
        parameter.txOption.msgBody = fragment(status)
        self.sendRequest(parameter)

    def send_keys(self, keys: str) -> None:
        """Send keys as RFC 4733 events; by SIP INFO where the far end did not offer them."""
        if self._is_ending:
            return
        try:
            self.dialDtmf(keys)
        except pj.Error:
            parameter = pj.CallSendDtmfParam()
            parameter.method = pj.PJSUA_DTMF_METHOD_SIP_INFO
            parameter.digits = keys
            self.sendDtmf(parameter)

    @property
    def _is_ending(self) -> bool:
        return self.is_over or self._is_ended_here

    def _flowing_audio(self) -> pj.AudioMedia | None:
        info = self.getInfo()  # kept: its media list is memory of this object
        self._stream, self._is_on_hold, self._is_held, self._was_agreed = None, True, False, False
        # The list leaves media out that the library does not know; an index counts all lines of the SDP.
        for place, media in enumerate(info.media):
            if media.type != pj.PJMEDIA_TYPE_AUDIO:
                continue
            is_agreed = media.status not in (pj.PJSUA_CALL_MEDIA_NONE, pj.PJSUA_CALL_MEDIA_ERROR)
            # Of a call that began on hold, with 0.0.0.0 or inactive, the library makes none until it is taken off.
            self._was_agreed = self._was_agreed or is_agreed
            has_stream = is_agreed and self._native_stream is not None
            self._stream = media.index if has_stream else None
            is_active = media.status == pj.PJSUA_CALL_MEDIA_ACTIVE
            self._is_on_hold = not is_active or not media.dir & pj.PJMEDIA_DIR_DECODING
            self._is_held = media.status == pj.PJSUA_CALL_MEDIA_LOCAL_HOLD
            if has_stream:
                return self.getAudioMedia(place)
        return None

    def _know(self, event: pj.SipEvent) -> None:
        """A far end that was called has answered: from where."""
        if message := _message_of(event):
            self.hosts = hosts_of(message, event.body.tsxState.src.rdata.srcAddress)
            self.is_direct = not first_header(headers_of(message), "Record-Route")
            self._keep_strangers_out()

    def _keep_strangers_out(self) -> None:
        if self._stream is None or self._native_stream is None:
            return
        signalled = self.getStreamInfo(self._stream).remoteRtpAddress
        self.guard.negotiated(self.getId(), self._stream, signalled, self.hosts)
        self._guards.negotiated(self)

    def _has_key_events(self) -> bool:
        """Whether the far end's SDP has a payload type for `telephone-event`."""
        if self._stream is None:
            return True
        try:
            return int(self.getStreamInfo(self._stream).audTxEventPt) >= 0
        except pj.Error:  # there is no stream, as with a codec of ours alone
            return True

    def _watch_audio(self, statistics: pj.StreamStat | None, at: float) -> None:
        if statistics is None or self._stream is None:
            return
        self._keep_alive.keep(self, self._stream, statistics.rtcp.txStat.pkt, at)
        found = self._one_way.looked(self, self._stream, statistics, is_two_way=not self._is_on_hold, at=at)
        if found is not None:
            self._tell(self, found)

    def _end_with(self, headers: Mapping[str, str], status: int = 0) -> None:
        self._is_ended_here = True
        self._let_go()
        parameter = _audio_only()
        parameter.statusCode = status
        parameter.txOption.headers = _header_vector(headers)
        self.hangup(parameter)

    def _respond(self, status: int, headers: Mapping[str, str] | None = None) -> None:
        if self.is_over:
            return
        parameter = _audio_only()
        parameter.statusCode = status
        if headers:
            parameter.txOption.headers = _header_vector(headers)
        self.answer(parameter)

    def _let_go(self) -> None:
        self.sound.let_go()
        self.leave_room()

    def _ending(self, status: int, reason: str, last: str) -> Ending:
        """`last` is the text of the message that ended the call; empty where none did."""
        if self._is_ended_here:
            return Ending(EndCause.HERE, status if not self._was_confirmed else None)
        headers = custom_headers(last)
        if self._was_confirmed:
            cause = EndCause.BROKEN if status >= 300 else EndCause.FAR_END
            return Ending(cause, status, reason if cause is EndCause.BROKEN else "", headers)
        if not self._is_incoming:
            # The library does not follow a redirection, and ends such a call with a status of its own.
            told = REDIRECTION.match(last)
            return Ending(EndCause.REFUSED, int(told.group(1)) if told else status, reason, headers)
        if status == REQUEST_TERMINATED:
            self.notes.own("INVITE", status)
            return Ending(EndCause.ABANDONED, status, "the caller gave up before the answer", headers)
        return Ending(EndCause.BROKEN, status, reason)


def _arrived(statistics: pj.StreamStat | None) -> Arrived:
    if statistics is None:
        return Arrived()
    counted = statistics.rtcp  # memory of `statistics`, which has to stay
    return Arrived(packets=counted.rxStat.pkt, reports=counted.txStat.updateCount)


def _message_of(event: pj.SipEvent) -> str:
    """The text of the message that made a dialog change its state; empty where none came."""
    if event.type != pj.PJSIP_EVENT_TSX_STATE or event.body.tsxState.type != pj.PJSIP_EVENT_RX_MSG:
        return ""
    message: str = event.body.tsxState.src.rdata.wholeMsg
    return message


def _audio_only() -> pj.CallOpParam:
    """Defaults without real-time text, which PJSUA2 offers from 2.16 on, with two more ports, unless it is
    told."""
    parameter = pj.CallOpParam(True)
    if hasattr(parameter.opt, "textCount"):
        parameter.opt.textCount = 0
    return parameter


def _header_vector(headers: Mapping[str, str]) -> pj.SipHeaderVector:
    vector = pj.SipHeaderVector()
    for name, value in headers.items():
        header = pj.SipHeader()
        header.hName = name
        header.hValue = value
        vector.push_back(header)
    return vector

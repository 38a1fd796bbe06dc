"""One pj.Call, seen from the owner thread: callbacks in, commands out.

Every method runs on the owner thread. What happens is told as plain values; nothing of pjsua2 leaves.
"""

import functools
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pjsua2 as pj
import structlog

from offhook.call.ending import EndCause, Ending
from offhook.call.timeline import Timeline
from offhook.pjsua.bridge import Bridge
from offhook.pjsua.farewell import RETRY_AFTER, TIMED_OUT, UNAVAILABLE, Farewell, reason_header
from offhook.pjsua.frames import FramePort, FramePorts, FrameTo
from offhook.pjsua.info_key import key_of_info
from offhook.pjsua.leg_events import Answered, AudioFlows, KeyHeard, LegEvent, Over, Rang
from offhook.pjsua.players import Players
from offhook.pjsua.silence import Arrived, SilenceLimits, SilenceWatch
from offhook.pjsua.sip_notes import SipNotes

log = structlog.get_logger()

REQUEST_TERMINATED = 487
REQUEST_TIMEOUT = 408
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

    def __init__(
        self,
        account: pj.Account,
        *,
        ports: FramePorts,
        players: Players,
        tell: Callable[["SipCall", LegEvent], None],
        on_gone: Callable[["SipCall"], None],
        silence: SilenceLimits,
        farewell: Farewell,
        number: int = pj.PJSUA_INVALID_ID,
    ) -> None:
        """`number` is PJSUA's call id of an incoming call; `on_gone` forgets the call once it is over; `silence` is how
        long its far end may send nothing."""
        super().__init__(account, number)
        self._ports = ports
        self._players = players
        self._tell = tell
        self._on_gone = on_gone
        self.call_id: str | None = None
        """What the call is called above, once it is taken; for the log."""
        self.timeline = Timeline(time.monotonic)
        """What happens to the call; any thread may note something."""
        self.notes = SipNotes(self.timeline)
        self._is_incoming = number != pj.PJSUA_INVALID_ID
        self._was_confirmed = False
        self._is_ended_here = False
        self._farewell = farewell
        self._silence_limits = silence
        self._silence: SilenceWatch | None = None
        self._stream: int | None = None
        """The number of the audio stream whose packets are counted; a library that asserts may not be asked of none."""
        self._is_on_hold = False
        self.audio: pj.AudioMedia | None = None
        """The call's conference port, while it has one and its dialog does not end."""
        self._player: pj.AudioMediaPlayer | None = None
        self._port: FramePort | None = None
        self._is_echoing = False
        self._bridge: Bridge | None = None
        self.is_over = False
        """Whether the call is gone, and this object an empty shell."""

    # -- what the far end does -------------------------------------------------------------------------

    @guarded
    def onCallState(self, _parameter: pj.OnCallStateParam) -> None:
        """A new state of the dialog."""
        info = self.getInfo()
        match info.state:
            case pj.PJSIP_INV_STATE_EARLY if not self._is_incoming:
                self._tell(self, Rang())
            case pj.PJSIP_INV_STATE_CONFIRMED:
                self._was_confirmed = True
                self._silence = SilenceWatch(self._silence_limits, time.monotonic())
                self.notes.confirmed(is_incoming=self._is_incoming)
                self._tell(self, Answered())
            case pj.PJSIP_INV_STATE_DISCONNECTED:
                self._let_go()
                self._tell(self, Over(self._ending(info.lastStatusCode, info.lastReason)))
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
        self.audio = self._flowing_audio()
        if self._bridge is not None:
            self._bridge.audio_changed(self)
        if self.audio is None:
            return
        if self._player is not None:
            self._player.startTransmit(self.audio)
        if self._port is not None:
            self.audio.startTransmit(self._port)
        if self._is_echoing:
            self.audio.startTransmit(self.audio)
        self._tell(self, AudioFlows())

    @guarded
    def onDtmfDigit(self, parameter: pj.OnDtmfDigitParam) -> None:
        """A key, by RFC 4733 or SIP INFO."""
        key = parameter.digit.upper()
        if key in KEYS:
            self._tell(self, KeyHeard(key))

    @guarded
    def onCallTsxState(self, parameter: pj.OnCallTsxStateParam) -> None:
        """A message of the call came or went. A key may come by SIP INFO, in the form that PJSUA does not know and
        answers 500 to."""
        event = parameter.e
        if event.type != pj.PJSIP_EVENT_TSX_STATE:
            return
        change = event.body.tsxState
        self.notes.transaction_changed(change)
        if change.type != pj.PJSIP_EVENT_RX_MSG or change.tsx.state != pj.PJSIP_TSX_STATE_TRYING:
            return
        key = key_of_info(change.src.rdata.wholeMsg) if change.tsx.method == "INFO" else None
        if key is not None:
            self._tell(self, KeyHeard(key))

    @guarded
    def onStreamDestroyed(self, parameter: pj.OnStreamDestroyedParam) -> None:
        """A stream comes to its end, with the call or for another that was negotiated: the last moment to ask how it went."""
        index = parameter.streamIdx
        try:
            self.notes.stream_over(self.getStreamStat(index), self.getStreamInfo(index).codecName)
        except pj.Error:  # it never flowed
            return

    # -- what the leg asks for -------------------------------------------------------------------------

    def ring(self) -> None:
        """Send 180."""
        self._respond(180)

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
        """Send BYE to a far end of which nothing has come for too long. It would hardly answer, so the end is told
        at once."""
        if self._silence is None or self._is_ending:
            return
        quiet_s = self._silence.overdue_s(self._arrived(), is_on_hold=self._is_on_hold, at=at)
        if quiet_s is None:
            return
        words = f"no audio packets came for {quiet_s:.0f} s{' on hold' if self._is_on_hold else ''}"
        self.notes.own("BYE")
        self._tell(self, Over(Ending(EndCause.BROKEN, None, f"media_timeout: {words}")))
        self._end_with(reason_header(TIMED_OUT, words))

    def dial(self, uri: str, caller_uri: str, headers: Mapping[str, str]) -> None:
        """Send an INVITE. Raises pj.Error for what cannot be sent; the call is gone then."""
        parameter = _audio_only()
        parameter.txOption.localUri = caller_uri
        parameter.txOption.headers = _header_vector(headers)
        self.makeCall(uri, parameter)

    def start_player(self, path: Path) -> None:
        """Play a WAV file once."""
        if self._is_ending:
            return
        self.stop_player()
        self._player = self._players.play_once(path)
        if self.audio is not None:
            self._player.startTransmit(self.audio)

    def samples_played(self) -> int:
        """How far the player is; 0 once it has come to its end (it rewinds)."""
        return 0 if self._player is None else self._player.getPos()

    def stop_player(self) -> None:
        """Silence at the next tick of the clock."""
        player, self._player = self._player, None
        if player is None:
            return
        if self.audio is not None:
            player.stopTransmit(self.audio)
        self._players.take_back(player, time.monotonic())

    def start_listening(self, to: FrameTo) -> None:
        """Hand the far end's audio to `to`."""
        if self._is_ending:
            return
        self.stop_listening()
        self._port = self._ports.lend(to)
        if self.audio is not None:
            self.audio.startTransmit(self._port)

    def stop_listening(self) -> None:
        """Hand the far end's audio to nobody."""
        port, self._port = self._port, None
        if port is None:
            return
        if self.audio is not None:
            self.audio.stopTransmit(port)
        self._ports.take_back(port)

    def start_echo(self) -> None:
        """Send the far end's audio back to it, natively."""
        if self._is_ending:
            return
        self._is_echoing = True
        if self.audio is not None:
            self.audio.startTransmit(self.audio)

    def stop_echo(self) -> None:
        """Send nothing back."""
        if self._is_echoing and self.audio is not None:
            self.audio.stopTransmit(self.audio)
        self._is_echoing = False

    def enter_room(self, bridge: Bridge, *, hears: bool, is_heard: bool) -> None:
        """Hear a room and be heard in it; at once, or as soon as audio flows."""
        if self._is_ending:
            return
        self._bridge = bridge
        bridge.enter(self, hears=hears, is_heard=is_heard)

    def change_place(self, *, hears: bool | None, is_heard: bool | None) -> None:
        """Be deaf or hearing, muted or heard, in the room; None leaves it."""
        if self._bridge is not None:
            self._bridge.change(self, hears=hears, is_heard=is_heard)

    def leave_room(self) -> None:
        """Hear nobody, be heard by nobody."""
        bridge, self._bridge = self._bridge, None
        if bridge is not None:
            bridge.leave(self)

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
        self._stream, self._is_on_hold = None, True
        for media in info.media:
            if media.type != pj.PJMEDIA_TYPE_AUDIO:
                continue
            has_stream = media.status not in (pj.PJSUA_CALL_MEDIA_NONE, pj.PJSUA_CALL_MEDIA_ERROR)
            self._stream = media.index if has_stream else None
            is_active = media.status == pj.PJSUA_CALL_MEDIA_ACTIVE
            self._is_on_hold = not is_active or not media.dir & pj.PJMEDIA_DIR_DECODING
            if is_active or media.status == pj.PJSUA_CALL_MEDIA_REMOTE_HOLD:
                return self.getAudioMedia(media.index)
        return None

    def _arrived(self) -> Arrived:
        if self._stream is None:
            return Arrived()
        statistics = self.getStreamStat(self._stream)
        counted = statistics.rtcp  # memory of `statistics`, which has to stay
        return Arrived(packets=counted.rxStat.pkt, reports=counted.txStat.updateCount)

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
        """The dialog ends, and the library takes the call's conference port away by itself. To disconnect
        anything from that port now would be carried out after it is gone, and abort the process."""
        self.audio = None
        bridge, self._bridge = self._bridge, None
        if bridge is not None:
            bridge.forget(self)
        self.stop_player()
        self.stop_listening()
        self.stop_echo()

    def _ending(self, status: int, reason: str) -> Ending:
        if self._is_ended_here:
            return Ending(EndCause.HERE, status if not self._was_confirmed else None)
        if self._was_confirmed:
            cause = EndCause.BROKEN if status >= 300 else EndCause.FAR_END
            return Ending(cause, status, reason if cause is EndCause.BROKEN else "")
        if not self._is_incoming:
            return Ending(EndCause.REFUSED, status, reason)
        if status == REQUEST_TERMINATED:
            self.notes.own("INVITE", status)
            return Ending(EndCause.ABANDONED, status, "the caller gave up before the answer")
        return Ending(EndCause.BROKEN, status, reason)


def _audio_only() -> pj.CallOpParam:
    """Defaults without real-time text, which PJSUA2 offers from 2.16 on, with two more ports, unless it is told."""
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

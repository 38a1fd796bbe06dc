"""A leg: the call port on top of a SIP call. Everything here runs on the event loop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from pathlib import Path

from offhook.call.ending import EndCause, Ending
from offhook.call.errors import OffhookError
from offhook.call.info import CallInfo, Direction, Sides
from offhook.call.port import Audio, FrameSink, KeySink, ReferOutcome, TransferSink
from offhook.call.scope import Alive, Lifeline
from offhook.call.timeline import Timeline
from offhook.pjsua.bridge import Bridge
from offhook.pjsua.engine import Engine
from offhook.pjsua.invite import user_part
from offhook.pjsua.leg_events import (
    Answered,
    AudioFlows,
    HeadersCame,
    HeldFromTheFirst,
    KeyHeard,
    LegEvent,
    NotHeard,
    Over,
    Rang,
)
from offhook.pjsua.leg_requests import LegRequests
from offhook.pjsua.playing import play_out
from offhook.pjsua.sip_call import SipCall
from offhook.pjsua.taping import NativeTaping, taping
from offhook.pjsua.toned_keys import TonedKeys

KEY_S = 0.25
"""How long sending a key takes: PJSUA sends 200 ms and a pause."""
WAIT_KEY_S = 0.5
EARLY_S = 2.0
"""How long it may take until a caller who rings can hear us. Without an offer in its INVITE, it cannot before the answer."""
END_S = 0.5
"""How long the end of a call may wait for the library to send it."""


class Leg:
    """Fills `call.port.DialledCall`."""

    def __init__(
        self, engine: Engine, sip_call: SipCall, info: CallInfo, *, answer_headers: Mapping[str, str]
    ) -> None:
        """`answer_headers` go into the 200 of an incoming call."""
        self._engine = engine
        sip_call.call_id = info.call_id
        self._sip_call = sip_call
        self._info = info
        self._answer_headers = answer_headers
        self._lifeline = Lifeline()
        self._is_answered = False
        self._ended_here: Ending | None = None
        self._rang = asyncio.Event()
        self._confirmed = asyncio.Event()
        self._audio_agreed = asyncio.Event()
        self._audio_flows = asyncio.Event()
        self._is_early = asyncio.Event()
        """The far end can be heard, and has not answered."""
        self._key_sinks: list[KeySink] = []
        self._frame_sinks: list[FrameSink] = []
        self._played_sinks: list[FrameSink] = []
        self._toned_keys = TonedKeys(self.listen, tell=self._pressed)
        self._is_bridged = False
        self._headers: tuple[tuple[str, str], ...] = ()
        far_end = info.from_ if info.direction is Direction.INBOUND else info.to
        self._requests = LegRequests(engine, sip_call, user_part(far_end) or far_end)

    @property
    def info(self) -> CallInfo:
        """What is known of the call."""
        return self._info

    @property
    def timeline(self) -> Timeline:
        """What happens to the call, from its INVITE on."""
        return self._sip_call.timeline

    @property
    def is_answered(self) -> bool:
        """Whether the leg was answered, by us or by the called side."""
        return self._is_answered

    @property
    def engine(self) -> Engine:
        """The engine that holds the call."""
        return self._engine

    @property
    def sip_call_id(self) -> str:
        """The Call-ID of its dialog."""
        return self._sip_call.sip_call_id

    @property
    def answer_headers(self) -> tuple[tuple[str, str], ...]:
        """Custom headers of the last final response to our INVITE, or of the BYE."""
        return self._headers

    @property
    def ending(self) -> Ending | None:
        """How the leg ended; None while it lives."""
        return self._lifeline.ending

    @property
    def is_ending(self) -> bool:
        """Whether it has ended, or was hung up and will in a moment."""
        return self._ended_here is not None or self._lifeline.ending is not None

    def goes_on_with(self, sip_call: SipCall) -> None:
        """Another SIP call takes the place of one that failed before it rang; it notes into the same timeline."""
        sip_call.call_id = self._info.call_id
        self._sip_call = sip_call
        self._requests.goes_on_with(sip_call)

    def take(self, event: LegEvent) -> None:
        """What the SIP call tells."""
        match event:
            case Rang():
                self._rang.set()
            case Answered():
                self._is_answered = True
                self._is_early.clear()
                self._rang.set()
                self._confirmed.set()
                self._requests.confirmed()
            case AudioFlows(has_key_events):
                self._toned_keys.negotiated(has_key_events=has_key_events)
                self._audio_agreed.set()
                self._audio_flows.set()
                if not self._is_answered:
                    self._is_early.set()
            case HeldFromTheFirst():
                self._audio_agreed.set()
            case KeyHeard(key):
                if self._toned_keys.is_new(key):
                    self._pressed(key)
            case HeadersCame(headers):
                self._headers = headers
            case NotHeard(what, received, sent):
                self.timeline.note("one_way", what=what.value, received=received, sent=sent)
            case Over(ending):
                self._headers = ending.headers or self._headers
                self._end(self._ended_here or ending)
            case _:
                self._requests.take(event)

    async def answer(self) -> None:
        """Answer a ringing call; returns when audio can flow, or the far end holds the call from the first. Does nothing on an
        answered one."""
        if self._is_answered or self._lifeline.ending is not None:
            return
        self._is_answered = True
        with contextlib.suppress(OffhookError):  # the call ended meanwhile: `alive` tells
            await self._engine.submit(lambda: self._sip_call.accept(self._answer_headers))
        await self._audio_agreed.wait()

    async def audible(self) -> None:
        """Returns when audio can flow; where the far end holds the call from the first, once it holds it no more."""
        await self._audio_flows.wait()

    async def progress(self) -> bool:
        """Let a ringing caller hear us before the answer; returns once they can, and whether."""
        if self._is_answered or self._lifeline.ending is not None:
            return False
        with contextlib.suppress(OffhookError):  # the call ended meanwhile: `alive` tells
            await self._engine.submit(self._sip_call.progress)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(EARLY_S):
                await self._audio_flows.wait()
        return self._audio_flows.is_set()

    async def reject(self, sip_status: int) -> None:
        """Refuse a ringing call; returns when the leg is over."""
        await self._end_here(lambda: self._sip_call.refuse(sip_status), sip_status)

    async def hang_up(self) -> None:
        """End the leg in whatever state it is; returns when it is over."""
        await self._end_here(self._sip_call.end, None)

    async def play(self, audio: Audio, *, from_s: float = 0.0) -> None:
        """Play to the caller; returns at the sound's end. Cancelling it silences the caller within 40 ms."""
        await self._audio_flows.wait()
        if from_s and audio.is_whole and from_s >= audio.length_s:
            return
        was_whole = audio.is_whole
        self.timeline.note_sound(audio.label, audio.length_s - from_s)
        sound = self._sip_call.sound
        try:
            await play_out(self._engine, audio, begin=sound.play, end=sound.stop, from_s=from_s)
        except asyncio.CancelledError:
            self.timeline.note_silenced(audio.label)
            raise
        if not was_whole:
            self.timeline.note_whole(audio.label, audio.length_s)

    async def echo(self) -> None:
        """Let the caller hear themselves, without end. Cancelling it stops the echo."""
        await self._audio_flows.wait()
        self._engine.post(self._sip_call.sound.start_echo)
        try:
            await asyncio.Event().wait()
        finally:
            self._engine.post(self._sip_call.sound.stop_echo)

    async def send_keys(self, keys: str) -> None:
        """Send keys; `w` waits for half a second. Returns when all are sent."""
        await self._audio_flows.wait()
        for key in keys.upper():
            if key == "W":
                await asyncio.sleep(WAIT_KEY_S)
                continue
            await self._engine.submit(lambda key=key: self._sip_call.send_keys(key))  # type: ignore[misc]
            await asyncio.sleep(KEY_S)

    @contextmanager
    def keys(self, to: KeySink) -> Iterator[None]:
        """A block in which each pressed key is told to `to`."""
        self._key_sinks.append(to)
        self._toned_keys.wanted()
        try:
            yield
        finally:
            self._key_sinks.remove(to)

    @contextmanager
    def listen(self, to: FrameSink) -> Iterator[None]:
        """A block in which the caller's audio is told to `to`."""
        self._frame_sinks.append(to)
        if len(self._frame_sinks) == 1:
            self._engine.post(lambda: self._sip_call.sound.start_listening(self._frame))
        try:
            yield
        finally:
            self._frame_sinks.remove(to)
            if not self._frame_sinks:
                self._engine.post(self._sip_call.sound.stop_listening)

    @contextmanager
    def listen_played(self, to: FrameSink) -> Iterator[None]:
        """A block in which what the caller hears is told to `to`."""
        self._played_sinks.append(to)
        if len(self._played_sinks) == 1:
            self._engine.post(lambda: self._sip_call.sound.start_listening_along(self._played_frame))
        try:
            yield
        finally:
            self._played_sinks.remove(to)
            if not self._played_sinks:
                self._engine.post(self._sip_call.sound.stop_listening_along)

    def taped(self, path: Path, sides: Sides) -> AbstractAsyncContextManager[NativeTaping]:
        """A block in which the leg's sounds are written to a WAV file, silence included."""
        sound = self._sip_call.sound
        return taping(
            self._engine,
            path,
            sides,
            begin=lambda tape, says, hears: sound.tape(tape, says=says, hears=hears),
            end=sound.untape,
        )

    async def hold(self) -> int:
        """Put the far end on hold; returns the final SIP status."""
        return await self._requests.hold()

    async def resume(self) -> int:
        """Take the far end off hold; returns the final SIP status."""
        return await self._requests.resume()

    async def refer(self, to: str) -> ReferOutcome:
        """Ask the far end to call the SIP URI `to` instead; returns when it has told the outcome, or went."""
        return await self._requests.refer(to)

    def transfers(self, to: TransferSink) -> AbstractContextManager[None]:
        """A block in which each REFER of the far end is answered 202 and told to `to`."""
        return self._requests.transfers(to)

    @asynccontextmanager
    async def bridged(self, bridge: Bridge, *, hears: bool, is_heard: bool) -> AsyncIterator[None]:
        """A block in which the leg is among those of a bridge. Raises ValueError inside of another such
        block."""
        if self._is_bridged:
            raise ValueError("the leg is in a room already; it has to leave that one first")
        self._is_bridged = True
        try:
            await self._engine.submit(
                lambda: self._sip_call.enter_room(bridge, hears=hears, is_heard=is_heard)
            )
            yield
        finally:
            self._is_bridged = False
            self._engine.post(self._sip_call.leave_room)

    def change_place(self, *, hears: bool | None, is_heard: bool | None) -> None:
        """Be deaf or hearing, muted or heard, inside of a `bridged` block; None leaves it."""
        self._engine.post(lambda: self._sip_call.change_place(hears=hears, is_heard=is_heard))

    def alive(self) -> Alive:
        """A block that ends with `CallEnded` when the leg does, and at once if it already has."""
        return self._lifeline.alive()

    async def rung(self) -> None:
        """Returns when the far end rings, or answers at once."""
        await self._rang.wait()

    async def heard_early(self) -> None:
        """Returns when the far end can be heard although it has not answered; not where it cannot, or has."""
        while not self._is_early.is_set():  # an answer tells of audio a moment before it tells of itself
            await self._is_early.wait()

    async def connected(self) -> None:
        """Returns when the far end has answered, and audio can flow or the far end holds the call from the first."""
        await self._confirmed.wait()
        await self._audio_agreed.wait()

    def _pressed(self, key: str) -> None:
        self.timeline.note_key(key, is_heard=bool(self._key_sinks))
        for sink in tuple(self._key_sinks):
            sink(key)

    def _end(self, ending: Ending) -> None:
        self._toned_keys.end()
        self._requests.end()
        self._lifeline.end(ending)

    def _frame(self, frame: bytes) -> None:
        for sink in tuple(self._frame_sinks):
            sink(frame)

    def _played_frame(self, frame: bytes) -> None:
        for sink in tuple(self._played_sinks):
            sink(frame)

    async def _end_here(self, command: Callable[[], None], sip_status: int | None) -> None:
        """The call is over for us once the command that ends it is carried out; a far end that does not
        confirm its BYE would keep it for 32 s. Told from a loop callback, as the scope demands."""
        ending = Ending(EndCause.HERE, None if self._is_answered else sip_status)
        self._ended_here = ending
        ended = self._engine.submit(command)
        latest = asyncio.get_running_loop().call_later(END_S, self._end, ending)

        def tell(carried_out: asyncio.Future[None]) -> None:
            if not carried_out.cancelled():
                carried_out.exception()  # the call ended meanwhile: there is nothing left to end
            self._end(ending)

        ended.add_done_callback(tell)
        await self._lifeline.over()
        latest.cancel()

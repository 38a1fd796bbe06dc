"""A call whose caller follows a script. It keeps the contract of `call.port` without any telephone.

The script is a list of lines, each with its time in seconds since the call was made:

    "1.5 key 1"             presses a key
    "2.0 says 0.6"          makes the sound of speech for 0.6 s
    "4.0 beeps 0.5"         makes the sound of an answering machine's beep for 0.5 s
    "9.0 hangs up"          leaves
    "3.0 answers"           (a dialled call) answers; "2.0 rings" rings; "2.0 refuses 486" refuses
    "3.0 answers on hold"   answers and holds us from the first, until "8.0 holds no more"
    "2.0 rings aloud"       rings, and can be heard before the answer (early media)
    "2.0 is heard early"    (a dialled call) lets us be heard before it answers (183 with media)
    "3.0 answers with X-Desk=7"     the same with headers; "refuses 486 with ..." and "hangs up with ..." too
    "4.0 transfers sip:bob@example.com"     sends a REFER
    "5.0 refuses hold 488"  answers 488 to being put on hold from now on; so "refuses resume", "refuses refer"
    "5.0 reports 486"       tells this of the calls that it is referred to, 0.5 s later (200 unless told);
                            "reports nothing" lets us wait until the call ends
    "6.0 fills the disk"    no recording of this call can be written from now on

`heard` tells what the caller heard and when: "0.0 hello starts", "1.2 hello ends", "0.8 hello stops", "1.0 hello goes on at
0.8 s"; of a sound that is made too slowly also "1.5 hello falls silent" and "1.9 hello goes on at 1.5 s"; also
"2.1 held", "4.1 resumed", "3.0 referred to sip:bob@example.com", "4.0 transfer accepted 202",
"4.5 transfer told 180". In a `ScriptedRoom` they hear the others as well: "2.0 +15550101 starts".
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from offhook.call.ending import EndCause, Ending
from offhook.call.info import CallInfo, Direction, Sides
from offhook.call.port import Audio, FrameSink, KeySink, ReferOutcome, TransferSink
from offhook.call.scope import Alive, Lifeline
from offhook.call.timeline import Timeline
from offhook.speech.pcm import FRAME_S
from offhook.testing.caller_voice import BEEP, SILENCE, VOWEL
from offhook.testing.playing import heard_out
from offhook.testing.scripted_signalling import ScriptedSignalling
from offhook.testing.scripted_taping import ScriptedDisk, ScriptedTaping

SOME_CALL = CallInfo(
    call_id="0123456789abcdef0123456789abcdef",
    account_sid="AC00000000000000000000000000000001",
    direction=Direction.INBOUND,
    from_="+15550100",
    to="1000",
    created_at=datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC),
)


class ScriptedCall:
    """Fills `call.port.DialledCall`. Make it inside a running event loop; the script starts at once."""

    def __init__(self, *script: str, info: CallInfo = SOME_CALL) -> None:
        self._info = info
        self._loop = asyncio.get_running_loop()
        self._began_at = self._loop.time()
        self._timeline = Timeline(self._loop.time)
        self._lifeline = Lifeline()
        self._answered = asyncio.Event()
        self._audio_flows = asyncio.Event()
        self.hears_early = True
        """Whether the caller can hear us before the answer."""
        self._rang = asyncio.Event()
        self._is_early = asyncio.Event()
        self._key_sinks: list[KeySink] = []
        self._frame_sinks: list[FrameSink] = []
        self._played_sinks: list[FrameSink] = []
        self._sounds_heard = 0
        self._speaks_until = self._beeps_until = 0.0
        self.spoke: list[tuple[float, float]] = []
        """When the caller spoke: (begin, end) on the loop's clock."""
        self._over = asyncio.Event()
        self.signalling = ScriptedSignalling(
            info.from_ if info.direction is Direction.INBOUND else info.to, self.hear, self._over
        )
        """How the far end takes re-INVITE and REFER."""
        self.disk = ScriptedDisk()
        """Where its recordings go."""
        self._tapings: list[ScriptedTaping] = []
        self._answer_headers: tuple[tuple[str, str], ...] = ()
        self._voice_listeners: list[Callable[[], None]] = []
        self.is_in_room = False
        """Whether the caller is in a room; a room sets it."""
        self._frames = 0
        self.heard: list[str] = []
        """What the caller heard, in order."""
        self.keys_sent: list[str] = []
        """Keys that were sent to the caller."""
        self.rejected_with: int | None = None
        """The SIP status with which the call was refused."""
        for line in script:
            self._arm(line)

    @property
    def info(self) -> CallInfo:
        """What is known of the call."""
        return self._info

    @property
    def timeline(self) -> Timeline:
        """What happens to the call."""
        return self._timeline

    @property
    def is_answered(self) -> bool:
        """Whether the call was answered."""
        return self._answered.is_set()

    @property
    def has_audio(self) -> bool:
        """Whether the call was answered and is not held from the first, or can be heard before."""
        return (self.is_answered and self._audio_flows.is_set()) or self._is_early.is_set()

    @property
    def ending(self) -> Ending | None:
        """How the call ended; None while it lives."""
        return self._lifeline.ending

    @property
    def is_speaking(self) -> bool:
        """Whether the caller makes a sound now that can be heard here; who is held sends none."""
        is_connected = self.has_audio and self.ending is None and not self.signalling.is_held
        return is_connected and self._loop.time() < self._speaks_until

    @property
    def sip_call_id(self) -> str:
        """The Call-ID of a dialog that does not exist."""
        return f"{self._info.call_id}@scripted"

    @property
    def answer_headers(self) -> tuple[tuple[str, str], ...]:
        """Custom headers that the far end answered or hung up with."""
        return self._answer_headers

    async def answer(self) -> None:
        """Answer the call."""
        self._answered.set()
        self._audio_flows.set()
        self._voice_changed()

    async def audible(self) -> None:
        """Wait until audio can flow."""
        await self._audio_flows.wait()

    async def progress(self) -> bool:
        """Let the caller hear us before the answer."""
        if not self.hears_early or self.is_answered or self.ending is not None:
            return False
        self._audio_flows.set()
        return True

    async def reject(self, sip_status: int) -> None:
        """Refuse the call."""
        if not self.is_answered and self._lifeline.ending is None:
            self.rejected_with = sip_status
            await self._end_here(Ending(EndCause.HERE, sip_status))

    async def hang_up(self) -> None:
        """End the call."""
        await self._end_here(Ending(EndCause.HERE))

    async def play(self, audio: Audio, *, from_s: float = 0.0) -> None:
        """Let the caller hear a sound for as long as it lasts, or what it has from `from_s` seconds on."""
        if from_s and audio.is_whole and from_s >= audio.length_s:
            return
        name, was_whole = audio.label or audio.path.name, audio.is_whole
        self.hear(f"{name} goes on at {from_s:.1f} s" if from_s else f"{name} starts")
        self._timeline.note_sound(audio.label, audio.length_s - from_s)
        self._sounds_heard += 1
        try:
            await heard_out(audio, from_s, lambda what: self.hear(f"{name} {what}"))
        except asyncio.CancelledError:
            self.hear(f"{name} stops")
            self._timeline.note_silenced(audio.label)
            raise
        finally:
            self._sounds_heard -= 1
        self.hear(f"{name} ends")
        if not was_whole:
            self._timeline.note_whole(audio.label, audio.length_s)
        if audio.growing is not None and audio.growing.fault is not None:
            raise audio.growing.fault

    async def echo(self) -> None:
        """Let the caller hear themselves, without end."""
        self.hear("echo starts")
        try:
            await asyncio.Event().wait()
        finally:
            self.hear("echo stops")

    async def send_keys(self, keys: str) -> None:
        """Send keys to the caller, once they hear us: 0.2 s each, half a second for `w`."""
        await self._audio_flows.wait()
        for key in keys:
            await asyncio.sleep(0.5 if key == "w" else 0.2)
            if key != "w":
                self.keys_sent.append(key)

    @contextmanager
    def keys(self, to: KeySink) -> Iterator[None]:
        """A block in which pressed keys are told."""
        self._key_sinks.append(to)
        try:
            yield
        finally:
            self._key_sinks.remove(to)

    @contextmanager
    def listen(self, to: FrameSink) -> Iterator[None]:
        """A block in which the caller's audio is told, a frame every 20 ms."""
        self._frame_sinks.append(to)
        if len(self._frame_sinks) == 1:
            self._loop.call_later(FRAME_S, self._next_frame)
        try:
            yield
        finally:
            self._frame_sinks.remove(to)

    @contextmanager
    def listen_played(self, to: FrameSink) -> Iterator[None]:
        """A block in which a frame is told every 20 ms while the caller hears a sound."""
        self._played_sinks.append(to)
        if len(self._played_sinks) == 1:
            self._loop.call_later(FRAME_S, self._next_played_frame)
        try:
            yield
        finally:
            self._played_sinks.remove(to)

    @asynccontextmanager
    async def taped(self, path: Path, sides: Sides) -> AsyncIterator[ScriptedTaping]:
        """A block in which a WAV file is made, as long as the block; the caller's voice is in it."""
        channels = 2 if sides is Sides.STEREO else 1
        taping = ScriptedTaping(path, lambda: self.spoke, self.disk, channels=channels)
        self._tapings.append(taping)
        try:
            yield taping
        finally:
            self._tapings.remove(taping)
            taping.finish()

    async def hold(self) -> int:
        """Put the caller on hold."""
        status = await self.signalling.hold()
        self._voice_changed()
        return status

    async def resume(self) -> int:
        """Take the caller off hold."""
        status = await self.signalling.resume()
        self._voice_changed()
        return status

    async def refer(self, to: str) -> ReferOutcome:
        """Ask the caller to call somebody else."""
        return await self.signalling.refer(to)

    def transfers(self, to: TransferSink) -> AbstractContextManager[None]:
        """A block in which the caller's own transfers are told."""
        return self.signalling.transfers(to)

    def alive(self) -> Alive:
        """A block that ends with `CallEnded` when the caller leaves."""
        return self._lifeline.alive()

    async def rung(self) -> None:
        """Returns when the far end rings or answers."""
        await self._rang.wait()

    async def heard_early(self) -> None:
        """Returns when the far end can be heard before it answers."""
        await self._is_early.wait()

    async def connected(self) -> None:
        """Returns when the far end has answered."""
        await self._answered.wait()

    def hear(self, what: str) -> None:
        """Note what the caller hears from now on."""
        self.heard.append(f"{self._loop.time() - self._began_at:.1f} {what}")

    @contextmanager
    def voice(self, to: Callable[[], None]) -> Iterator[None]:
        """A block in which `to` is called whenever the caller starts or ends to speak, and when they leave."""
        self._voice_listeners.append(to)
        try:
            yield
        finally:
            self._voice_listeners.remove(to)

    def _arm(self, line: str) -> None:
        at, _, deed = line.partition(" ")
        self._loop.call_at(self._began_at + float(at), self._do, deed)

    def _do(self, deed: str) -> None:
        what, _, with_headers = deed.partition(" with ")
        headers = tuple((name, value) for name, _, value in map(_divided, with_headers.split()))
        if not (self._do_in_call(what.split()) or self._do_with_call(what.split(), headers)):
            raise ValueError(f"a scripted caller cannot: {deed!r}")

    def _do_in_call(self, words: list[str]) -> bool:
        match words:
            case ["key", key]:
                self._timeline.note_key(key, is_heard=bool(self._key_sinks))
                for sink in tuple(self._key_sinks):
                    sink(key)
            case ["says", seconds]:
                self._speaks_until = self._loop.time() + float(seconds)
                self.spoke.append((self._loop.time(), self._speaks_until))
                self._voice_changed()
                self._loop.call_at(self._speaks_until, self._voice_changed)
            case ["beeps", seconds]:
                self._beeps_until = self._loop.time() + float(seconds)
            case ["transfers", target]:
                self.signalling.ask_for_transfer(target)
            case ["refuses", what, status]:
                self.signalling.refuse(what, int(status))
            case ["reports", status]:
                self.signalling.report(None if status == "nothing" else int(status))
            case ["fills", "the", "disk"]:
                self.disk.fill()
            case _:
                return False
        return True

    def _do_with_call(self, words: list[str], headers: tuple[tuple[str, str], ...]) -> bool:
        match words:
            case ["hangs", "up"]:
                cause = EndCause.FAR_END if self.is_answered else EndCause.ABANDONED
                self._far_end_ends(Ending(cause, headers=headers))
            case ["rings", "aloud"]:
                self._rang.set()
                self._is_early.set()
            case ["rings"]:
                self._rang.set()
            case ["is", "heard", "early"]:
                self._rang.set()
                self._audio_flows.set()
            case ["answers", *how] if how in ([], ["on", "hold"]):
                self._answer_headers = headers
                self._rang.set()
                self._answered.set()
                if not how:
                    self._audio_flows.set()
                self._voice_changed()
            case ["holds", "no", "more"]:
                self._audio_flows.set()
                self._voice_changed()
            case ["refuses", status]:
                self._far_end_ends(Ending(EndCause.REFUSED, int(status), headers=headers))
            case _:
                return False
        return True

    def _far_end_ends(self, ending: Ending) -> None:
        self._answer_headers = ending.headers or self._answer_headers
        self._end(ending)

    def _next_frame(self) -> None:
        if not self._frame_sinks:
            return
        self._loop.call_later(FRAME_S, self._next_frame)
        speaks = self._loop.time() <= self._speaks_until
        beeps = self._loop.time() <= self._beeps_until
        frame = VOWEL[self._frames % len(VOWEL)] if speaks else BEEP if beeps else SILENCE
        self._frames += 1
        for sink in tuple(self._frame_sinks):
            sink(frame)

    def _next_played_frame(self) -> None:
        if not self._played_sinks:
            return
        self._loop.call_later(FRAME_S, self._next_played_frame)
        for sink in tuple(self._played_sinks) if self._sounds_heard else ():
            sink(BEEP)

    def _voice_changed(self) -> None:
        for listener in tuple(self._voice_listeners):
            listener()

    def _end(self, ending: Ending) -> None:
        if self.ending is None:
            self._over.set()
            for taping in self._tapings:
                taping.finish()
        self._lifeline.end(ending)
        self._voice_changed()

    async def _end_here(self, ending: Ending) -> None:
        """The end is told from a loop callback, as the scope demands, so also to the task that caused it."""
        over = asyncio.Event()
        self._loop.call_soon(self._end, ending)
        self._loop.call_soon(over.set)
        await over.wait()


def _divided(header: str) -> tuple[str, str, str]:
    return header.partition("=")

"""The call port: all that the interpreter can do with a call, and with calls that hear each other.

`pjsua` and `testing` fill it; one shared suite (tests/contract) holds both to the same behaviour.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from offhook.call.growing import GrowingSound
from offhook.call.info import CallInfo, Sides
from offhook.call.spoken import Spoken
from offhook.call.timeline import Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """A sound ready to be played: a WAV file, 16-bit mono at 8 kHz, or one that still grows."""

    path: Path
    """Its file; there is none yet for one that grows."""
    duration_s: float
    """How long it is; of one that grows, how much there was of it when it was ready to begin."""
    label: str = ""
    """What it is, for people: the text that is spoken, or the URL it came from."""
    growing: GrowingSound | None = None
    """Where it is while it grows; None for a file. It is played as it grows, with silence where that takes too long."""
    spoken: Spoken | None = None
    """Who speaks it; None where nobody does."""

    @property
    def length_s(self) -> float:
        """How long it is by now."""
        return self.duration_s if self.growing is None else self.growing.length_s

    @property
    def is_whole(self) -> bool:
        """Whether `length_s` is all there will be."""
        return self.growing is None or self.growing.is_over


KeySink = Callable[[str], None]
"""Is told each key (0-9, *, #, A-D) once, when its press begins, on the event loop."""
FrameSink = Callable[[bytes], None]
"""Is told each frame, 20 ms of 16-bit mono PCM at 8 kHz, as it arrives, on the event loop. It must not block."""


class Taping(Protocol):
    """A recording in the making."""

    @property
    def seconds(self) -> float:
        """How long it is so far."""

    async def broke(self) -> str:
        """Returns, with why in words for people, when nothing more can be written: the disk is full, …. What was
        written until then stays. Never returns while all is well."""


@dataclass(frozen=True, slots=True)
class ReferOutcome:
    """What came of asking the far end to call somebody else."""

    refer_status: int
    """The final SIP status of our REFER; 408 where none came."""
    notify_status: int | None = None
    """The last status that the far end told of its new call (message/sipfrag); None where it told none."""


class Transfer(Protocol):
    """The far end asked us to connect its peer with somebody else (REFER); it has been answered 202 already."""

    @property
    def target(self) -> str:
        """The URI in Refer-To, without its headers."""

    @property
    def referred_by(self) -> str:
        """The user part of Referred-By; that of the far end where it is missing."""

    def tell(self, sip_status: int) -> None:
        """Tell the far end what has become of it (NOTIFY with message/sipfrag); 200 and above is the last word."""


TransferSink = Callable[[Transfer], None]
"""Is told each REFER of the far end once, on the event loop."""


class Call(Protocol):
    """One leg. Nothing here raises on hang-up: the block of `alive` does, once."""

    @property
    def info(self) -> CallInfo:
        """What is known of the call."""

    @property
    def timeline(self) -> Timeline:
        """What happens to the call. The leg notes signalling, media, sounds and keys; whoever runs it the rest."""

    @property
    def is_answered(self) -> bool:
        """Whether the leg was answered, by us or by the called side."""

    async def answer(self) -> None:
        """Answer a ringing call; returns when audio can flow, or the far end holds the call from the first. Does nothing on an
        answered one."""

    async def audible(self) -> None:
        """Returns when audio can flow; where the far end holds the call from the first, once it holds it no more."""

    async def progress(self) -> bool:
        """Let a ringing caller hear us before the answer (183 with media); returns once they can, and whether: not on an
        answered call, and not where the caller offered no media yet. May be done twice."""

    async def reject(self, sip_status: int) -> None:
        """Refuse a ringing call with a SIP status of 300 to 699; returns when the leg is over."""

    async def hang_up(self) -> None:
        """End the leg in whatever state it is; returns when it is over. Does nothing on an ended one."""

    async def play(self, audio: Audio, *, from_s: float = 0.0) -> None:
        """Play to the caller; returns at the sound's end. Cancelling it silences the caller within 40 ms.

        `from_s`: how much of its beginning is left out, in seconds; a sound that is not longer is over at once.
        Sounds that are played at the same time are heard together. Raises the fault that ended a sound which grows,
        once what there is of it was played.
        """

    async def echo(self) -> None:
        """Let the caller hear themselves, without end. Cancelling it stops the echo."""

    async def send_keys(self, keys: str) -> None:
        """Send keys (RFC 4733), 0-9 * # A-D, `w` for half a second; returns when all are sent.

        Waits until the leg hears us, which of one that we began may be before the answer (183 with media).
        """

    def keys(self, to: KeySink) -> AbstractContextManager[None]:
        """A block in which each pressed key is told to `to`. Keys pressed outside of one are not kept."""

    def listen(self, to: FrameSink) -> AbstractContextManager[None]:
        """A block in which the caller's audio is told to `to`."""

    def listen_played(self, to: FrameSink) -> AbstractContextManager[None]:
        """A block in which what the caller hears is told to `to`, mixed; nothing while it is silent. At most one such block
        is open at a time for each of `to`."""

    def taped(self, path: Path, sides: Sides) -> AbstractAsyncContextManager[Taping]:
        """A block in which the leg's sounds are written to a WAV file at `path`, without a gap: silence counts too.

        The file is whole once the block is left, also by the leg's end. Raises OffhookError where it cannot begin.
        """

    async def hold(self) -> int:
        """Put the far end on hold (re-INVITE, sendonly: it still hears what is played); returns the final SIP status,
        408 where none came in time. 200 on a leg that is held already."""

    async def resume(self) -> int:
        """Take the far end off hold again (re-INVITE, sendrecv); returns the final SIP status. 200 where it is not
        held."""

    async def refer(self, to: str) -> ReferOutcome:
        """Ask the far end to call the SIP URI `to` instead; returns when it has told the outcome, or went."""

    def transfers(self, to: TransferSink) -> AbstractContextManager[None]:
        """A block in which each REFER of the far end is answered 202 and told to `to`. Outside of one they are
        refused."""

    def alive(self) -> AbstractAsyncContextManager[None]:
        """A block that ends with `CallEnded` when the leg does, and at once if it already has."""


class DialledCall(Call, Protocol):
    """A leg that we began; it rings at the far end and is answered there."""

    @property
    def sip_call_id(self) -> str:
        """The Call-ID of its dialog; empty before the INVITE is out."""

    @property
    def answer_headers(self) -> tuple[tuple[str, str], ...]:
        """Custom headers (X-…) of the last final response to the INVITE, or of the BYE."""

    async def rung(self) -> None:
        """Returns when the far end rings, or answers at once."""

    async def heard_early(self) -> None:
        """Returns when the far end can be heard although it has not answered; not where it cannot, or has."""

    async def connected(self) -> None:
        """Returns when the far end has answered, and audio can flow or the far end holds the call from the first."""


class Place(Protocol):
    """A leg's place in a room."""

    def change(self, *, hears: bool | None = None, is_heard: bool | None = None) -> None:
        """Make the leg deaf or hearing, muted or heard, within 40 ms. What is None stays as it is."""


class Room(Protocol):
    """Legs of one worker that hear each other, each all the others and never itself.

    Two legs bridged are a room of two; a conference is a room in which legs come and go:

        async with caller.alive(), room.joined(caller), room.joined(called):
            await until_one_of_them_hangs_up()

        async with caller.alive(), room.joined(caller, is_heard=False) as place:
            ...                                  # only listens
            place.change(is_heard=True)          # from here on it is heard

    A leg that has no audio yet, because it rings or is held, is connected once it has. What is played to a leg
    is heard by that leg alone, on top of the room, unless it is played to the room. A leg that ends is out of the room at once, though the block
    around it has its own end. An empty room holds nothing and needs no closing.
    """

    @property
    def legs(self) -> tuple[Call, ...]:
        """Who is inside and lives, in the order of their coming."""

    def joined(
        self, call: Call, *, hears: bool = True, is_heard: bool = True
    ) -> AbstractAsyncContextManager[Place]:
        """A block in which the leg is in the room. Does nothing for a leg that has ended.

        Raises ValueError for a leg that is in a room already, or that belongs to another worker.
        """

    async def play(self, audio: Audio) -> None:
        """Play to all who are inside and hear, those who come meanwhile too; returns at the sound's end."""

    def taped(self, path: Path) -> AbstractAsyncContextManager[Taping]:
        """A block in which what is said in the room is written to a WAV file, mixed. As `Call.taped`."""

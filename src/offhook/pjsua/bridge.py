"""Who hears whom in a room, as connections of PJMEDIA's conference bridge: the mixing is native, no frame
reaches Python. Everything here runs on the owner thread.

Every pair of legs has a connection each way, if the one is heard and the other hears. A room of n legs so
costs n times n - 1 connections, which is n - 1 additions for each sample that a leg is sent; docs/pjsua2.md
tells what that comes to.
"""

from dataclasses import dataclass

from offhook.pjsua.cables import Cables
from offhook.pjsua.call_audio import CallAudio
from offhook.pjsua.players import Sound
from offhook.pjsua.tapes import Tape


@dataclass(slots=True)
class Seat:
    """What one call may do."""

    hears: bool
    is_heard: bool


class Bridge:
    """The calls of one room, what is played to all of them, and what is written of what they say."""

    def __init__(self, cables: Cables) -> None:
        self._cables = cables
        self._seats: dict[CallAudio, Seat] = {}
        self._made: set[tuple[CallAudio, CallAudio]] = set()
        """(who is heard, who hears)."""
        self._sounds: dict[Sound, set[CallAudio]] = {}
        """What is played, and to whom it is."""
        self._tapes: dict[Tape, set[CallAudio]] = {}
        """What is written, and who is on it."""

    def enter(self, call: CallAudio, *, hears: bool, is_heard: bool) -> None:
        """Connect a call with all that are inside. Raises pj.Error where the bridge cannot."""
        self._seats[call] = Seat(hears, is_heard)
        self._settle(call)

    def change(self, call: CallAudio, *, hears: bool | None, is_heard: bool | None) -> None:
        """Make a call deaf or hearing, muted or heard; None leaves it."""
        seat = self._seats[call]
        seat.hears = seat.hears if hears is None else hears
        seat.is_heard = seat.is_heard if is_heard is None else is_heard
        self._settle(call)

    def leave(self, call: CallAudio) -> None:
        """Disconnect a call that goes on without the room, or one that has ended."""
        del self._seats[call]
        self._settle(call)

    def play(self, sound: Sound) -> None:
        """Let all hear a sound who hear, and those who come to."""
        self._sounds[sound] = set()
        for call in self._seats:
            self._settle_sound(sound, call)

    def stop(self, sound: Sound) -> None:
        """Let nobody hear it any more."""
        for call in self._sounds.pop(sound, ()):
            call.unhear(sound)

    def tape(self, tape: Tape) -> None:
        """Write down what all say who are heard, and those who come to be."""
        self._tapes[tape] = set()
        for call in self._seats:
            self._settle_tape(tape, call)

    def untape(self, tape: Tape) -> None:
        """Write nothing more on it; it is destroyed next, and its connections with it."""
        self._tapes.pop(tape, None)

    def _settle(self, call: CallAudio) -> None:
        for other in self._seats:
            if other is not call:
                self._connect(call, other)
                self._connect(other, call)
        for sound in self._sounds:
            self._settle_sound(sound, call)
        for tape in self._tapes:
            self._settle_tape(tape, call)

    def _connect(self, source: CallAudio, sink: CallAudio) -> None:
        """Make or end the connection between two calls, if it is not as it should be."""
        pair = (source, sink)
        speaking, hearing = self._seats.get(source), self._seats.get(sink)
        is_wanted = speaking is not None and hearing is not None and speaking.is_heard and hearing.hears
        if is_wanted and pair not in self._made:
            sink.hear(source)
            self._made.add(pair)
        elif not is_wanted and pair in self._made:
            self._made.discard(pair)
            sink.unhear(source)

    def _settle_sound(self, sound: Sound, call: CallAudio) -> None:
        seat, hearers = self._seats.get(call), self._sounds[sound]
        if seat is not None and seat.hears and call not in hearers:
            call.hear(sound)
            hearers.add(call)
        elif (seat is None or not seat.hears) and call in hearers:
            hearers.discard(call)
            call.unhear(sound)

    def _settle_tape(self, tape: Tape, call: CallAudio) -> None:
        seat, speakers = self._seats.get(call), self._tapes[tape]
        if seat is not None and seat.is_heard and call not in speakers:
            self._cables.connect(call, tape)
            speakers.add(call)
        elif (seat is None or not seat.is_heard) and call in speakers:
            speakers.discard(call)
            self._cables.disconnect(call, tape)

"""Who hears whom in a room, as connections of PJMEDIA's conference bridge: the mixing is native, no frame
reaches Python. Everything here runs on the owner thread.

Every pair of legs has a connection each way, if the one is heard and the other hears. A room of n legs so costs
n times n - 1 connections, which is n - 1 additions for each sample that a leg is sent; docs/pjsua2.md tells what
that comes to.
"""

from dataclasses import dataclass
from typing import Protocol

import pjsua2 as pj


class Speaker(Protocol):
    """What a bridge connects: a SIP call."""

    @property
    def audio(self) -> pj.AudioMedia | None:
        """Its conference port; None while it has none, and from the moment its dialog ends."""


@dataclass(slots=True)
class Seat:
    """What one call may do."""

    hears: bool
    is_heard: bool


class Bridge:
    """The calls of one room and the connections between them."""

    def __init__(self) -> None:
        self._seats: dict[Speaker, Seat] = {}
        self._made: set[tuple[Speaker, Speaker]] = set()
        """Connections that exist: (who is heard, who hears)."""

    def enter(self, call: Speaker, *, hears: bool, is_heard: bool) -> None:
        """Connect a call with all that are inside. Raises pj.Error where the bridge cannot."""
        self._seats[call] = Seat(hears, is_heard)
        self._settle(call)

    def change(self, call: Speaker, *, hears: bool | None, is_heard: bool | None) -> None:
        """Make a call deaf or hearing, muted or heard; None leaves it."""
        seat = self._seats[call]
        seat.hears = seat.hears if hears is None else hears
        seat.is_heard = seat.is_heard if is_heard is None else is_heard
        self._settle(call)

    def leave(self, call: Speaker) -> None:
        """Disconnect a call that goes on without the room."""
        del self._seats[call]
        self._settle(call)

    def audio_changed(self, call: Speaker) -> None:
        """Media was negotiated anew. A port that was replaced took its connections along; one that stayed
        has them still, and to connect it once more does nothing."""
        self._forget_connections(call)
        self._settle(call)

    def forget(self, call: Speaker) -> None:
        """A call ends. The library takes its port away, and every connection with it; to disconnect anything
        from that port now could be carried out too late and abort the process."""
        del self._seats[call]
        self._forget_connections(call)

    def _forget_connections(self, call: Speaker) -> None:
        self._made = {pair for pair in self._made if call not in pair}

    def _settle(self, call: Speaker) -> None:
        for other in self._seats:
            if other is not call:
                self._connect(call, other)
                self._connect(other, call)

    def _connect(self, source: Speaker, sink: Speaker) -> None:
        """Make or end the connection between two calls, if it is not as it should be."""
        if source.audio is None or sink.audio is None:
            return
        pair = (source, sink)
        is_wanted, is_made = self._is_wanted(source, sink), pair in self._made
        if is_wanted and not is_made:
            source.audio.startTransmit(sink.audio)
            self._made.add(pair)
        elif is_made and not is_wanted:
            self._made.discard(pair)
            source.audio.stopTransmit(sink.audio)

    def _is_wanted(self, source: Speaker, sink: Speaker) -> bool:
        speaking, hearing = self._seats.get(source), self._seats.get(sink)
        return speaking is not None and hearing is not None and speaking.is_heard and hearing.hears

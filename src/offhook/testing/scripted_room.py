"""A room of scripted callers: who speaks, mute or deaf, is noted in what the others heard.

    room = ScriptedRoom()
    async with room.joined(alice), room.joined(bob):   # alice says something at 2.0 for 0.6 s
        ...
    assert bob.heard == ["2.0 +15550101 starts", "2.6 +15550101 ends"]

Each is named by the number they call from (`info.from_`). A voice "ends" when its owner falls silent, and
"stops" when a room, a mute button or a hang-up came between.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from offhook.call.port import Call
from offhook.testing.scripted_call import ScriptedCall


class ScriptedPlace:
    """Fills `call.port.Place`."""

    def __init__(self, room: "ScriptedRoom", call: ScriptedCall, *, hears: bool, is_heard: bool) -> None:
        self._room = room
        self.call = call
        self.hears = hears
        self.is_heard = is_heard

    def change(self, *, hears: bool | None = None, is_heard: bool | None = None) -> None:
        """Make the caller deaf or hearing, muted or heard. What is None stays as it is."""
        self.hears = self.hears if hears is None else hears
        self.is_heard = self.is_heard if is_heard is None else is_heard
        self._room.settle()


class ScriptedRoom:
    """Fills `call.port.Room`."""

    def __init__(self) -> None:
        self._places: list[ScriptedPlace] = []
        self._heard_now: list[tuple[ScriptedCall, ScriptedCall]] = []
        """(who is heard, who hears)."""

    @property
    def legs(self) -> tuple[ScriptedCall, ...]:
        """Who is inside and lives, in the order of their coming."""
        return tuple(place.call for place in self._places if place.call.ending is None)

    @asynccontextmanager
    async def joined(
        self, call: Call, *, hears: bool = True, is_heard: bool = True
    ) -> AsyncIterator[ScriptedPlace]:
        """A block in which the caller is in the room. Raises ValueError for one that cannot be."""
        if not isinstance(call, ScriptedCall):
            raise ValueError("a scripted room joins scripted calls")
        if call.is_in_room:
            raise ValueError("the leg is in a room already; it has to leave that one first")
        place = ScriptedPlace(self, call, hears=hears, is_heard=is_heard)
        self._places.append(place)
        call.is_in_room = True
        try:
            with call.voice(self.settle):
                self.settle()
                yield place
        finally:
            call.is_in_room = False
            self._places.remove(place)
            self.settle()

    def settle(self) -> None:
        """Note who has begun to hear whom since the last time, and who does not any more."""
        living = [place for place in self._places if place.call.ending is None and place.call.is_answered]
        audible = [
            (speaker.call, hearer.call)
            for speaker in living
            for hearer in living
            if speaker is not hearer and speaker.is_heard and hearer.hears and speaker.call.is_speaking
        ]
        for speaker, hearer in self._heard_now:
            if (speaker, hearer) not in audible:
                was_cut_off = speaker.is_speaking or speaker.ending is not None
                hearer.hear(f"{speaker.info.from_} {'stops' if was_cut_off else 'ends'}")
        for speaker, hearer in audible:
            if (speaker, hearer) not in self._heard_now:
                hearer.hear(f"{speaker.info.from_} starts")
        self._heard_now = audible

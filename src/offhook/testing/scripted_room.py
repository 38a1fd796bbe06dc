"""A room of scripted callers: who speaks, mute or deaf, is noted in what the others heard.

    room = ScriptedRoom()
    async with room.joined(alice), room.joined(bob):   # alice says something at 2.0 for 0.6 s
        ...
    assert bob.heard == ["2.0 +15550101 starts", "2.6 +15550101 ends"]

What is played to the room is heard by all who hear: "1.0 the bell starts". Each is named by the number they
call from (`info.from_`), and a leg that a call dialled by the number that it was dialled by. A voice "ends"
when its owner falls silent, and "stops" when a room, a mute button or a hang-up came between.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from offhook.call.info import Direction
from offhook.call.port import Audio, Call
from offhook.testing.playing import heard_out
from offhook.testing.scripted_call import ScriptedCall
from offhook.testing.scripted_taping import ScriptedDisk, ScriptedTaping


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
        self._sounds: list[str] = []
        """What is played to the room now."""
        self._sounds_heard: list[tuple[str, ScriptedCall]] = []
        self.disk = ScriptedDisk()
        """Where its recordings go; a test may fill it."""
        self._heard_before: list[tuple[float, float]] = []
        self._voice_since: float | None = None

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

    async def play(self, audio: Audio) -> None:
        """Play to all who are inside and hear, for as long as the sound lasts."""
        name = audio.label or audio.path.name
        self._sounds.append(name)
        self.settle()
        how = "stops"
        try:
            await heard_out(audio, 0.0, lambda _: None)
            how = "ends"
        finally:
            self._sounds.remove(name)
            self._settle_sounds(how)

    @asynccontextmanager
    async def taped(self, path: Path) -> AsyncIterator[ScriptedTaping]:
        """A block in which a WAV file is made, as long as the block, with a voice where anybody was heard."""
        taping = ScriptedTaping(path, self._voices, self.disk, channels=1)
        try:
            yield taping
        finally:
            taping.finish()

    def settle(self) -> None:
        """Note who has begun to hear whom since the last time, and who does not any more."""
        living = [place for place in self._places if place.call.ending is None and place.call.has_audio]
        audible = [
            (speaker.call, hearer.call)
            for speaker in living
            for hearer in living
            if speaker is not hearer and speaker.is_heard and hearer.hears and speaker.call.is_speaking
        ]
        for speaker, hearer in self._heard_now:
            if (speaker, hearer) not in audible:
                was_cut_off = speaker.is_speaking or speaker.ending is not None
                hearer.hear(f"{_name(speaker)} {'stops' if was_cut_off else 'ends'}")
        for speaker, hearer in audible:
            if (speaker, hearer) not in self._heard_now:
                hearer.hear(f"{_name(speaker)} starts")
        self._heard_now = audible
        self._note_voices(any(place.is_heard and place.call.is_speaking for place in living))
        self._settle_sounds("stops")

    def _settle_sounds(self, how: str) -> None:
        """Note whose ears a sound of the room has reached, and where it is over, and how."""
        hearers = [place.call for place in self._places if place.hears and place.call.has_audio]
        audible = [(name, call) for name in self._sounds for call in hearers if call.ending is None]
        for name, call in self._sounds_heard:
            if (name, call) not in audible:
                call.hear(f"{name} {how}")
        for name, call in audible:
            if (name, call) not in self._sounds_heard:
                call.hear(f"{name} starts")
        self._sounds_heard = audible

    def _note_voices(self, is_anybody_heard: bool) -> None:
        now = asyncio.get_running_loop().time()
        if is_anybody_heard and self._voice_since is None:
            self._voice_since = now
        elif not is_anybody_heard and self._voice_since is not None:
            self._heard_before.append((self._voice_since, now))
            self._voice_since = None

    def _voices(self) -> list[tuple[float, float]]:
        since = self._voice_since
        return self._heard_before + ([] if since is None else [(since, asyncio.get_running_loop().time())])


def _name(call: ScriptedCall) -> str:
    """What others know somebody by."""
    return call.info.to if call.info.direction is Direction.OUTBOUND_DIAL else call.info.from_

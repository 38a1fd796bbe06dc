"""A room of legs, as the event loop sees it; the connections are made by a bridge on the owner thread."""

import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from offhook.call.info import Sides
from offhook.call.port import Audio, Call
from offhook.pjsua.bridge import Bridge
from offhook.pjsua.engine import Engine
from offhook.pjsua.leg import Leg
from offhook.pjsua.players import Sound
from offhook.pjsua.playing import play_out
from offhook.pjsua.tapes import Tape
from offhook.pjsua.taping import NativeTaping, taping


class LegPlace:
    """Fills `call.port.Place`."""

    def __init__(self, leg: Leg) -> None:
        self._leg = leg

    def change(self, *, hears: bool | None = None, is_heard: bool | None = None) -> None:
        """Make the leg deaf or hearing, muted or heard. What is None stays as it is."""
        self._leg.change_place(hears=hears, is_heard=is_heard)


class LegRoom:
    """Fills `call.port.Room` for the legs of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._bridge = Bridge(engine.cables)
        self._legs: list[Leg] = []

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Who is inside and lives, in the order of their coming."""
        return tuple(leg for leg in self._legs if leg.ending is None)

    @asynccontextmanager
    async def joined(
        self, call: Call, *, hears: bool = True, is_heard: bool = True
    ) -> AsyncIterator[LegPlace]:
        """A block in which the leg is in the room. Raises ValueError for one that cannot be."""
        leg = self._own(call)
        self._legs.append(leg)
        try:
            async with leg.bridged(self._bridge, hears=hears, is_heard=is_heard):
                yield LegPlace(leg)
        finally:
            self._legs.remove(leg)

    async def play(self, audio: Audio) -> None:
        """Play to all who are inside and hear, those who come meanwhile too."""
        await play_out(self._engine, audio, begin=self._begin, end=self._end)

    def taped(self, path: Path) -> AbstractAsyncContextManager[NativeTaping]:
        """A block in which what is said in the room is written to a WAV file, mixed, silence included."""
        return taping(self._engine, path, Sides.FAR_END, begin=self._tape, end=self._untape)

    # -- on the owner thread ----------------------------------------------------------------------------

    def _begin(self, sound: Sound) -> None:
        self._engine.players.begin(sound)
        self._bridge.play(sound)

    def _end(self, sound: Sound) -> None:
        self._bridge.stop(sound)
        self._engine.players.end(sound, time.monotonic())

    def _tape(self, tape: Tape, _says: bool, _hears: bool) -> None:
        self._engine.tapes.begin(tape)
        self._bridge.tape(tape)

    def _untape(self, tape: Tape) -> None:
        self._bridge.untape(tape)
        self._engine.tapes.end(tape)

    def _own(self, call: Call) -> Leg:
        if not isinstance(call, Leg) or call.engine is not self._engine:
            raise ValueError("a room joins legs of its own worker; let the other worker call this one")
        return call

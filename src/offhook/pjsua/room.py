"""A room of legs, as the event loop sees it; the connections are made by a bridge on the owner thread."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from offhook.call.port import Call
from offhook.pjsua.bridge import Bridge
from offhook.pjsua.engine import Engine
from offhook.pjsua.leg import Leg


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
        self._bridge = Bridge()
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

    def _own(self, call: Call) -> Leg:
        if not isinstance(call, Leg) or call.engine is not self._engine:
            raise ValueError("a room joins legs of its own worker; let the other worker call this one")
        return call

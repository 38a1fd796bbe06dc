"""The conferences and queues that one worker holds, and who may open them.

A meeting is opened by the first who comes, under a claim that no other worker can have at the same time, and is given
up as soon as nobody may come any more: who comes then opens a new one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol
from weakref import WeakValueDictionary

import structlog

from offhook.call.errors import OffhookError
from offhook.call.info import new_id
from offhook.call.rows import RoomKind
from offhook.interpreter.conference_room import ConferenceRoom
from offhook.interpreter.meetings import Guest, Membership, kind_of
from offhook.interpreter.ports import Tools
from offhook.interpreter.queue_room import QueueRoom
from offhook.interpreter.scene import Scene

log = structlog.get_logger()

MeetingRoom = ConferenceRoom | QueueRoom
Key = tuple[str, RoomKind, str]
"""The account's sid, what it is, and its name."""
MOST_CLOSED = 10_000
"""How many meetings that are over are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who holds a meeting."""

    room_id: str
    worker_id: str | None = None
    """Another worker; None for this one."""


class Claims(Protocol):
    """Says who holds which meeting, the same to all workers."""

    async def claim(self, key: Key) -> Claim:
        """The meeting of that name; this worker holds it from now on where nobody did."""

    async def release(self, room_id: str) -> None:
        """This worker holds it no more. Does nothing where it did not."""


class LoneClaims:
    """Fills `Claims` where there is no other worker."""

    async def claim(self, key: Key) -> Claim:
        """It is ours."""
        return Claim(room_id=new_id())

    async def release(self, room_id: str) -> None:
        """Nobody has to know."""


class RoomsHere:
    """All meetings of this worker."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims
        self._rooms: dict[Key, MeetingRoom] = {}
        self._by_id: dict[str, MeetingRoom] = {}
        self._locks: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()
        self._closed: dict[str, None] = {}
        self._errands: set[asyncio.Task[None]] = set()

    def by_id(self, room_id: str) -> MeetingRoom | None:
        """The meeting of that id, if it is held here and somebody may still come."""
        return self._by_id.get(room_id)

    @property
    def all(self) -> tuple[MeetingRoom, ...]:
        """Those that are held now."""
        return tuple(self._by_id.values())

    async def find(self, key: Key, tools: Tools) -> MeetingRoom | Claim:
        """The meeting of that name, opened where there was none; or who else holds it. Raises what `claim` does."""
        async with self._locked(key):
            room = self._rooms.get(key)
            if room is not None:
                return room
            claim = await self._claims.claim(key)
            while claim.worker_id is None and claim.room_id in self._closed:
                await self._claims.release(claim.room_id)
                claim = await self._claims.claim(key)
            return claim if claim.worker_id is not None else self._open(key, claim.room_id, tools)

    async def held(self, key: Key, room_id: str) -> MeetingRoom | None:
        """The meeting that another worker was told is held here; None for one that is not, or not any more."""
        async with self._locked(key):
            room = self._by_id.get(room_id)
            if room is None:
                await self._claims.release(room_id)
            return room

    async def close(self) -> None:
        """End all meetings; returns once nothing of them runs any more."""
        for room in tuple(self._by_id.values()):
            await room.close()
        while self._errands:
            await asyncio.wait(tuple(self._errands))

    def _open(self, key: Key, room_id: str, tools: Tools) -> MeetingRoom:
        account_sid, kind, name = key
        make = ConferenceRoom if kind is RoomKind.CONFERENCE else QueueRoom
        room = make(
            meeting_id=room_id,
            name=name,
            account_sid=account_sid,
            tools=tools,
            on_over=lambda: self._over(key, room_id),
        )
        self._rooms[key] = self._by_id[room_id] = room
        return room

    def _over(self, key: Key, room_id: str) -> None:
        room = self._by_id.pop(room_id)
        del self._rooms[key]
        self._closed[room_id] = None
        while len(self._closed) > MOST_CLOSED:
            del self._closed[next(iter(self._closed))]
        # What it still does, such as making its recording whole, is waited for when the worker stops.
        for errand in (self._give_up(key, room_id), room.close()):
            task = asyncio.create_task(errand, name="giving a room up")
            self._errands.add(task)
            task.add_done_callback(self._errands.discard)

    async def _give_up(self, key: Key, room_id: str) -> None:
        async with self._locked(key):
            try:
                await self._claims.release(room_id)
            except OffhookError as error:
                # Whoever comes next finds it closed, and gives it up then.
                log.warning("room.not_released", room_id=room_id, error=str(error))

    def _locked(self, key: Key) -> asyncio.Lock:
        """A block in which nobody else here opens or gives up the meeting of that name."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock


class LocalMeetings:
    """Fills `meetings.Meetings` where one worker holds them all."""

    def __init__(self) -> None:
        self.rooms = RoomsHere(LoneClaims())

    @asynccontextmanager
    async def joined(self, name: str, guest: Guest, scene: Scene) -> AsyncIterator[Membership]:
        """A block in which the scene's call is in the meeting of that name. Raises MeetingRefused."""
        key = (scene.call.info.account_sid, kind_of(guest), name)
        room = await self.rooms.find(key, scene.tools)
        assert not isinstance(room, Claim)
        async with room.joined(guest, scene) as membership:
            yield membership

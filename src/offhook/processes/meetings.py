"""Conferences and queues across workers: fills `interpreter.meetings.Meetings`.

Each meeting is held by one worker, which claimed it in the records. Its own calls join it directly, those of others
over an internal call.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import structlog

from offhook.call.errors import NoFreeSlot, RecordsAway
from offhook.call.rows import WorkerRow
from offhook.interpreter.meetings import Guest, MeetingRefused, Membership, kind_of
from offhook.interpreter.ports import Tools
from offhook.interpreter.rooms_here import Claim, Key, RoomsHere
from offhook.interpreter.scene import Scene
from offhook.pjsua.switchboard import Switchboard
from offhook.processes.distant_rooms import DistantRooms, NotHeld, lost_end
from offhook.processes.hosting import Hosting
from offhook.records.rooms import Rooms

log = structlog.get_logger()

SEARCH_S = 20.0
"""How long the holder of a room is looked for: one that died is known to be dead after half of it."""
PAUSE_S = 0.3

WorkerOf = Callable[[str], WorkerRow | None]
"""By its id; may block."""


class RowClaims:
    """Fills `rooms_here.Claims` with rows. Raises RecordsAway."""

    def __init__(self, rooms: Rooms, worker_id: str) -> None:
        self._rooms = rooms
        self._worker_id = worker_id

    async def claim(self, key: Key) -> Claim:
        """The meeting of that name; this worker holds it from now on where nobody alive did."""
        row = await asyncio.to_thread(self._rooms.claim, *key, self._worker_id)
        return Claim(
            room_id=row.room_id, worker_id=row.worker_id if row.worker_id != self._worker_id else None
        )

    async def release(self, room_id: str) -> None:
        """This worker holds it no more."""
        await asyncio.to_thread(self._rooms.release, room_id, self._worker_id)


class ClusterMeetings:
    """All meetings, as the calls of this worker see them."""

    def __init__(self, rooms: Rooms, *, worker_id: str, worker_of: WorkerOf, secret: str) -> None:
        self.here = RoomsHere(RowClaims(rooms, worker_id))
        self.hosting = Hosting(self.here, secret=secret)
        self._worker_of = worker_of
        self._distant = DistantRooms(secret=secret)

    def connect(self, switchboard: Switchboard, tools_of: Callable[[str], Tools]) -> None:
        """Internal calls are made through `switchboard`; `tools_of` gives what the calls of an account work with."""
        self.hosting.connect(tools_of)
        self._distant.connect(switchboard)

    async def close(self) -> None:
        """End the meetings that are held here, and let go of all else."""
        await self.here.close()
        await self._distant.close()

    @asynccontextmanager
    async def joined(self, name: str, guest: Guest, scene: Scene) -> AsyncIterator[Membership]:
        """A block in which the scene's call is in the meeting of that name. Raises MeetingRefused."""
        async with AsyncExitStack() as stack:
            async with scene.filler.waiting():
                membership = await self._search(name, guest, scene, stack)
            yield membership

    async def _search(self, name: str, guest: Guest, scene: Scene, stack: AsyncExitStack) -> Membership:
        loop = asyncio.get_running_loop()
        until = loop.time() + SEARCH_S
        key = (scene.call.info.account_sid, kind_of(guest), name)
        while True:
            try:
                found = await self.here.find(key, scene.tools)
                if not isinstance(found, Claim):
                    return await stack.enter_async_context(found.joined(guest, scene))
                return await stack.enter_async_context(await self._elsewhere(found, name, guest, scene))
            except NotHeld as why:
                if loop.time() > until:
                    log.error("room.not_found", name=name, why=str(why))
                    raise MeetingRefused(lost_end(guest), f"its worker cannot be reached: {why}") from why
            except NoFreeSlot as full:
                words = f"it is held by another worker, and {full}"
                raise MeetingRefused(lost_end(guest), words) from full
            except RecordsAway as away:
                raise MeetingRefused(lost_end(guest), "the database cannot be reached") from away
            await asyncio.sleep(PAUSE_S)

    async def _elsewhere(
        self, claim: Claim, name: str, guest: Guest, scene: Scene
    ) -> AbstractAsyncContextManager[Membership]:
        assert claim.worker_id is not None
        owner = await asyncio.to_thread(self._worker_of, claim.worker_id)
        if owner is None:
            raise NotHeld("its worker has no lease")
        return self._distant.joined(owner, claim.room_id, name, guest, scene)

"""Runs Enqueue, Leave and Dequeue."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from offhook.call.errors import CallEnded, OffhookError
from offhook.interpreter.meetings import (
    Called,
    Connected,
    InQueue,
    MeetingRefused,
    Membership,
    Over,
    Taker,
    Taped,
    Waiter,
)
from offhook.interpreter.repeat import repeat
from offhook.interpreter.scene import Scene
from offhook.interpreter.waiting_sound import Parameters, WaitingSound
from offhook.verbs import Dequeue, Done, Enqueue, Leave, Queued, QueueEnd, Recorded


async def leave(_verb: Leave, _scene: Scene) -> Done:
    """Nothing: who waits leaves their queue by the document that they hear meanwhile."""
    return Done()


async def enqueue(verb: Enqueue, scene: Scene) -> Queued:
    """Wait to be taken, and talk with who does; returns when that is over, also when the caller hung up."""
    wait = Wait(verb, scene)
    try:
        async with scene.call.alive():
            return wait.queued(await wait.through())
    except CallEnded:
        end = QueueEnd.BRIDGED if wait.is_connected else QueueEnd.HANG_UP
        return wait.queued(end, call_is_over=True)


async def dequeue(verb: Dequeue, scene: Scene) -> Queued:
    """Take the first of a queue and talk; returns when that is over, also when the caller hung up."""
    take = Take(verb, scene)
    try:
        async with scene.call.alive():
            return take.queued(await take.through())
    except CallEnded:
        end = QueueEnd.BRIDGED if take.is_connected else QueueEnd.HANG_UP
        return take.queued(end, call_is_over=True)


class _Visit:
    """One call's time in a queue, on either side."""

    def __init__(self, name: str, scene: Scene) -> None:
        self._name = name
        self._scene = scene
        self._loop = asyncio.get_running_loop()
        self._queue_id: str | None = None
        self._came_at = self._left_at = 0.0
        self._connected_at: float | None = None
        self._other_call_id: str | None = None
        self._tape: tuple[str, float] | None = None

    @property
    def is_connected(self) -> bool:
        """Whether they talked."""
        return self._connected_at is not None

    def queued(self, end: QueueEnd, *, call_is_over: bool = False) -> Queued:
        """What came of it."""
        recording = None
        if self._tape is not None:
            recording_id, since = self._tape
            recording = Recorded(
                account_sid=self._scene.call.info.account_sid,
                recording_id=recording_id,
                duration_s=self._left_at - since,
            )
        until = self._connected_at if self._connected_at is not None else self._left_at
        return Queued(
            end=end,
            queue_id=self._queue_id,
            other_call_id=self._other_call_id,
            waited_s=until - self._came_at,
            duration_s=self._left_at - self._connected_at if self._connected_at is not None else 0.0,
            recording=recording,
            call_is_over=call_is_over,
        )

    @asynccontextmanager
    async def _inside(self, guest: Waiter | Taker) -> AsyncIterator[Membership]:
        async with self._scene.tools.meetings.joined(self._name, guest, self._scene) as membership:
            self._queue_id, self._came_at = membership.meeting_id, self._loop.time()
            try:
                with self._scene.control.seated(membership):
                    yield membership
            finally:
                self._left_at = self._loop.time()

    def _refused(self, refused: MeetingRefused) -> QueueEnd:
        if str(refused):
            self._scene.notices.own_fault(f"The queue could not be joined: {refused}.")
        return QueueEnd(refused.end)

    def _talk(self, other_call_id: str) -> None:
        self._scene.call.timeline.note("queue", connected_with=other_call_id)
        self._connected_at, self._other_call_id = self._loop.time(), other_call_id


class Wait(_Visit):
    """The time of one who waits."""

    def __init__(self, verb: Enqueue, scene: Scene) -> None:
        super().__init__(verb.name, scene)
        self._verb = verb
        self._sound = WaitingSound(scene)
        self._is_music_on = False
        self._place = InQueue(1, 1, 0.0)

    async def through(self) -> QueueEnd:
        """From coming to going; why they went."""
        try:
            async with self._inside(Waiter(max_size=self._verb.max_size)) as membership:
                try:
                    return await self._follow(membership)
                finally:
                    await self._sound.turn_off()
        except MeetingRefused as refused:
            return self._refused(refused)

    async def _follow(self, membership: Membership) -> QueueEnd:
        while True:
            match await membership.inbox.get():
                case InQueue() as place:
                    if place.position != self._place.position or not self._is_music_on:
                        self._scene.call.timeline.note("queue", position=place.position)
                    self._place = place
                    await self._wait(membership)
                case Called(announcement):
                    self._is_music_on = False
                    if announcement is None:
                        await self._sound.turn_off()
                        membership.ready()
                    else:
                        await self._sound.turn_to_announcement(announcement, membership.ready)
                case Connected(other_call_id):
                    await self._sound.turn_off()
                    self._talk(other_call_id)
                case Over(end):
                    return QueueEnd(end)
                case _:
                    pass

    async def _wait(self, membership: Membership) -> None:
        if self._is_music_on:
            return
        self._is_music_on = True
        if self._verb.wait is None:
            await self._sound.turn_to_music()
            return
        await self._sound.turn_to(
            self._verb.wait,
            parameters=self._parameters,
            on_leave=lambda: membership.inbox.put_nowait(Over(QueueEnd.LEFT)),
        )

    def _parameters(self) -> Parameters:
        """What the waiting document's application is told, each time that it is asked for one."""
        place = self._place
        return (
            ("QueueSid", f"QU{self._queue_id}"),
            ("QueueTime", str(int(self._loop.time() - self._came_at))),
            ("AvgQueueTime", str(int(place.average_wait_s))),
            ("QueuePosition", str(place.position)),
            ("CurrentQueueSize", str(place.size)),
        )


class Take(_Visit):
    """The time of one who takes the first."""

    def __init__(self, verb: Dequeue, scene: Scene) -> None:
        super().__init__(verb.name, scene)
        self._verb = verb
        self._late: asyncio.TimerHandle | None = None
        self._ringing: asyncio.Task[None] | None = None

    async def through(self) -> QueueEnd:
        """From coming to going; why they went."""
        verb = self._verb
        guest = Taker(announcement=verb.announcement, is_recorded=verb.is_recorded)
        try:
            async with self._inside(guest) as membership:
                try:
                    with self._scene.call.keys(lambda key: self._key(key, membership)):
                        return await self._follow(membership)
                finally:
                    self._clear()
                    await self._silence()
        except MeetingRefused as refused:
            return self._refused(refused)

    async def _follow(self, membership: Membership) -> QueueEnd:
        self._ringing = asyncio.create_task(self._ring(), name="ringing")
        while True:
            match await membership.inbox.get():
                case InQueue():
                    if self._late is None:
                        self._end_after(self._verb.timeout_s, QueueEnd.EMPTY, membership)
                case Called():
                    self._clear()
                case Connected(other_call_id):
                    await self._silence()
                    self._talk(other_call_id)
                    self._end_after(self._verb.time_limit_s, QueueEnd.BRIDGED, membership)
                case Taped(recording_id):
                    self._tape = recording_id, self._loop.time()
                case Over(end):
                    return QueueEnd(end)
                case _:
                    pass

    async def _ring(self) -> None:
        ringing = self._scene.tools.ringing
        if ringing is not None:
            with suppress(OffhookError):  # the leg is over, and the block around the verb tells
                await repeat(ringing, 0, self._scene.call)

    async def _silence(self) -> None:
        ringing, self._ringing = self._ringing, None
        if ringing is not None:
            ringing.cancel()
            await asyncio.wait((ringing,))

    def _key(self, key: str, membership: Membership) -> None:
        if self._verb.hang_up_key and key in self._verb.hang_up_key and self.is_connected:
            membership.inbox.put_nowait(Over(QueueEnd.BRIDGED))

    def _end_after(self, seconds: float, end: QueueEnd, membership: Membership) -> None:
        self._clear()
        self._late = self._loop.call_later(seconds, membership.inbox.put_nowait, Over(end))

    def _clear(self) -> None:
        late, self._late = self._late, None
        if late is not None:
            late.cancel()

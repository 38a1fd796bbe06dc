"""A queue in the worker that holds it: carries out what its rules say, with legs and sounds."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from offhook.call.port import Place as PlaceInRoom
from offhook.call.rows import RoomKind
from offhook.call.voice_rows import RecordingSource
from offhook.interpreter import queue_rules as rules
from offhook.interpreter.meetings import (
    Called,
    Connected,
    Guest,
    InQueue,
    News,
    Over,
    Prompts,
    Taker,
    Taped,
    Waiter,
)
from offhook.interpreter.ports import Tools
from offhook.interpreter.scene import Scene
from offhook.interpreter.taping import taping

log = structlog.get_logger()


class QueueMember:
    """Fills `meetings.Membership` for a leg of this worker."""

    def __init__(self, room: "QueueRoom", guest: Waiter | Taker, scene: Scene) -> None:
        self._room = room
        self.guest = guest
        self.scene = scene
        self.call_id = scene.call.info.call_id
        self.place: PlaceInRoom | None = None
        self.is_muted = False
        self.talk: Talk | None = None
        self._inbox: asyncio.Queue[News] = asyncio.Queue()

    @property
    def meeting_id(self) -> str:
        """The queue's id."""
        return self._room.meeting_id

    @property
    def inbox(self) -> asyncio.Queue[News]:
        """What happens."""
        return self._inbox

    def mute(self, is_muted: bool) -> None:
        """Be heard no more, or again."""
        self.is_muted = is_muted
        if self.place is not None:
            self.place.change(is_heard=not is_muted)

    def ready(self) -> None:
        """The announcement was heard."""
        self._room.ready(self)

    def relay(self, key: str) -> None:
        """In a queue there is nobody to send a key to."""

    def announce(self, prompts: Prompts, *, is_entry: bool) -> None:
        """In a queue nobody hears who comes."""

    def tell(self, news: News) -> None:
        """Something happened."""
        self._inbox.put_nowait(news)


class Talk:
    """Two who hear each other, until one of them goes."""

    def __init__(self, waiter: QueueMember, taker: QueueMember) -> None:
        self._waiter = waiter
        self._taker = taker
        self._is_over = asyncio.Event()
        self._task = asyncio.create_task(self._connected(), name="queue talk")

    async def end(self) -> None:
        """Part them; returns once both are free for another room."""
        self._is_over.set()
        await asyncio.wait((self._task,))
        if not self._task.cancelled() and (error := self._task.exception()) is not None:
            log.error("queue.talk_broke", exc_info=error)

    async def _connected(self) -> None:
        waiter, taker, room = self._waiter, self._taker, self._taker.scene.tools.room()
        async with AsyncExitStack() as stack:
            for member in (waiter, taker):
                joined = room.joined(member.scene.call, is_heard=not member.is_muted)
                member.place = await stack.enter_async_context(joined)
                member.place.change(is_heard=not member.is_muted)
                stack.callback(setattr, member, "place", None)
            if isinstance(taker.guest, Taker) and taker.guest.is_recorded:
                recording = taping(taker.scene, source=RecordingSource.QUEUE, room=room)
                tape = await stack.enter_async_context(recording)
                taker.tell(Taped(tape.recording_id))
            waiter.tell(Connected(taker.call_id))
            taker.tell(Connected(waiter.call_id))
            await self._is_over.wait()


class QueueRoom:
    """One queue of one account. `on_over` is told once nobody may come any more."""

    kind = RoomKind.QUEUE

    def __init__(
        self, *, meeting_id: str, name: str, account_sid: str, tools: Tools, on_over: Callable[[], None]
    ) -> None:
        """`tools` are those of the account; `meeting_id` becomes the queue's id."""
        self.meeting_id = meeting_id
        self.name = name
        self.account_sid = account_sid
        self._on_over = on_over
        self._rules = rules.QueueRules()
        self._members: dict[str, QueueMember] = {}
        self._loop = asyncio.get_running_loop()

    @property
    def is_over(self) -> bool:
        """Whether nobody can come any more."""
        return self._rules.is_over

    @asynccontextmanager
    async def joined(self, guest: Guest, scene: Scene) -> AsyncIterator[QueueMember]:
        """A block in which the scene's leg waits, or takes who waits. Raises MeetingRefused."""
        assert isinstance(guest, Waiter | Taker)
        member = QueueMember(self, guest, scene)
        actions = (
            self._rules.wait(member.call_id, guest, self._loop.time())
            if isinstance(guest, Waiter)
            else self._rules.take(member.call_id, guest)
        )
        self._members[member.call_id] = member
        try:
            self._carry_out(actions)
            yield member
        finally:
            self._leave(member)
            if member.talk is not None:
                await member.talk.end()

    def ready(self, member: QueueMember) -> None:
        """Who was called has heard the announcement."""
        if self._members.get(member.call_id) is member:
            self._carry_out(self._rules.ready(member.call_id, self._loop.time()))

    def dismiss(self, call_id: str) -> None:
        """Put a member out. Raises MemberUnknown."""
        self._carry_out(self._rules.dismiss(call_id))

    def end(self) -> None:
        """Put all out."""
        for call_id in self._rules.members:
            if call_id in self._members:
                self.dismiss(call_id)

    async def close(self) -> None:
        """End it."""
        self.end()

    async def written(self) -> None:
        """Nothing of a queue is kept in the records."""

    def _leave(self, member: QueueMember) -> None:
        if self._members.get(member.call_id) is member:
            self._carry_out(self._rules.leave(member.call_id))
            self._members.pop(member.call_id, None)

    def _carry_out(self, actions: rules.Actions) -> None:
        for action in actions:
            match action:
                case rules.TellPlace(call_id, position, size, average_s):
                    self._members[call_id].tell(InQueue(position, size, average_s))
                case rules.Call(waiter_id, taker_id, announcement):
                    self._members[waiter_id].tell(Called(announcement))
                    self._members[taker_id].tell(Called())
                case rules.Connect(waiter_id, taker_id):
                    waiter, taker = self._members[waiter_id], self._members[taker_id]
                    waiter.talk = taker.talk = Talk(waiter, taker)
                case rules.Part():
                    pass  # each of the two ends their talk as it goes
                case rules.Dismiss(call_id, end):
                    self._members.pop(call_id).tell(Over(end))
                case rules.Close():
                    self._on_over()

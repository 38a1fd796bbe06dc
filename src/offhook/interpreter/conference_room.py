"""A conference in the worker that holds it: carries out what its rules say, with legs, sounds and facts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog

from offhook.call.errors import OffhookError
from offhook.call.facts import Fact
from offhook.call.meeting_facts import ConferenceChanged, ParticipantChanged
from offhook.call.port import Place as PlaceInRoom
from offhook.call.rows import RoomKind
from offhook.call.voice_rows import ConferenceStatus, RecordingSource
from offhook.interpreter import conference_rules as rules
from offhook.interpreter.key_relay import KeySender
from offhook.interpreter.meetings import (
    Attendee,
    Company,
    Departed,
    Guest,
    Hears,
    MemberUnknown,
    Muted,
    News,
    Over,
    Prompts,
    Taped,
)
from offhook.interpreter.ports import Tools
from offhook.interpreter.room_sounds import RoomSounds
from offhook.interpreter.scene import Scene
from offhook.interpreter.taping import taping
from offhook.verbs import Target

log = structlog.get_logger()


class ConferenceMember:
    """Fills `meetings.Membership` for a leg of this worker."""

    def __init__(self, room: "ConferenceRoom", scene: Scene, guest: Attendee) -> None:
        self._room = room
        self.scene = scene
        self.counts_heads = guest.counts_heads
        """Whether it is told how many are inside, whenever that changes."""
        self.ends = guest.ends
        self.call_id = scene.call.info.call_id
        self.place: PlaceInRoom | None = None
        self.keys = KeySender(scene.call)
        """What others press."""
        self.farewell: Prompts = ()
        """What the others hear once it has gone."""
        self.hears = self.is_heard = False
        self._inbox: asyncio.Queue[News] = asyncio.Queue()

    @property
    def meeting_id(self) -> str:
        """The conference's id."""
        return self._room.meeting_id

    @property
    def inbox(self) -> asyncio.Queue[News]:
        """What happens."""
        return self._inbox

    def mute(self, is_muted: bool) -> None:
        """Be heard no more, or again; nothing happens to one who is out."""
        self._room.mute_own(self, is_muted)

    def ready(self) -> None:
        """Nobody waits for that in a conference."""

    def relay(self, key: str) -> None:
        """The others are sent a key."""
        self._room.relay(self, key)

    def announce(self, prompts: Prompts, *, is_entry: bool) -> None:
        """What the others hear of its coming, now, or of its going, then."""
        if is_entry:
            self._room.announce(self, prompts)
        else:
            self.farewell = prompts

    def leave(self) -> Departed | None:
        """Be out at once; what there is to know of that, to who wants to know."""
        return self._room.leave(self)

    def tell(self, news: News) -> None:
        """Something happened."""
        self._inbox.put_nowait(news)

    def settle(self, *, hears: bool, is_heard: bool) -> None:
        """Take this place in the room, now or on coming in."""
        self.hears, self.is_heard = hears, is_heard
        if self.place is not None:
            self.place.change(hears=hears, is_heard=is_heard)


class ConferenceRoom:
    """One conference of one account. `on_over` is told once nobody may come any more."""

    kind = RoomKind.CONFERENCE

    def __init__(
        self, *, meeting_id: str, name: str, account_sid: str, tools: Tools, on_over: Callable[[], None]
    ) -> None:
        """`tools` are those of the account; `meeting_id` becomes the conference's id."""
        self.meeting_id = meeting_id
        self.name = name
        self.account_sid = account_sid
        self._tools = tools
        self._room = tools.room()
        self._on_over = on_over
        self._rules = rules.ConferenceRules()
        self._members: dict[str, ConferenceMember] = {}
        self._errands: set[asyncio.Task[None]] = set()
        self._sounds = RoomSounds(self._room, tools)
        self._tapes: set[asyncio.Task[None]] = set()
        self._tape: str | None = None
        """The newest recording that its members wanted."""
        self._tape_over = self._closed = asyncio.Event()
        self._newest: ConferenceChanged | None = None

    @property
    def is_over(self) -> bool:
        """Whether nobody can come any more."""
        return self._rules.is_over

    @asynccontextmanager
    async def joined(self, guest: Guest, scene: Scene) -> AsyncIterator[ConferenceMember]:
        """A block in which the scene's leg is inside. Raises MeetingRefused."""
        assert isinstance(guest, Attendee)
        member = ConferenceMember(self, scene, guest)
        had_begun = self._rules.has_begun
        actions = self._rules.join(member.call_id, guest)
        self._members[member.call_id] = member
        try:
            self._carry_out(actions)
            if self._tape is not None and member.counts_heads:
                member.tell(Taped(self._tape, is_own=False))
            self._tell_company(member if self._rules.has_begun and not had_begun else None)
            async with self._room.joined(scene.call, hears=member.hears, is_heard=member.is_heard) as place:
                member.place = place
                place.change(hears=member.hears, is_heard=member.is_heard)
                yield member
        finally:
            member.place = None
            self.leave(member)
            await member.keys.close()

    # -- commands ----------------------------------------------------------------------------------------

    def mute_own(self, member: ConferenceMember, is_muted: bool) -> None:
        """The member's own call was muted, or is heard again."""
        if self._members.get(member.call_id) is member:
            self._carry_out(self._rules.mute(member.call_id, is_muted))

    def relay(self, member: ConferenceMember, key: str) -> None:
        """A member's key goes to all who hear it."""
        if self._members.get(member.call_id) is not member or not member.is_heard:
            return
        for other in self._members.values():
            if other is not member and other.hears:
                other.keys.send(key)

    def announce(self, member: ConferenceMember, prompts: Prompts) -> None:
        """All hear that a member is there now, where anybody else is."""
        if self._rules.has_begun and len(self._members) > 1 and member.call_id in self._members:
            self._sounds.announce(prompts, member.scene.notices)

    def mute(self, call_id: str, is_muted: bool) -> None:
        """Let nobody hear a member, or all again. Raises MemberUnknown."""
        actions = self._rules.mute(call_id, is_muted)
        self._carry_out(actions)
        if actions:
            self._members[call_id].tell(Muted(is_muted))

    def deafen(self, call_id: str, is_deaf: bool) -> None:
        """Let a member hear nobody, or all again. Raises MemberUnknown."""
        self._carry_out(self._rules.deafen(call_id, is_deaf))

    def hold(self, call_id: str, is_held: bool, sound: Target | None = None) -> None:
        """Put a member on hold, or take it off; held it hears `sound`, or the built-in music. Raises MemberUnknown."""
        self._carry_out(self._rules.hold(call_id, is_held, sound))

    def dismiss(self, call_id: str) -> None:
        """Put a member out. Raises MemberUnknown."""
        self._carry_out(self._rules.dismiss(call_id))

    def end(self) -> None:
        """Put all out; the conference is over."""
        self._carry_out(self._rules.end())

    def tape(self, recording_id: str) -> None:
        """Record all who are inside, besides what else is recorded, until it is said otherwise. Raises MemberUnknown where
        nobody is."""
        member = next(iter(self._members.values()), None)
        if member is None:
            raise MemberUnknown("nobody is in the conference")
        self._start(self._record_apart(member, recording_id), self._tapes)

    def untape(self) -> None:
        """End the recordings that `tape` began."""
        for task in self._tapes:
            task.cancel()

    async def written(self) -> None:
        """Returns once all that was told so far is in the records."""
        if self._newest is not None:
            await self._tools.recorder.settle(self._newest)

    async def close(self) -> None:
        """End it, and return once nothing of it runs any more."""
        self.end()
        self._closed.set()
        while running := (*self._errands, *self._tapes):
            await asyncio.wait(running)

    def leave(self, member: ConferenceMember) -> Departed | None:
        """A member is out, unless it was before; what it is told of that, where it wants to know."""
        departed = None
        if self._members.get(member.call_id) is member:
            del self._members[member.call_id]
            member.settle(hears=False, is_heard=False)
            departed = self._carry_out(self._rules.leave(member.call_id), member)
            self._tell_company()
        farewell, member.farewell = member.farewell, ()
        if self._rules.has_begun and not self.is_over:
            self._sounds.announce(farewell, member.scene.notices)
        return departed

    # -- what the rules want -----------------------------------------------------------------------------

    def _carry_out(self, actions: rules.Actions, leaver: ConferenceMember | None = None) -> Departed | None:
        """First all that is told, so that whoever sees an effect finds it in the records. Returns what a leaver who wants to
        know is told."""
        for action in actions:
            match action:
                case rules.TellStatus(status):
                    self._tell_status(status)
                case rules.TellMember(member, has_left):
                    self._tell_member(member, has_left)
        departed = self._tell_who_goes(actions, leaver)
        for action in actions:
            self._do(action)
        return departed

    def _tell_who_goes(self, actions: rules.Actions, leaver: ConferenceMember | None) -> Departed | None:
        """Who goes is told how many stay. Where nobody does, one of them is to tell of the end: who ends it by going, else
        the last one who can."""
        dismissed = [self._members[action.call_id] for action in actions if isinstance(action, rules.Dismiss)]
        gone = [leaver, *dismissed] if leaver is not None else dismissed
        stay = len(self._members) - len(dismissed)
        concerned = [member for member in gone if member.counts_heads]
        is_ended_by_leaver = leaver is not None and leaver.ends and leaver.counts_heads
        told: dict[str, Departed] = {}
        for member in concerned:
            is_teller = member is (leaver if is_ended_by_leaver else concerned[-1])
            size = 0 if is_teller and not stay else stay + len(gone) - 1 - gone.index(member)
            told[member.call_id] = Departed(size, is_end=is_teller and not stay)
            member.tell(told[member.call_id])
        return told.get(leaver.call_id) if leaver is not None else None

    def _do(self, action: rules.Action) -> None:
        match action:
            case rules.Place(call_id, hears, is_heard):
                self._members[call_id].settle(hears=hears, is_heard=is_heard)
            case rules.Turn(call_id, ear, sound):
                self._members[call_id].tell(Hears(ear, sound))
            case rules.Beep(is_entry, times):
                self._sounds.beep(is_entry=is_entry, times=times)
            case rules.BeginTape(call_id):
                self._tape_over = asyncio.Event()
                self._start(self._record(self._members[call_id], self._tape_over), self._errands)
            case rules.EndTape():
                self._tape_over.set()
            case rules.Dismiss(call_id, end):
                member = self._members.pop(call_id)
                member.settle(hears=False, is_heard=False)
                member.tell(Over(end))
            case rules.Close():
                self._closed.set()
                self._tape_over.set()
                self._sounds.silence()
                self._on_over()
            case _:
                pass

    def _tell_company(self, beginner: ConferenceMember | None = None) -> None:
        """How many are inside; `beginner` is the one with whom the conference began just now."""
        size = len(self._rules.members)
        for member in tuple(self._members.values()):
            if member.counts_heads:
                member.tell(Company(size, has_begun=member is beginner))

    def _tell_status(self, status: ConferenceStatus) -> None:
        self._newest = ConferenceChanged(
            conference_id=self.meeting_id,
            account_sid=self.account_sid,
            at=self._tools.wall_clock(),
            friendly_name=self.name,
            status=status,
        )
        self._emit(self._newest)

    def _tell_member(self, member: rules.Member, has_left: bool) -> None:
        self._emit(
            ParticipantChanged(
                conference_id=self.meeting_id,
                call_id=member.call_id,
                account_sid=self.account_sid,
                at=self._tools.wall_clock(),
                is_muted=member.is_muted,
                is_on_hold=member.is_held,
                is_deaf=member.is_deaf,
                starts_conference=member.starts,
                ends_conference=member.ends,
                has_left=has_left,
            )
        )

    def _emit(self, fact: Fact) -> None:
        self._tools.recorder.emit(fact)

    async def _record(self, member: ConferenceMember, over: asyncio.Event) -> None:
        source, conference_id = RecordingSource.CONFERENCE, self.meeting_id
        async with taping(member.scene, source=source, room=self._room, conference_id=conference_id) as tape:
            self._tape = tape.recording_id
            for other in self._members.values():
                if other is member or other.counts_heads:
                    other.tell(Taped(tape.recording_id, is_own=other is member))
            await over.wait()

    async def _record_apart(self, member: ConferenceMember, recording_id: str) -> None:
        async with taping(
            member.scene,
            source=RecordingSource.CONFERENCE,
            room=self._room,
            conference_id=self.meeting_id,
            recording_id=recording_id,
        ):
            await self._closed.wait()

    def _start(self, course: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(course, name="conference")
        among.add(task)
        task.add_done_callback(among.discard)
        task.add_done_callback(_note_fault)


def _note_fault(task: asyncio.Task[None]) -> None:
    if task.cancelled() or (error := task.exception()) is None:
        return
    if isinstance(error, OffhookError):
        log.warning("conference.sound_broke", error=str(error))
    else:
        log.error("conference.broke", exc_info=error)

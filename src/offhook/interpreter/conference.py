"""Runs Conference."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from offhook.call.errors import CallEnded
from offhook.interpreter.comings_and_goings import announced
from offhook.interpreter.key_matching import KeyMatching
from offhook.interpreter.meetings import (
    Attendee,
    Company,
    Departed,
    Ear,
    Hears,
    MeetingRefused,
    Membership,
    Muted,
    News,
    Over,
    Taped,
)
from offhook.interpreter.news import MeetingEvent, MeetingNews
from offhook.interpreter.scene import Scene
from offhook.interpreter.waiting_sound import WaitingSound
from offhook.verbs import Conference, ConferenceEnd, Conferred, Recorded, Target


async def conference(verb: Conference, scene: Scene) -> Conferred:
    """Be in the conference; returns when the caller is not any more, also when they hung up."""
    stay = Stay(verb, scene)
    try:
        async with scene.call.alive():
            return stay.outcome(await stay.through())
    except CallEnded:
        return stay.outcome(ConferenceEnd.LEFT, call_is_over=True)


class Stay:
    """One caller's time in a conference."""

    def __init__(self, verb: Conference, scene: Scene) -> None:
        self._verb = verb
        self._scene = scene
        self._loop = asyncio.get_running_loop()
        self._sound = WaitingSound(scene)
        self._meeting_id: str | None = None
        self._began_at = self._left_at = 0.0
        self._tape: tuple[str, float] | None = None
        """The recording that the verb wanted, and since when."""
        self._recording_id: str | None = None
        """The newest of the conference, as far as it is told."""
        self._size = 0
        """How many are inside, where somebody is to be told; 0 before that is known."""
        self._departed: Departed | None = None

    async def through(self) -> ConferenceEnd:
        """From coming in to going out; why they went."""
        verb, scene = self._verb, self._scene
        guest = Attendee(
            is_muted=verb.is_muted,
            enter_beeps=verb.enter_beeps,
            exit_beeps=verb.exit_beeps,
            starts=verb.starts_on_enter,
            ends=verb.ends_on_exit,
            max_participants=verb.max_participants,
            is_recorded=verb.is_recorded,
            records_alone=verb.records_alone,
            may_be_alone=verb.may_be_alone,
            counts_heads=verb.callback is not None,
        )
        inbox: asyncio.Queue[News] = asyncio.Queue()
        try:
            async with (
                scene.tools.meetings.joined(verb.name, guest, scene) as membership,
                self._inside(membership),
                announced(verb, scene, membership),
            ):
                inbox = membership.inbox
                return await self._follow(membership)
        except MeetingRefused as refused:
            if str(refused):
                scene.notices.own_fault(f"The conference could not be joined: {refused}.")
            return ConferenceEnd(refused.end)
        finally:
            self._tell_leaving(inbox)

    def outcome(self, end: ConferenceEnd, *, call_is_over: bool = False) -> Conferred:
        """What came of it."""
        was_inside = self._meeting_id is not None
        return Conferred(
            end=end,
            conference_id=self._meeting_id,
            duration_s=self._left_at - self._began_at if was_inside else 0.0,
            recording=self._recording(),
            call_is_over=call_is_over,
        )

    @asynccontextmanager
    async def _inside(self, membership: Membership) -> AsyncIterator[None]:
        """A block in which keys, time and mute count, and sounds are played."""
        verb, scene, inbox = self._verb, self._scene, membership.inbox
        self._meeting_id, self._began_at = membership.meeting_id, self._loop.time()

        told_keys = KeyMatching(verb.told_keys, lambda keys: self._tell(MeetingEvent.KEYS, keys=keys))

        def key(pressed: str) -> None:
            told_keys(pressed)
            if verb.hang_up_key and pressed in verb.hang_up_key:
                inbox.put_nowait(Over(ConferenceEnd.LEFT))
            elif verb.relays_keys:
                membership.relay(pressed)

        late = self._loop.call_later(verb.time_limit_s, inbox.put_nowait, Over(ConferenceEnd.TIME_LIMIT))
        try:
            with scene.control.seated(membership), scene.call.keys(key):
                yield
        finally:
            self._left_at = self._loop.time()
            late.cancel()
            await self._sound.turn_off()

    async def _follow(self, membership: Membership) -> ConferenceEnd:
        note = self._scene.call.timeline.note
        while True:
            match await membership.inbox.get():
                case Hears(ear, sound):
                    note("conference", hears=ear.value)
                    await self._hear(ear, sound)
                case Muted(is_muted):
                    note("conference", is_muted=is_muted)
                    self._scene.control.mute(is_muted)
                case Company(size, has_begun):
                    self._counted(size, has_begun=has_begun)
                case Taped(recording_id, is_own):
                    self._taped(recording_id, is_own=is_own)
                case Departed() as departed:
                    self._departed = departed
                case Over(end):
                    return ConferenceEnd(end)
                case _:
                    pass

    def _counted(self, size: int, *, has_begun: bool) -> None:
        came, self._size = not self._size, size
        if came:
            self._tell(MeetingEvent.ENTERED)
        if has_begun:
            self._tell(MeetingEvent.BEGAN)

    def _taped(self, recording_id: str, *, is_own: bool) -> None:
        self._recording_id = recording_id
        if is_own:
            self._tape = recording_id, self._loop.time()
            self._tell(MeetingEvent.TAPED)

    def _tell_leaving(self, inbox: "asyncio.Queue[News]") -> None:
        """The room says how many stay, and who tells of the end. Of one that is lost, what was known last has to do."""
        while self._departed is None and not inbox.empty():
            news = inbox.get_nowait()
            self._departed = news if isinstance(news, Departed) else None
        if not self._size:
            return
        departed = self._departed or Departed(self._size - 1, is_end=self._size == 1)
        self._size = departed.size
        self._tell(MeetingEvent.LEFT)
        if departed.is_end:
            self._tell(MeetingEvent.ENDED)

    def _tell(self, event: MeetingEvent, *, keys: str = "") -> None:
        if self._verb.callback is None or self._meeting_id is None:
            return
        news = MeetingNews(
            event=event,
            meeting_id=self._meeting_id,
            size=self._size,
            at=self._scene.tools.wall_clock(),
            keys=keys,
            recording=self._identity() if event in (MeetingEvent.TAPED, MeetingEvent.ENDED) else None,
        )
        self._scene.tell_news(self._verb.callback, self._verb, news, False)

    def _identity(self) -> Recorded | None:
        """Which recording the conference's newest is."""
        if self._recording_id is None:
            return None
        return Recorded(account_sid=self._scene.call.info.account_sid, recording_id=self._recording_id)

    def _recording(self) -> Recorded | None:
        if self._tape is None:
            return None
        recording_id, since = self._tape
        return Recorded(
            account_sid=self._scene.call.info.account_sid,
            recording_id=recording_id,
            duration_s=self._left_at - since,
        )

    async def _hear(self, ear: Ear, sound: Target | None) -> None:
        wanted = self._verb.wait if ear is Ear.WAITING else sound
        if ear is Ear.ROOM or (ear is Ear.WAITING and self._verb.is_wait_silent):
            await self._sound.turn_off()
        elif wanted is None:
            await self._sound.turn_to_music()
        else:
            await self._sound.turn_to(wanted)

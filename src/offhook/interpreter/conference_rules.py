"""The rules of a conference, without any sound: what happens goes in, what is to be done comes out, in order.

    initializing ─► moderator-present ◄─► moderator-absent ─► stopping ─► completed
    (nobody has begun it)

A conference begins with the first member who begins it, and never goes back. Until then nobody hears anybody. Who is
on hold hears nobody and is not heard. It is over when its last member goes, or is ended for all at once.
"""

from dataclasses import dataclass, replace

from offhook.call.voice_rows import ConferenceStatus
from offhook.interpreter.meetings import Attendee, Ear, MeetingRefused, MemberUnknown
from offhook.verbs import ConferenceEnd, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody inside."""

    call_id: str
    is_muted: bool
    is_held: bool = False
    hold_sound: Target | None = None
    is_deaf: bool = False
    enter_beeps: int = 0
    exit_beeps: int = 0
    starts: bool
    ends: bool
    is_recorded: bool
    records_alone: bool = True
    may_be_alone: bool = True


@dataclass(frozen=True, slots=True)
class TellStatus:
    """The conference reached another state."""

    status: ConferenceStatus


@dataclass(frozen=True, slots=True)
class TellMember:
    """A member came, changed, or left."""

    member: Member
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """What a member hears of the others, and whether these hear it."""

    call_id: str
    hears: bool
    is_heard: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """A member's ear turns to something else."""

    call_id: str
    ear: Ear
    sound: Target | None = None


@dataclass(frozen=True, slots=True)
class Beep:
    """All who hear the room hear that somebody came, or went."""

    is_entry: bool
    times: int = 1


@dataclass(frozen=True, slots=True)
class BeginTape:
    """The recording begins, on behalf of this member."""

    call_id: str


@dataclass(frozen=True, slots=True)
class EndTape:
    """The recording is over: whoever is left is alone."""


@dataclass(frozen=True, slots=True)
class Dismiss:
    """A member is out, and not by its own doing."""

    call_id: str
    end: ConferenceEnd


@dataclass(frozen=True, slots=True)
class Close:
    """Nobody is inside, and nobody may come any more."""


Action = TellStatus | TellMember | Place | Turn | Beep | BeginTape | EndTape | Dismiss | Close
Actions = tuple[Action, ...]


class ConferenceRules:
    """One conference. What is done comes back as actions; the state is as after them."""

    def __init__(self) -> None:
        self._members: dict[str, Member] = {}
        self._has_begun = False
        self._is_taped = False
        self._is_taped_alone = False
        self._status: ConferenceStatus | None = None

    @property
    def status(self) -> ConferenceStatus | None:
        """None before the first member came."""
        return self._status

    @property
    def has_begun(self) -> bool:
        """Whether its members hear each other."""
        return self._has_begun

    @property
    def is_over(self) -> bool:
        """Whether nobody can come any more."""
        return self._status is ConferenceStatus.COMPLETED

    @property
    def members(self) -> tuple[Member, ...]:
        """Who is inside, in the order of their coming."""
        return tuple(self._members.values())

    def join(self, call_id: str, guest: Attendee) -> Actions:
        """Somebody comes, or comes again. Raises MeetingRefused where there is no place left."""
        if self.is_over:
            raise MeetingRefused(ConferenceEnd.ENDED)
        was = {known: member for known, member in self._members.items() if known != call_id}
        if len(was) >= guest.max_participants:
            raise MeetingRefused(ConferenceEnd.FULL)
        member = Member(
            call_id=call_id,
            is_muted=guest.is_muted,
            enter_beeps=guest.enter_beeps,
            exit_beeps=guest.exit_beeps,
            starts=guest.starts,
            ends=guest.ends,
            is_recorded=guest.is_recorded,
            records_alone=guest.records_alone,
            may_be_alone=guest.may_be_alone,
        )
        had_begun = self._has_begun
        self._members[call_id] = member
        self._has_begun |= member.starts
        actions: list[Action] = [*self._status_now(), TellMember(member)]
        if had_begun and was and guest.enter_beeps:
            actions.append(Beep(is_entry=True, times=guest.enter_beeps))
        return (*actions, *self._places(was, had_begun), *self._tape())

    def leave(self, call_id: str) -> Actions:
        """Somebody goes by themselves; nothing happens for one who is not inside."""
        member = self._members.pop(call_id, None)
        if member is None:
            return ()
        left: list[Action] = [TellMember(member, has_left=True)]
        if member.ends and self._members:
            return (*left, *self.end())
        return (*left, *self._after_leaving(member))

    def dismiss(self, call_id: str) -> Actions:
        """Somebody is put out. Raises MemberUnknown."""
        self._known(call_id)
        left, *rest = self.leave(call_id)
        return (left, Dismiss(call_id, ConferenceEnd.REMOVED), *rest)

    def end(self) -> Actions:
        """It is over for all."""
        if self.is_over:
            return ()
        actions: list[Action] = [TellStatus(ConferenceStatus.STOPPING)]
        for member in self.members:
            actions += [
                TellMember(member, has_left=True),
                Place(member.call_id, hears=False, is_heard=False),
                Dismiss(member.call_id, ConferenceEnd.ENDED),
            ]
        self._members.clear()
        return (*actions, *self._over())

    def mute(self, call_id: str, is_muted: bool) -> Actions:
        """Nobody hears them any more, or all again. Raises MemberUnknown."""
        return self._changed(replace(self._known(call_id), is_muted=is_muted))

    def deafen(self, call_id: str, is_deaf: bool) -> Actions:
        """They hear nobody any more, or all again. Raises MemberUnknown."""
        return self._changed(replace(self._known(call_id), is_deaf=is_deaf))

    def hold(self, call_id: str, is_held: bool, sound: Target | None = None) -> Actions:
        """They are put on hold, or taken off. Raises MemberUnknown."""
        changed = replace(self._known(call_id), is_held=is_held, hold_sound=sound if is_held else None)
        return self._changed(changed)

    def _known(self, call_id: str) -> Member:
        member = self._members.get(call_id)
        if member is None:
            raise MemberUnknown(f"the call {call_id} is not in the conference")
        return member

    def _changed(self, member: Member) -> Actions:
        was = dict(self._members)
        if was[member.call_id] == member:
            return ()
        self._members[member.call_id] = member
        return (TellMember(member), *self._places(was, self._has_begun))

    def _after_leaving(self, member: Member) -> Actions:
        if not self._members:
            return self._over()
        if all(not left.may_be_alone for left in self._members.values()) and len(self._members) == 1:
            return self.end()
        beeps = self._has_begun and member.exit_beeps
        beep = (Beep(is_entry=False, times=member.exit_beeps),) if beeps else ()
        return (*self._status_now(), *beep, *self._untape())

    def _over(self) -> Actions:
        self._status = ConferenceStatus.COMPLETED
        return (TellStatus(ConferenceStatus.COMPLETED), Close())

    def _status_now(self) -> Actions:
        if not self._has_begun:
            status = ConferenceStatus.INITIALIZING
        elif any(member.starts for member in self._members.values()):
            status = ConferenceStatus.MODERATOR_PRESENT
        else:
            status = ConferenceStatus.MODERATOR_ABSENT
        if status is self._status:
            return ()
        self._status = status
        return (TellStatus(status),)

    def _places(self, was: dict[str, Member], had_begun: bool) -> list[Action]:
        """What has changed for whom: first all who fall silent, then those who are heard, so that nobody hears too much."""
        actions: list[Action] = []
        for call_id, member in self._members.items():
            before = was.get(call_id)
            turn = self._turn(member, self._has_begun)
            if before is None or self._turn(before, had_begun) != turn:
                actions.append(turn)
        for call_id, member in self._members.items():
            before = was.get(call_id)
            place = self._place(member, self._has_begun)
            if before is None or self._place(before, had_begun) != place:
                actions.append(place)
        return sorted(actions, key=lambda action: isinstance(action, Place) and action.is_heard)

    @staticmethod
    def _turn(member: Member, has_begun: bool) -> Turn:
        if member.is_held:
            return Turn(member.call_id, Ear.HELD, member.hold_sound)
        return Turn(member.call_id, Ear.ROOM if has_begun else Ear.WAITING)

    @staticmethod
    def _place(member: Member, has_begun: bool) -> Place:
        is_in = has_begun and not member.is_held
        return Place(
            member.call_id, hears=is_in and not member.is_deaf, is_heard=is_in and not member.is_muted
        )

    def _tape(self) -> Actions:
        recorded = [member for member in self._members.values() if member.is_recorded]
        self._is_taped_alone |= any(member.records_alone for member in recorded)
        is_wanted = bool(recorded) and (self._is_taped_alone or len(self._members) > 1)
        if self._is_taped or not self._has_begun or not is_wanted:
            return ()
        self._is_taped = True
        return (BeginTape(recorded[0].call_id),)

    def _untape(self) -> Actions:
        if not self._is_taped or self._is_taped_alone or len(self._members) > 1:
            return ()
        self._is_taped = False
        return (EndTape(),)

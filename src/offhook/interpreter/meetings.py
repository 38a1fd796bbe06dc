"""Where calls meet: the port through which verbs join conferences and queues, on whatever worker these are held.

A verb stays for as long as the block of `Meetings.joined`; what happens meanwhile comes into its inbox, in order. Who is
inside hears the others by the meeting's doing; what a member hears alone, music or an announcement, is played by
the verb, which is told when.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NoReturn, Protocol

from offhook.call.errors import OffhookError
from offhook.call.rows import RoomKind
from offhook.verbs import Pause, Play, Say, Target

if TYPE_CHECKING:
    from offhook.interpreter.scene import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """How somebody comes into a conference."""

    is_muted: bool = False
    enter_beeps: int = 1
    exit_beeps: int = 1
    starts: bool = True
    ends: bool = False
    max_participants: int = 40
    is_recorded: bool = False
    records_alone: bool = True
    """Whether that is done while nobody else is inside."""
    may_be_alone: bool = True
    """Whether they may stay once all others have gone."""
    counts_heads: bool = False
    """Whether they are told how many are inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiter:
    """How somebody comes into a queue, to be taken."""

    max_size: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """How somebody takes the first of a queue."""

    announcement: Target | None = None
    is_recorded: bool = False


Guest = Attendee | Waiter | Taker


def kind_of(guest: Guest) -> RoomKind:
    """What such a guest comes to."""
    return RoomKind.CONFERENCE if isinstance(guest, Attendee) else RoomKind.QUEUE


class Ear(StrEnum):
    """What a member of a conference shall hear."""

    ROOM = "room"
    """The others."""
    WAITING = "waiting"
    """What is heard until the conference begins."""
    HELD = "held"
    """What is heard on hold."""


@dataclass(frozen=True, slots=True)
class Hears:
    """From now on the member hears this; on hold, `sound` if it is given."""

    ear: Ear
    sound: Target | None = None


@dataclass(frozen=True, slots=True)
class Muted:
    """Somebody else has muted the member, or let it be heard again."""

    is_muted: bool


@dataclass(frozen=True, slots=True)
class Taped:
    """The recording of the conference has begun."""

    recording_id: str
    is_own: bool = True
    """Whether it is the one that the member wanted; others are told to members who want to know of the company."""


@dataclass(frozen=True, slots=True)
class Company:
    """How many are inside now, of a member who wants to know."""

    size: int
    has_begun: bool = False
    """Whether it was this member's coming that began the conference."""


@dataclass(frozen=True, slots=True)
class Departed:
    """The member is on its way out, and so many stay; of a member who wants to know."""

    size: int
    is_end: bool = False
    """Whether it is this member who tells of the conference's end: one does."""


@dataclass(frozen=True, slots=True)
class InQueue:
    """Where the member stands in the queue; it is nobody's turn yet, or not any more."""

    position: int
    """From 1; 0 for who waits to take somebody."""
    size: int
    average_wait_s: float


@dataclass(frozen=True, slots=True)
class Called:
    """It is the member's turn. Who waited says `ready` once it has heard the announcement."""

    announcement: Target | None = None


@dataclass(frozen=True, slots=True)
class Connected:
    """The member hears another call, and is heard by it."""

    other_call_id: str


@dataclass(frozen=True, slots=True)
class Over:
    """The member is out; `end` is a `ConferenceEnd` or a `QueueEnd`."""

    end: str


Prompts = tuple[Say | Play | Pause, ...]
News = Hears | Muted | Taped | Company | Departed | InQueue | Called | Connected | Over


class Membership(Protocol):
    """A call's place in a meeting; also the seat in which its control can mute it."""

    @property
    def meeting_id(self) -> str:
        """32 hex digits."""

    @property
    def inbox(self) -> asyncio.Queue[News]:
        """What happens, in order."""

    def mute(self, is_muted: bool) -> None:
        """Be heard no more, or again."""

    def ready(self) -> None:
        """Who waited in a queue has heard the announcement."""

    def relay(self, key: str) -> None:
        """The others in a conference are sent a key, unless they do not hear the member."""

    def announce(self, prompts: "Prompts", *, is_entry: bool) -> None:
        """What the others in a conference hear of the member's coming, now, or of its going, then."""


class MeetingRefused(OffhookError):
    """There is no place inside; `end` as in `Over`, and the text says why where it is no matter of course."""

    def __init__(self, end: str, message: str = "") -> None:
        super().__init__(message)
        self.end = end


class MemberUnknown(OffhookError):
    """That call is not in the meeting."""


class Meetings(Protocol):
    """Takes calls into meetings."""

    def joined(self, name: str, guest: Guest, scene: "Scene") -> AbstractAsyncContextManager[Membership]:
        """A block in which the scene's call is in the meeting of its account that has that name. Leave it once `Over`
        has come. Raises MeetingRefused."""


class NoMeetings:
    """Fills `Meetings` where there are none."""

    def joined(self, name: str, guest: Guest, scene: "Scene") -> NoReturn:
        """Refuse."""
        raise MeetingRefused("lost" if isinstance(guest, Attendee) else "error", "nothing can be joined here")


NO_MEETINGS = NoMeetings()

"""What happens while a verb runs that an application may want to hear of at once, besides the verb's outcome."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from offhook.interpreter.outbound_leg import LegOver
from offhook.interpreter.stream_ports import StreamNews
from offhook.verbs import Detected, Recorded


class LegEvent(StrEnum):
    """What happens to a leg that was dialled."""

    ANSWERED = "answered"
    CONNECTED = "connected"
    """It and the caller hear each other."""
    KEYS = "keys"
    """A sequence of keys was pressed that somebody waits for."""
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegNews:
    """Something happened to a leg of a Dial."""

    event: LegEvent
    call_id: str
    """The leg's; 32 hex digits."""
    from_: str
    to: str
    position: int
    """Of its destination among those of the verb, from 1."""
    keys: str = ""
    """The sequence."""
    is_of_caller: bool = True
    """Whether the caller pressed them, and not who was called."""
    over: LegOver | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingBegun:
    """A recording in the background runs."""

    recorded: Recorded
    """Its identity alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingReady:
    """The file of a recording is whole."""

    recorded: Recorded


class MeetingEvent(StrEnum):
    """What happens in a conference."""

    ENTERED = "entered"
    """The caller came in."""
    LEFT = "left"
    BEGAN = "began"
    """With the caller's coming all hear each other."""
    ENDED = "ended"
    """With the caller's going nobody is inside any more."""
    KEYS = "keys"
    """The caller pressed a sequence of keys that somebody waits for."""
    TAPED = "taped"
    """The recording that the caller's verb wanted has begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingNews:
    """Something happened in the conference of a verb."""

    event: MeetingEvent
    meeting_id: str
    """32 hex digits."""
    size: int
    """How many are inside after it."""
    at: datetime
    keys: str = ""
    recording: Recorded | None = None
    """That of the conference, of which its identity alone is known: once it has begun, and once the conference has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineNews:
    """It is known who answered."""

    detected: Detected


News = LegNews | RecordingBegun | RecordingReady | MeetingNews | StreamNews | MachineNews

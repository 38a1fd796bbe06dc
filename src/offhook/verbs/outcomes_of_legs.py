"""What came of verbs that record, connect, hold and transfer."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A recording that was made; one in which nothing was recorded has no `recording_id`."""

    account_sid: str = ""
    """Whose recording it is."""
    recording_id: str | None = None
    """32 hex digits."""
    duration_s: float = 0.0
    keys: str = ""
    """The key that ended it; `hangup` where the caller did."""
    call_is_over: bool = False
    failure: str = ""
    """Why it ended early, for people; empty where all went well."""
    began_at: datetime | None = field(default=None, compare=False)
    """When, by the wall clock; None where nothing was recorded."""


class DialEnd(StrEnum):
    """What became of a dial, in the words that all dialects share."""

    COMPLETED = "completed"
    """Somebody answered and was connected."""
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELED = "canceled"
    """The caller left before anybody answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialled:
    """What came of a Dial."""

    end: DialEnd
    call_id: str | None = None
    """The leg that was connected, or else the last one that was tried; 32 hex digits."""
    duration_s: float = 0.0
    """How long they were connected."""
    ring_duration_s: float = 0.0
    recording: Recorded | None = None
    sip_call_id: str = ""
    """The Call-ID of that leg's dialog."""
    sip_status: int | None = None
    """The final status of its INVITE."""
    sip_headers: tuple[tuple[str, str], ...] = ()
    """Custom headers of its final response or BYE."""
    call_is_over: bool = False
    """Whether the caller left: the application is told, and its answer changes nothing."""


class ConferenceEnd(StrEnum):
    """Why a caller is not in a conference any more."""

    LEFT = "left"
    """They pressed the key, or hung up."""
    ENDED = "ended"
    """The conference was over."""
    REMOVED = "removed"
    FULL = "full"
    """There was no place left, so they never were inside."""
    TIME_LIMIT = "time-limit"
    LOST = "lost"
    """The worker that held the conference died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conferred:
    """What came of a Conference."""

    end: ConferenceEnd
    conference_id: str | None = None
    """32 hex digits."""
    duration_s: float = 0.0
    recording: Recorded | None = None
    call_is_over: bool = False


class QueueEnd(StrEnum):
    """Why a caller waits no more."""

    BRIDGED = "bridged"
    """Somebody took the call, and they talked."""
    LEFT = "leave"
    """The waiting document said so."""
    HANG_UP = "hangup"
    FULL = "queue-full"
    EMPTY = "empty"
    """(Dequeue) nobody waited."""
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """What came of an Enqueue or a Dequeue."""

    end: QueueEnd
    queue_id: str | None = None
    other_call_id: str | None = None
    """The call that took this one, or was taken; 32 hex digits."""
    waited_s: float = 0.0
    duration_s: float = 0.0
    """How long they were connected."""
    recording: Recorded | None = None
    call_is_over: bool = False


class HoldStatus(StrEnum):
    """What became of a Hold or Resume."""

    HELD = "held"
    RESUMED = "resumed"
    FAILED = "failed"
    NO_ANSWER = "no-answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldChanged:
    """What came of a Hold or Resume."""

    call_is_over: ClassVar[bool] = False

    status: HoldStatus
    sip_status: int
    """408 where the far end did not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Referred:
    """What came of a Refer."""

    refer_status: int
    notify_status: int | None = None
    """The last status of the new call, as far as it was told."""
    failure: str = ""
    """Why nobody was asked, for people; empty where the far end was."""
    call_is_over: bool = False
    """Whether the caller has gone to the new call: the application is told, and its answer changes nothing."""

    @property
    def call_status(self) -> str | None:
        """The state of the new call, in the words of call states; None where nothing was told of it."""
        if self.notify_status is None:
            return None
        if self.notify_status < 180:
            return "queued"
        return (
            _NEW_CALL.get(self.notify_status, "failed")
            if self.notify_status >= 300
            else _begun(self.notify_status)
        )


_NEW_CALL = {486: "busy", 600: "busy", 408: "no-answer", 480: "no-answer", 487: "canceled"}
"""By the SIP status that ended it; all others are failures."""


def _begun(sip_status: int) -> str:
    return "ringing" if sip_status < 200 else "in-progress"

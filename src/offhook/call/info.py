"""What is known of a call from its first moment and never changes."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Direction(StrEnum):
    """Who began the call."""

    INBOUND = "inbound"
    OUTBOUND_API = "outbound-api"
    OUTBOUND_DIAL = "outbound-dial"
    """A leg that another call dialled."""


class CallStatus(StrEnum):
    """The states of a call, in the words of every REST API of the field."""

    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        """Whether nothing can come after it."""
        return self not in (CallStatus.QUEUED, CallStatus.RINGING, CallStatus.IN_PROGRESS)


def new_id() -> str:
    """A new identity: 32 lower-case hex digits, which every dialect dresses in its own way."""
    return uuid.uuid4().hex


class Sides(StrEnum):
    """Which sounds of a leg a recording holds."""

    FAR_END = "far_end"
    """What the far end says."""
    MIXED = "mixed"
    """What the far end says and what it hears, in one channel."""
    STEREO = "stereo"
    """What the far end says to the left, what it hears to the right."""


@dataclass(frozen=True, slots=True)
class TransferInfo:
    """A transfer that a far end asked for. All are user parts or SIP URIs."""

    target: str
    """Who is to be called."""
    transferor: str
    """Who asked."""
    transferee: str
    """Who is to be connected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallInfo:
    """The facts of a call. `from_` and `to` are user parts or SIP URIs, as they were sent."""

    call_id: str
    """32 hex digits."""
    account_sid: str
    direction: Direction
    from_: str
    to: str
    created_at: datetime
    """Wall time, with a time zone."""
    caller_name: str | None = None
    forwarded_from: str | None = None
    """The user part of a Diversion header."""
    sip_headers: tuple[tuple[str, str], ...] = ()
    """Custom headers of the INVITE (X-… and Diversion), in their order."""
    number_sid: str | None = None
    """The IncomingPhoneNumber that was called."""
    metadata: str | None = None
    """JSON text that the customer attached to the call."""
    parent_call_id: str | None = None
    """The call that dialled this leg."""
    record_all: Sides | None = None
    """How the whole call is recorded, from its answer to its end; None is not."""
    transfer: TransferInfo | None = None
    """Who is to be connected with whom, where a far end asked for it (REFER)."""
    outbound_call_id: str | None = None
    """The leg that the call dialled last, once there is one."""
    sip_call_id: str = ""
    """The Call-ID of the dialog, where the application is to know it: that of a dialled leg."""
    trunk: str | None = None
    """The name of the trunk that the call came by."""
    language: str | None = None
    """The language of the application that the call began with; None is the one of the installation."""
    is_machine: bool | None = None
    """Whether an answering machine answered; None where nobody looked, or does not know yet."""

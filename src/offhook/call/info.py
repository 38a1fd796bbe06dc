"""What is known of a call from its first moment and never changes."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Direction(StrEnum):
    """Who began the call."""

    INBOUND = "inbound"
    OUTBOUND_API = "outbound-api"


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

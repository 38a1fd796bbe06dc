"""What a dispatcher tells of a callback that it took from the outbox."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from offhook.call.rows import Attempt, OutboxItem

CALL_STATUS = "call-status"
"""The kind of an item that tells a call's state."""

URL_FAILS = "its URL fails again and again; it waits until that answers"
"""Why a callback is held back that a circuit breaker keeps from being sent."""


class DeliveryEnd(Enum):
    """What became of it."""

    DONE = auto()
    """It arrived."""
    RETRY = auto()
    """It did not arrive, and is due again."""
    DEAD = auto()
    """It did not arrive, and is not tried again."""
    POSTPONED = auto()
    """It was not sent, and is due again; that counts as no attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What became of one item."""

    item: OutboxItem
    end: DeliveryEnd
    at: datetime
    """When it is due again; when it was over, where it is done or dead."""
    attempt: Attempt | None = None
    """None where nothing was sent."""
    why: str = ""
    """Why it did not arrive, or was not sent."""
    code: int = 0
    """The code of the notification of its death."""

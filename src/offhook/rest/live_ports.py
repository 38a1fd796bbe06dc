"""What the REST API can do to a call that runs: what is asked, and who does it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from offhook.call.errors import OffhookError
from offhook.call.rows import CallRow
from offhook.verbs import Hold, Play, Refer, Resume, Say, Target

LiveVerb = Say | Play | Hold | Resume | Refer
"""What can be done to a call beside its document."""


class WantedEnd(StrEnum):
    """How a call is to be ended."""

    CANCELED = "canceled"
    """Unless it was answered."""
    COMPLETED = "completed"
    """Whatever it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveChange:
    """What a customer wants of a running call. What is None stays as it is."""

    is_muted: bool | None = None
    end: WantedEnd | None = None
    application: Target | None = None
    """Asked for the document that the call goes on with."""
    fallback: Target | None = None
    status_callback: Target | None = None
    """Told the call's states from then on, in place of whoever was told them."""
    moves_connected: bool = False
    """Whether who is connected with the call is taken to the same application, and not let go."""


class CallIsOver(OffhookError):
    """The call has ended, or goes on to its end: nothing can be done to it any more."""


class CallNotAnswered(OffhookError):
    """The call rings still; what was asked needs somebody who listens."""


class OwnerAway(OffhookError):
    """The worker that runs the call cannot be reached now."""


class LiveCalls(Protocol):
    """Reaches calls while they run."""

    async def change(self, call: CallRow, change: LiveChange) -> None:
        """Have the call changed; returns when it will be. Raises CallIsOver, OwnerAway."""

    async def act(self, call: CallRow, verb: LiveVerb, record_id: str) -> bool:
        """Run a verb on the call, beside its document, with a record by `record_id`; returns soon, and whether the verb
        has ended. Raises CallIsOver, CallNotAnswered, OwnerAway."""

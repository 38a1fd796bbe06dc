"""What the REST API can do to a call that runs: what is asked, and who does it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from offhook.call.errors import OffhookError
from offhook.call.rows import CallRow
from offhook.verbs import Hold, Play, Record, Refer, Resume, Say, SendKeys, Target

LiveVerb = Say | Play | Hold | Resume | Refer
"""What can be done to a call beside its document."""
PerformedVerb = Say | Play | SendKeys | Record
"""What can go on beside a call's document until somebody stops it."""


class Legs(StrEnum):
    """Who of those who talk with each other."""

    OWN = "own"
    """The call itself."""
    OTHER = "other"
    """Those whom it is connected with."""
    BOTH = "both"


class PerformanceKind(StrEnum):
    """What goes on beside a document: of each kind one at a time."""

    PLAY = "play"
    SPEAK = "speak"
    KEYS = "keys"
    RECORD = "record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """Verbs for a running call, one after the other, beside its document."""

    kind: PerformanceKind
    verbs: tuple[PerformedVerb, ...]
    legs: Legs = Legs.OWN
    repeats: bool = False
    """Whether they begin again after the last, until they are stopped."""
    longest_s: float | None = None
    """After how many seconds they are stopped."""
    record_id: str | None = None
    """The identity of a recording that is begun, 32 hex digits."""


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
    connected_application: Target | None = None
    """Asked for the document that those go on with who are connected with the call."""
    language: str | None = None
    """What the documents of these applications are written in; None is the language of the call."""


class CallIsOver(OffhookError):
    """The call has ended, or goes on to its end: nothing can be done to it any more."""


class CallNotAnswered(OffhookError):
    """The call rings still; what was asked needs somebody who listens."""


class NobodyConnected(CallNotAnswered):
    """The call talks with nobody whom that could be done to."""


class OwnerAway(OffhookError):
    """The worker that runs the call cannot be reached now."""


class LiveCalls(Protocol):
    """Reaches calls while they run."""

    async def change(self, call: CallRow, change: LiveChange) -> None:
        """Have the call changed; returns when it will be. Raises CallIsOver, NobodyConnected, OwnerAway."""

    async def act(self, call: CallRow, verb: LiveVerb, record_id: str) -> bool:
        """Run a verb on the call, beside its document, with a record by `record_id`; returns soon, and whether the verb
        has ended. Raises CallIsOver, CallNotAnswered, OwnerAway."""

    async def perform(self, call: CallRow, performance: Performance) -> None:
        """Begin to do it, in place of what was begun of its kind; returns at once. Raises CallIsOver, CallNotAnswered,
        NobodyConnected, `ports.LimitReached`, OwnerAway."""

    async def stop(self, call: CallRow, kind: PerformanceKind) -> None:
        """Stop what goes on of this kind on the call and whom it is connected with, if anything does. Raises CallIsOver,
        OwnerAway."""

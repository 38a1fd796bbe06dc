"""Wait in a queue until somebody takes the call, and take the first of a queue."""

from dataclasses import dataclass
from typing import ClassVar

from offhook.verbs.request import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueue:
    """Wait in the queue of that name; ends when a call that took this one is over, or when the caller leaves it."""

    needs_answer: ClassVar[bool] = True

    name: str
    action: Target | None = None
    wait: Target | None = None
    """A document that is run again and again while the caller waits; `Leave` in it leaves the queue. None is the
    built-in sound."""
    max_size: int = 100
    line: int | None = None
    """The line of the document where the verb stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Leave the queue in whose waiting document this stands; elsewhere it does nothing."""

    needs_answer: ClassVar[bool] = False

    line: int | None = None
    """The line of the document where the verb stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dequeue:
    """Take the call that has waited longest in the queue of that name, waiting for one if it is empty."""

    needs_answer: ClassVar[bool] = True

    name: str
    action: Target | None = None
    announcement: Target | None = None
    """What the waiting caller hears before they are connected."""
    timeout_s: float = 30.0
    """How long to wait for somebody in an empty queue."""
    time_limit_s: float = 14_400.0
    is_recorded: bool = False
    hang_up_key: str = ""
    """A key with which the caller ends the connection and goes on; empty for none."""
    line: int | None = None
    """The line of the document where the verb stands."""

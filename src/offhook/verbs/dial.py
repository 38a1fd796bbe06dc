"""Call somebody and connect the caller with whoever answers first."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from offhook.verbs.request import Target


class DestinationKind(StrEnum):
    """How a destination is reached."""

    NUMBER = "number"
    """Over the trunk."""
    CLIENT = "client"
    """At the places where a client of the account can be reached, all at once."""
    SIP = "sip"
    """At a SIP URI."""


LEG_EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})
"""What can be told of a dialled leg."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One of those who are called."""

    kind: DestinationKind
    address: str
    """A number, a client's name, or a SIP URI; custom headers are taken off."""
    sip_headers: tuple[tuple[str, str], ...] = ()
    """Custom headers for the INVITE, all named X-…"""
    screening: Target | None = None
    """Asked what the one who answered shall hear before they are connected; a document that hangs up declines."""
    screening_timeout_s: float = 60.0
    """How long that may take."""
    status_target: Target | None = None
    """Where the leg's events are told."""
    status_events: frozenset[str] = LEG_EVENTS
    send_keys: str = ""
    """Keys that are sent once the far end has answered, before anybody is connected; `w` waits for half a second."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    """What a SIP URI asks for (digest)."""
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Call all destinations at once; who answers first is connected, the others are let go."""

    needs_answer: ClassVar[bool] = True

    destinations: tuple[Destination, ...]
    action: Target | None = None
    """Where the outcome is sent; None goes on with the next verb."""
    timeout_s: float = 30.0
    """How long they may ring, all together."""
    time_limit_s: float = 14_400.0
    """How long the caller and whoever answered may talk."""
    caller_id: str | None = None
    """Whom those who are called see; None shows the caller."""
    is_recorded: bool = False
    """Record both sides from the moment when they are connected."""
    hang_up_key: str = ""
    """A key with which the caller ends the connection and goes on; empty for none."""
    line: int | None = None
    """The line of the document where the verb stands."""

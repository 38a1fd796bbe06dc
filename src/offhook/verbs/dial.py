"""Call somebody and connect the caller with whoever answers first."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from offhook.verbs.record import Record
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
    sends_keys_early: bool = False
    """Whether they are sent as soon as the far end hears us, where that is before the answer."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    """What a SIP URI asks for (digest)."""
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A key that whoever answers must press before they are connected; who does not is let go."""

    sound: Target | None = None
    """A document of Say, Play and Pause that they hear; None is silence."""
    key: str = ""
    """Empty connects them once they have heard the sound."""
    timeout_s: float = 10.0
    """How long the key may take after the sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Call all destinations at once; who answers first is connected, the others are let go."""

    needs_answer: ClassVar[bool] = True

    destinations: tuple[Destination, ...]
    action: Target | None = None
    """Where the outcome is sent; None goes on with the next verb."""
    follows_action: bool = True
    """Whether the call goes on with what the action answers; else the action is told, and the next verb runs."""
    callback: Target | None = None
    """Where each leg's answer, connecting, keys and hang-up are told; the answer is not read."""
    timeout_s: float = 30.0
    """How long they may ring, all together."""
    time_limit_s: float = 14_400.0
    """How long the caller and whoever answered may talk."""
    caller_id: str | None = None
    """Whom those who are called see; None shows the caller."""
    caller_name: str | None = None
    """The name that those who are called see with it."""
    is_recorded: bool = False
    """Record both sides from the moment when they are connected."""
    recording: Record | None = None
    """How such a recording is kept, and where it is told; None tells it with the outcome alone."""
    waiting_sound: Target | None = None
    """A document of Say, Play and Pause that the caller hears, again and again, until somebody answers; None is the
    sound of ringing."""
    confirmation: Confirmation | None = None
    """What each who answers must do; None connects them at once."""
    told_keys: tuple[str, ...] = ()
    """Sequences of keys that are told to `callback` when the caller has pressed them."""
    told_keys_of_legs: tuple[str, ...] = ()
    """The same of those who are called."""
    hang_up_key: str = ""
    """A key with which the caller ends the connection and goes on; empty for none."""
    line: int | None = None
    """The line of the document where the verb stands."""

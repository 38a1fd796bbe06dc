"""What the REST API needs of the rest of Offhook. Repositories and the call control fill these ports.

All but `CallControl` may be called from any thread, and block. Whatever belongs to an account is asked for with
the account's sid, and is not found with another's.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Protocol

from offhook.call.errors import OffhookError
from offhook.call.listing import CallFilter, GatherFilter, NotificationFilter, NumberFilter, Page
from offhook.call.rows import (
    AccountLimits,
    AccountRow,
    ApiKeyRow,
    CallRow,
    GatherKind,
    GatherRow,
    NotificationRow,
    NumberRow,
)
from offhook.verbs import Target


class Accounts(Protocol):
    """Reads accounts."""

    def get(self, sid: str) -> AccountRow | None:
        """The account with this sid."""

    def find(self, name: str) -> AccountRow | None:
        """The account with this sid, auth id or e-mail address."""

    def is_password(self, given: str, account: AccountRow | None) -> bool:
        """Whether `given` is the account's password; as slow where it has none, or where there is no account."""


class ApiKeys(Protocol):
    """Reads API keys."""

    def find(self, key_id: str) -> ApiKeyRow | None:
        """The key with this id, revoked or not."""


class Limits(Protocol):
    """Reads limits."""

    def get(self, account_sid: str) -> AccountLimits:
        """What an account may use."""


class Numbers(Protocol):
    """Keeps numbers."""

    def create(self, number: NumberRow) -> bool:
        """Keep a new number; False where some account has it already."""

    def get(self, account_sid: str, sid: str) -> NumberRow | None:
        """The account's number with this sid."""

    def update(self, number: NumberRow) -> bool:
        """Keep new properties of a number; False where the account does not have it."""

    def delete(self, account_sid: str, sid: str) -> bool:
        """Give the number up; False where the account does not have it."""

    def page(self, account_sid: str, wanted: NumberFilter, *, offset: int, limit: int) -> Page[NumberRow]:
        """A stretch of the account's numbers, newest first."""


class Calls(Protocol):
    """Reads calls."""

    def get(self, account_sid: str, call_id: str) -> CallRow | None:
        """The account's call with this id."""

    def page(self, account_sid: str, wanted: CallFilter, *, offset: int, limit: int) -> Page[CallRow]:
        """A stretch of the account's calls, newest first."""


class Gathers(Protocol):
    """Reads finished gathers."""

    def get(self, account_sid: str, kind: GatherKind, gather_id: str) -> GatherRow | None:
        """The account's gather of this kind with this id."""

    def page(self, account_sid: str, wanted: GatherFilter, *, offset: int, limit: int) -> Page[GatherRow]:
        """A stretch of the account's gathers of a kind, newest first."""


class Notifications(Protocol):
    """Reads notifications."""

    def get(self, account_sid: str, notification_id: str) -> NotificationRow | None:
        """The account's notification with this id."""

    def page(
        self, account_sid: str, wanted: NotificationFilter, *, offset: int, limit: int
    ) -> Page[NotificationRow]:
        """A stretch of the account's notifications, newest first."""


class StatusEvent(StrEnum):
    """The states of an outbound call that a customer may want to be told."""

    INITIATED = "initiated"
    RINGING = "ringing"
    ANSWERED = "answered"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCall:
    """A call that a customer wants made."""

    account_sid: str
    from_: str
    to: str
    """A number, or a SIP URI that begins with `sip:` or `sips:`; custom headers are taken off."""
    sip_headers: tuple[tuple[str, str], ...] = ()
    """Custom headers for the INVITE, all named X-…"""
    application: Target
    """Asked what to do once the call is answered."""
    fallback: Target | None = None
    status_callback: Target | None = None
    status_events: frozenset[StatusEvent] = frozenset(StatusEvent)
    timeout_s: float = 60.0
    """How long it may ring."""
    metadata: str | None = None
    """JSON text, an object, kept with the call."""


class CallRefused(OffhookError):
    """The call cannot be made as it was asked for; the message tells the customer why."""

    def __init__(self, message: str, *, is_destination: bool = False) -> None:
        """`is_destination` where it is the number that may not be called."""
        super().__init__(message)
        self.message = message
        self.is_destination = is_destination


class LimitReached(OffhookError):
    """The account uses all that it may; the message says of what, and `wait_s` when to try again."""

    def __init__(self, message: str, wait_s: float) -> None:
        super().__init__(message)
        self.message = message
        self.wait_s = wait_s


class CallControl(Protocol):
    """Makes calls."""

    async def place(self, call: NewCall) -> CallRow:
        """Begin a call; returns its row without waiting for an answer.

        Raises NoFreeSlot, CallRefused, LimitReached.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Which parts are up; calls can be handled when all are."""

    sip: bool
    database: bool
    speech: bool
    is_draining: bool = False
    """The server was told to stop."""


async def _no_metrics() -> bytes:
    return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All of it."""

    accounts: Accounts
    api_keys: ApiKeys
    limits: Limits
    numbers: Numbers
    calls: Calls
    gathers: Gathers
    notifications: Notifications
    call_control: CallControl
    readiness: Callable[[], Readiness]
    instance_id: str
    """The 32 hex digits that stand before the CA of a call's sid."""
    process_states: Callable[[], Mapping[str, str]] = dict
    """What each process of the server does, by its name. Never blocks."""
    metrics: Callable[[], Awaitable[bytes]] = _no_metrics
    """The numbers of the server as Prometheus reads them."""
    metrics_allow: tuple[IPv4Network | IPv6Network, ...] = ()
    """Who may read them."""

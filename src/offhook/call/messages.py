"""Messages and e-mails as rows: what is to be sent, what was, and what came in.

All moments are datetimes with a time zone, in UTC, to the millisecond.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from offhook.verbs import MessageKind, Method, Target

DESTINATION_NOT_ALLOWED = 21215
"""The account's list of destinations does not have the number."""
UNDELIVERABLE = 30003
"""The network could not reach the handset."""
BLOCKED = 30004
UNKNOWN_DESTINATION = 30005
UNKNOWN_ERROR = 30008
"""Codes of what keeps a message from its recipient."""


class MessageStatus(StrEnum):
    """Where a message is on its way."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    """The provider took it."""
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    """The network gave it up."""
    FAILED = "failed"
    """The provider never took it."""
    RECEIVED = "received"
    """It came in."""

    @property
    def is_final(self) -> bool:
        """Whether nothing can come after it."""
        return self in (MessageStatus.DELIVERED, MessageStatus.UNDELIVERED, MessageStatus.FAILED)


class MessageDirection(StrEnum):
    """Who sent a message, and what for."""

    INBOUND = "inbound"
    OUTBOUND_API = "outbound-api"
    OUTBOUND_CALL = "outbound-call"
    OUTBOUND_REPLY = "outbound-reply"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """A message, on its way or over."""

    message_id: str
    """32 hex digits."""
    account_sid: str
    kind: MessageKind
    channel: str
    call_id: str | None = None
    """The call that sent it."""
    application_language: str | None = None
    """What that call's application is written in, where it is to be told something."""
    from_: str
    to: str
    body: str
    encoding: str | None = None
    """How the customer wants it encoded: `GSM` or `UCS-2`; None chooses by its letters."""
    media: tuple[str, ...] = ()
    """URLs of what goes with it."""
    status: MessageStatus
    direction: MessageDirection
    provider: str = ""
    """Who carries it; empty until somebody does."""
    provider_reference: str | None = None
    """What the provider calls it."""
    error_code: int | None = None
    error_message: str | None = None
    status_callback: Target | None = None
    status_events: tuple[str, ...] | None = None
    """The states that are told; None is all."""
    date_created: datetime
    date_updated: datetime
    date_sent: datetime | None = None
    attempt: int = 0
    """How often it was tried to send it, or to tell the application of it."""
    next_at: datetime | None = None
    """When it is due, or until when somebody holds it; None once nothing is to be done."""


class EmailStatus(StrEnum):
    """Where an e-mail is on its way."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailRow:
    """An e-mail, on its way or over. Addresses are as they were written, several separated by commas."""

    email_id: str
    """32 hex digits."""
    account_sid: str
    call_id: str | None = None
    """The call that sent it."""
    from_: str
    to: str
    cc: str | None = None
    bcc: str | None = None
    subject: str
    body: str
    content_type: str = "text/plain"
    status: EmailStatus
    error_code: int | None = None
    error_message: str | None = None
    date_created: datetime
    date_updated: datetime
    date_sent: datetime | None = None
    attempt: int = 0
    next_at: datetime | None = None
    """When it is due, or until when somebody holds it; None once nothing is to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelIdentityRow:
    """A name that an account has on a channel, and the application that is told what comes in there."""

    sid: str
    """`CI` and 32 hex digits."""
    account_sid: str
    channel: str
    identity: str
    """A number or a name, unique on its channel."""
    friendly_name: str
    message_url: str | None = None
    message_method: Method = Method.POST
    date_created: datetime
    date_updated: datetime

    @property
    def application(self) -> Target | None:
        """Where an incoming message is told; None where nothing is set."""
        return Target(self.message_url, self.message_method) if self.message_url else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedMessage:
    """A message as a provider hands it to us."""

    provider: str
    channel: str
    from_: str
    to: str
    body: str
    reference: str | None = None
    """What the provider calls it, the same when it is handed over again."""
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a provider tells of a message that it took."""

    provider: str
    references: tuple[str, ...] = ()
    """What the provider may have called it, the likeliest first."""
    message_id: str | None = None
    """Our own identity of it, where the provider repeats that."""
    status: MessageStatus
    error_code: int | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReport:
    """What came of an attempt to send a message, or to tell the application of one that came in."""

    message: MessageRow
    """As it was taken."""
    status: MessageStatus
    """`queued` where it is due again at `again_at`."""
    at: datetime
    provider: str = ""
    reference: str | None = None
    error_code: int | None = None
    error_message: str | None = None
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailReport:
    """What came of an attempt to send an e-mail."""

    email: EmailRow
    """As it was taken."""
    status: EmailStatus
    at: datetime
    error_code: int | None = None
    error_message: str | None = None
    again_at: datetime | None = None
    """When it is due again, where it is `queued`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """Which messages; `from_`, `to` and `body` take `%`."""

    kind: MessageKind
    from_: str | None = None
    to: str | None = None
    body: str | None = None
    status: MessageStatus | None = None
    created_from: datetime | None = None
    """The earliest creation, inclusive."""
    created_before: datetime | None = None
    """The creation lies before this moment."""
    sort_by: str = "date_created"
    """Out of SORTABLE; those that are equal come newest first."""
    is_descending: bool = True


SORTABLE = ("date_created", "from_", "to", "direction", "status", "body")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailFilter:
    """Which e-mails; the texts take `%`."""

    from_: str | None = None
    to: str | None = None
    subject: str | None = None
    status: EmailStatus | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None

"""What REST needs of messages and e-mails. As in `ports`: methods block, and whatever belongs to an account is not
found with another's sid."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from offhook.call.listing import Page
from offhook.call.messages import (
    ArrivedMessage,
    ChannelIdentityRow,
    EmailFilter,
    EmailRow,
    MessageFilter,
    MessageRow,
    Receipt,
)
from offhook.verbs import MessageKind


class Messages(Protocol):
    """Keeps messages."""

    def create(self, message: MessageRow) -> None:
        """Keep a new message, which is sent soon."""

    def get(self, account_sid: str, kind: MessageKind, message_id: str) -> MessageRow | None:
        """The account's message of this kind with this id."""

    def page(self, account_sid: str, wanted: MessageFilter, *, offset: int, limit: int) -> Page[MessageRow]:
        """A stretch of the account's messages of a kind, in the order that is wanted."""


class Emails(Protocol):
    """Keeps e-mails."""

    def create(self, email: EmailRow) -> None:
        """Keep a new e-mail, which is sent soon."""

    def get(self, account_sid: str, email_id: str) -> EmailRow | None:
        """The account's e-mail with this id."""

    def page(self, account_sid: str, wanted: EmailFilter, *, offset: int, limit: int) -> Page[EmailRow]:
        """A stretch of the account's e-mails, newest first."""


class ChannelIdentities(Protocol):
    """Keeps identities."""

    def create(self, identity: ChannelIdentityRow) -> bool:
        """Keep a new identity; False where some account has it already."""

    def get(self, account_sid: str, sid: str) -> ChannelIdentityRow | None:
        """The account's identity with this sid."""

    def update(self, identity: ChannelIdentityRow) -> bool:
        """Keep the new name and application of an identity; False where the account does not have it."""

    def delete(self, account_sid: str, sid: str) -> bool:
        """Give the identity up; False where the account does not have it."""

    def page(
        self, account_sid: str, channel: str | None, *, offset: int, limit: int
    ) -> Page[ChannelIdentityRow]:
        """A stretch of the account's identities, on one channel or all, newest first."""


class Arrivals(Protocol):
    """Takes messages that come in."""

    def arrive(self, arrived: ArrivedMessage, at: datetime) -> MessageRow | None:
        """Keep a message; None where nobody here is called so."""


class Receipts(Protocol):
    """Takes what carriers tell of messages."""

    def receive(self, receipt: Receipt) -> bool:
        """Keep it; False where there is no such message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagingPorts:
    """All of it."""

    messages: Messages
    emails: Emails
    channel_identities: ChannelIdentities
    arrivals: Arrivals
    receipts: Receipts
    gateway_secret: str | None = None
    """What a gateway shows at its door; None closes it."""

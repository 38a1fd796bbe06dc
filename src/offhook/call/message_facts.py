"""What a call tells of the messages that it sends."""

from dataclasses import dataclass
from datetime import datetime

from offhook.verbs import MessageKind, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRaised:
    """A call wants a message sent."""

    message_id: str
    """32 hex digits."""
    call_id: str
    account_sid: str
    at: datetime
    kind: MessageKind
    channel: str
    from_: str
    to: str
    body: str
    status_callback: Target | None = None
    error_code: int | None = None
    """Why it cannot be sent at all; None where it is to be tried."""
    error_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailRaised:
    """A call wants an e-mail sent."""

    email_id: str
    """32 hex digits."""
    call_id: str
    account_sid: str
    at: datetime
    from_: str
    to: str
    cc: str | None
    bcc: str | None
    subject: str
    body: str

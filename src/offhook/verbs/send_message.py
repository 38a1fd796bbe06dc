"""Send a text message, while the call goes on."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from offhook.verbs.request import Target

SMS_CHANNEL = "sms"
"""The channel of plain text messages between telephone numbers."""


class MessageKind(StrEnum):
    """The two lists that messages are kept in."""

    SMS = "sms"
    MESSAGE = "message"
    """A message of whatever channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessage:
    """Hand `body` over to be sent; ends as soon as it is, which is before it is sent."""

    needs_answer: ClassVar[bool] = False

    kind: MessageKind = MessageKind.SMS
    to: str | None = None
    """Whom it is for; None is the other party of the call."""
    from_: str | None = None
    """Whom it comes from; None is our own side of the call."""
    body: str
    channel: str = SMS_CHANNEL
    """What carries it, such as `sms`."""
    action: Target | None = None
    """Where the message's identity and state are sent; None goes on with the next verb."""
    status_callback: Target | None = None
    """Where it is told that the message was sent, was delivered, or could not be."""
    line: int | None = None
    """The line of the document where the verb stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAsked:
    """What came of a SendMessage."""

    call_is_over: ClassVar[bool] = False

    kind: MessageKind
    message_id: str
    """32 hex digits."""
    status: str
    """`sending`, or `failed` where it has nobody to go to."""

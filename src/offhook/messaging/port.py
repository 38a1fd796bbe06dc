"""What carries messages and e-mails away from here, and hands over what comes in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from offhook.call.errors import OffhookError
from offhook.call.messages import ArrivedMessage, EmailRow, MessageRow, Receipt

SEND_S = 30.0
"""How long one attempt to send may take, everything included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A provider took a message."""

    reference: str | None
    """What it calls the message, which receipts repeat; None where it does not say."""


class SendingFailed(OffhookError):
    """A message or an e-mail was not taken. `retryable` where another try may succeed."""

    def __init__(self, message: str, *, retryable: bool, code: int) -> None:
        super().__init__(message)
        self.message = message
        self.retryable = retryable
        self.code = code
        """One of the codes in `call.messages`, or the SMTP reply's."""


class MessageProvider(Protocol):
    """Carries text messages."""

    @property
    def name(self) -> str:
        """What its messages are marked with."""

    async def run(self, inbox: "Inbox") -> None:
        """Keep the connection to the carrier, where there is one, and hand over what comes in, until cancelled."""

    async def send(self, message: MessageRow) -> Sent:
        """Hand a message over; the same again, where nobody knows what became of the first time.

        Raises SendingFailed within SEND_S seconds.
        """


class EmailProvider(Protocol):
    """Carries e-mails."""

    @property
    def name(self) -> str:
        """What the log calls it."""

    async def send(self, email: EmailRow) -> str:
        """Hand an e-mail over, each time under the same Message-ID; what could not be done, for people, else empty.

        Raises SendingFailed.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """Where a provider brings what its carrier hands over. Each returns once it is written, or raises RecordsAway."""

    arrive: Callable[[ArrivedMessage], Awaitable[bool]]
    """A message came in; False where nobody here is called so."""
    receive: Callable[[Receipt], Awaitable[bool]]
    """A receipt came in; False where there is no such message."""

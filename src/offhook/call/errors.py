"""Errors that cross module borders; each says whose fault it is, and so what happens.

OffhookError
├─ CallEnded(ending)                 no fault: the call is over
├─ CustomerError(code, exchange)     their application: notification, fallback URL, apology
│  ├─ FetchFailed                    it could not be reached, or answered with an error
│  ├─ DocumentInvalid(line, column)  it answered with something that cannot be run
│  └─ PromptUnusable                 a sound or text of theirs cannot be played
├─ NoticeFailed(error)               their application was to be told something: notification, and the call goes on
├─ ProviderError(vendor, retryable)  a speech vendor or our own speech process
├─ RecordsAway                       the database cannot be used now; nothing is wrong with what was asked
└─ NoFreeSlot                        this worker has as many calls as it can hold
Anything else is our bug: the call ends with an apology and a traceback in the log.
"""

from enum import StrEnum

from offhook.call.ending import Ending
from offhook.call.exchange import Exchange
from offhook.verbs.request import Trouble as Trouble  # it belongs to the errors

TOO_MANY = 429
"""Too Many Requests (RFC 6585)."""
MOST_PROVIDER_CHARACTERS = 300
"""Of what is told of a vendor's failure."""


class Asked(StrEnum):
    """What an application was asked for."""

    FIRST = "first"
    """The document that a call begins with."""
    FALLBACK = "fallback"
    """What takes the place of one that could not be had."""
    TRANSFER = "transfer"
    """The document that a running call was taken to."""
    ACTION = "action"
    """What follows the outcome of a verb; or nothing, where the application is only told."""
    REDIRECT = "redirect"
    """The document that another one leads to."""
    ASIDE = "aside"
    """What is heard while waiting, and the like."""
    DIAL_SOUND = "dial-sound"
    """What is heard before a Dial connects: by the caller while it rings, or by who answered."""
    PARTIAL = "partial"
    """Nothing: it is told what is understood so far."""
    NEWS = "news"
    """Nothing: it is told what happens while a verb runs."""


class OffhookError(Exception):
    """The root of what Offhook raises on purpose."""


class CallEnded(OffhookError):
    """The call is over; raised once, by the scope that `Call.alive` opened."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(f"{ending.cause} {ending.sip_status or ''} {ending.reason}".strip())
        self.ending = ending


class CustomerError(OffhookError):
    """A fault of the customer's application. `code` is the notification's code, the text is for them."""

    def __init__(self, code: int, message: str, exchange: Exchange | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.exchange = exchange
        self.asked: Asked | None = None
        """What the application was asked for; None where it failed in another way."""


class NoticeFailed(OffhookError):
    """An application that was only to be told something could not be told it; the call goes on with its next verb."""

    def __init__(self, error: CustomerError) -> None:
        super().__init__(error.message)
        self.error = error


class FetchFailed(CustomerError):
    """A URL of the customer's did not answer as it must. `status` is None where no answer came.

    `trouble` is None where another try would end the same: the URL is invalid or refused, the certificate is, ….
    """

    def __init__(
        self,
        code: int,
        message: str,
        exchange: Exchange | None = None,
        *,
        status: int | None = None,
        trouble: Trouble | None = None,
    ) -> None:
        super().__init__(code, message, exchange)
        self.status = status
        self.trouble = trouble or (Trouble.of_status(status) if status is not None else None)

    @property
    def is_passing(self) -> bool:
        """Whether another try a moment later may fare better: nobody was there, or they are busy or broken."""
        passing = (Trouble.NO_CONNECTION, Trouble.NO_ANSWER, Trouble.BREAKDOWN)
        return self.trouble in passing or self.status == TOO_MANY


class DocumentInvalid(CustomerError):
    """A document that cannot be run; `line` and `column` count from 1."""

    def __init__(
        self,
        code: int,
        message: str,
        exchange: Exchange | None = None,
        *,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(code, message, exchange)
        self.line = line
        self.column = column


class PromptUnusable(CustomerError):
    """A file that is no audio we know, or a text that no voice could speak."""


class ProviderError(OffhookError):
    """A speech vendor, or our own speech process, failed; `retryable` where another try may succeed."""

    def __init__(self, vendor: str, message: str, *, retryable: bool) -> None:
        """A longer message is cut: a vendor may have written most of it."""
        if len(message) > MOST_PROVIDER_CHARACTERS:
            message = f"{message[: MOST_PROVIDER_CHARACTERS - 1]}…"
        super().__init__(f"{vendor}: {message}")
        self.vendor = vendor
        self.message = message
        self.retryable = retryable


class NoFreeSlot(OffhookError):
    """The worker cannot take another leg now."""


class RecordsAway(OffhookError):
    """The database cannot be reached, or does not answer, or is busy for too long. Another try may succeed."""

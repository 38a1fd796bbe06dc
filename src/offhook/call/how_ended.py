"""How a call ended, without words: what its record keeps, so that every API can say why in its own terms."""

from dataclasses import dataclass
from enum import StrEnum

from offhook.call.ending import EndCause, EndedBy, Ending
from offhook.call.errors import Asked, CustomerError, DocumentInvalid, FetchFailed, OffhookError


class Failing(StrEnum):
    """What an application did that ended the call."""

    UNREACHED = "unreached"
    """A URL of it could not be reached, or answered with an error."""
    UNREADABLE = "unreadable"
    """It answered, and with more than is read."""
    INVALID = "invalid"
    """It answered with something that cannot be run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HowEnded:
    """The end of a call, as far as it depends on no language."""

    cause: EndCause
    by: EndedBy | None = None
    """Why we ended it, where we did."""
    sip_status: int | None = None
    is_for_silence: bool = False
    """Whether it broke because no audio came."""
    failing: Failing | None = None
    """None where no application failed that was asked for something."""
    asked: Asked | None = None
    """What it was asked for."""
    code: int | None = None
    """The notification code of a document that cannot be run."""


def how_ended(ending: Ending, by: EndedBy | None, error: OffhookError | None) -> HowEnded:
    """What there is to keep of an end. `error` is what ended the call, where the application or something of ours
    failed."""
    asked = error.asked if isinstance(error, CustomerError) else None
    failing = None if asked is None else _failing(error)
    return HowEnded(
        cause=ending.cause,
        by=by,
        sip_status=ending.sip_status,
        is_for_silence=ending.is_for_silence,
        failing=failing,
        asked=None if failing is None else asked,
        code=error.code if isinstance(error, DocumentInvalid) and failing is not None else None,
    )


def _failing(error: OffhookError | None) -> Failing | None:
    match error:
        case DocumentInvalid():
            return Failing.INVALID
        case FetchFailed(status=status):
            return Failing.UNREADABLE if status is not None and 200 <= status < 300 else Failing.UNREACHED
        case _:
            return None

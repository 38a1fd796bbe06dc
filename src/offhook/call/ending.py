"""How a call ended, told once."""

from dataclasses import dataclass
from enum import StrEnum

MEDIA_TIMEOUT = "media_timeout"
"""What the reason of a call begins with that broke because no audio came."""


class EndCause(StrEnum):
    """Who or what ended a call."""

    FAR_END = "far_end"
    """The other side hung up (BYE)."""
    ABANDONED = "abandoned"
    """The caller gave up before the answer (CANCEL)."""
    HERE = "here"
    """We hung up, refused, or stopped ringing."""
    REFUSED = "refused"
    """The called side refused, was busy, or could not be reached; `sip_status` says which."""
    BROKEN = "broken"
    """Signalling or media failed in the middle."""


class EndedBy(StrEnum):
    """What made us end a call."""

    DOCUMENT_OVER = "document_over"
    """The document came to its end, and nothing followed."""
    VERB = "verb"
    """The document said so."""
    ORDERED = "ordered"
    """Somebody wanted it from outside, over REST."""
    MACHINE = "machine"
    """An answering machine answered, and whoever had the call made does not talk with machines."""
    SCHEDULED = "scheduled"
    """The document said so, some time before."""
    RING_TIMEOUT = "ring_timeout"
    """Nobody answered in time."""
    TIME_LIMIT = "time_limit"
    """It rang or lasted for as long as a call may."""
    LET_GO = "let_go"
    """(a dialled leg) The call that dialled it wants it no more."""
    RACE_LOST = "race_lost"
    """(a leg) Another one that rang for the same call was answered first."""
    UNWANTED = "unwanted"
    """(a dialled leg) The call that dialled it went on without it, before it was connected."""
    REMOVED = "removed"
    """Somebody took it out of a conference, and nothing followed in its document."""
    TRANSFERRED = "transferred"
    """The far end had whom it talked with connected with somebody else."""
    DECLINED = "declined"
    """(a dialled leg) Nobody took the call in time of its screening."""
    APPLICATION = "application"
    """The application failed."""
    FAULT = "fault"
    """Something of ours, or of a speech vendor's, failed."""
    DRAINED = "drained"
    """The server was stopped."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a leg: its cause, and the SIP status and words that came with it."""

    cause: EndCause
    sip_status: int | None = None
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    """Custom headers (X-…) of the BYE or of the final refusal."""

    @property
    def is_for_silence(self) -> bool:
        """Whether the call broke because no audio came."""
        return self.cause is EndCause.BROKEN and self.reason.startswith(MEDIA_TIMEOUT)

"""How a call ended, told once."""

from dataclasses import dataclass
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a leg: its cause, and the SIP status and words that came with it."""

    cause: EndCause
    sip_status: int | None = None
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    """Custom headers (X-…) of the BYE or of the final refusal."""

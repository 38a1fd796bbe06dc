"""How a trunk does: whether it answers, and whether it knows us. Kept by one worker, read by all and by the operator."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Registration(StrEnum):
    """What has become of registering at a trunk."""

    NOT_ASKED = "not asked"
    """The trunk wants none."""
    TRYING = "trying"
    REGISTERED = "registered"
    REFUSED = "refused"
    """The registrar said no, to our password or to us; it is asked again seldom."""
    FAILED = "failed"
    """It could not be reached, or did not answer; it is asked again soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkState:
    """The last that is known of a trunk."""

    trunk_sid: str
    is_up: bool | None = None
    """Whether it answered when it was last asked (OPTIONS); None where it has not been asked."""
    health: str = ""
    """What came back, in a sentence."""
    asked_at: datetime | None = None
    registration: Registration = Registration.NOT_ASKED
    registration_words: str = ""
    registered_until: datetime | None = None

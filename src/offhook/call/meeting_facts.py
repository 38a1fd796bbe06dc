"""What is told of conferences and those who are in them."""

from dataclasses import dataclass
from datetime import datetime

from offhook.call.voice_rows import ConferenceStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceChanged:
    """A conference began, or reached another state."""

    conference_id: str
    """32 hex digits."""
    account_sid: str
    at: datetime
    friendly_name: str
    status: ConferenceStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantChanged:
    """Somebody came into a conference, was muted or held, or left."""

    conference_id: str
    call_id: str
    account_sid: str
    at: datetime
    is_muted: bool
    is_on_hold: bool
    starts_conference: bool
    ends_conference: bool
    has_left: bool = False
    is_deaf: bool = False

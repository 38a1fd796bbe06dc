"""Send a call's audio to an application over a WebSocket, and play what it sends back."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from offhook.verbs.request import Target

WHOLE_DAY_S = 86_400.0


class Track(StrEnum):
    """Which side of a call is sent."""

    INBOUND = "inbound"
    """What the far end says."""
    OUTBOUND = "outbound"
    """What is played to it, and what others say to it."""
    BOTH = "both"

    @property
    def has_inbound(self) -> bool:
        """Whether the far end is heard."""
        return self is not Track.OUTBOUND

    @property
    def has_outbound(self) -> bool:
        """Whether what it hears is heard."""
        return self is not Track.INBOUND


class Coding(StrEnum):
    """How samples are written."""

    LINEAR = "linear"
    """16 bits each, signed, little-endian."""
    MU_LAW = "mu_law"
    """8 bits each (ITU-T G.711)."""


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """How mono sound is written."""

    coding: Coding = Coding.LINEAR
    rate_hz: int = 8000
    """Samples in a second; mu-law has 8000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Send audio while the following verbs run, or until it is over where that `is_awaited`."""

    needs_answer: ClassVar[bool] = True

    url: str
    """A ws or wss URL."""
    language: str
    """The name of the language in which the two sides speak."""
    stream_id: str = ""
    """32 hex digits; empty for a new one."""
    is_two_way: bool = False
    """Whether the application may have sounds played."""
    is_awaited: bool = False
    """Whether the next verb runs only once it is over."""
    track: Track = Track.INBOUND
    sound_format: SoundFormat = SoundFormat()
    """Of what is sent; what comes back says its own."""
    most_s: float = WHOLE_DAY_S
    """How long it lasts at most."""
    told: tuple[tuple[str, str], ...] = ()
    """What the document wants the application to be told as it begins, names and values."""
    retries: int = 0
    """How often the connection is made anew in all, where it cannot be made or breaks."""
    status_target: Target | None = None
    """Who is told what becomes of it; the answer is not read."""
    line: int | None = None
    """The line of the document where the verb stands."""


class StreamEnd(StrEnum):
    """Why a stream ended."""

    APPLICATION = "application"
    """The application said so."""
    CLOSED = "closed"
    """The application closed the connection."""
    ORDERED = "ordered"
    """Somebody ended it over the API."""
    TIME_LIMIT = "time_limit"
    HANG_UP = "hang_up"
    """The call ended."""
    BROKEN = "broken"
    """The connection could not be made, or broke, as often as it was tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """What came of a stream; of one in the background only which one it is."""

    call_is_over: ClassVar[bool] = False

    stream_id: str
    """32 hex digits."""
    end: StreamEnd | None = None
    """None where it goes on."""
    duration_s: float = 0.0
    failure: str = ""
    """What was wrong, for people."""

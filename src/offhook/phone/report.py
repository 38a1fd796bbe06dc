"""What a call of the phone was like: times in seconds from the moment of dialling."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class Sound:
    """A stretch of sound from the far end."""

    begin: float
    end: float
    words: str | None = None
    """What was understood of it; None where nobody listened for words."""
    confidence: float | None = None


@dataclass(slots=True, kw_only=True)
class Deed:
    """Something that the phone did."""

    at: float
    what: str
    """`said`, `pressed` or `waited`."""
    value: str


@dataclass(slots=True, kw_only=True)
class HeardKey:
    """A key that the far end sent."""

    at: float
    key: str


@dataclass(slots=True, kw_only=True)
class CallReport:
    """The whole call."""

    uri: str
    connected: bool = False
    sip_status: int | None = None
    """The status that the far end answered or refused with."""
    reason: str = ""
    rang_at: float | None = None
    answered_at: float | None = None
    ended_at: float = 0.0
    ended_by: str = ""
    """`far end` or `phone`."""
    script_finished: bool = False
    """Whether everything that was asked for was done before the call ended."""
    did: list[Deed] = field(default_factory=list)
    keys: list[HeardKey] = field(default_factory=list)
    sounds: list[Sound] = field(default_factory=list)
    recording: str | None = None

    @property
    def duration(self) -> float:
        """Seconds from the answer to the end."""
        return self.ended_at - self.answered_at if self.answered_at is not None else 0.0

    def as_json(self) -> dict[str, Any]:
        """The report with its times rounded to milliseconds."""
        told = {**asdict(self), "duration": self.duration}
        return {name: _rounded(value) for name, value in told.items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    return value

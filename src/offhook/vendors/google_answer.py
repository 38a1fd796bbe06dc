"""What a response of Google's says, whichever version of the API it comes from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A stretch of speech."""

    text: str
    is_final: bool
    confidence: float | None
    stability: float | None
    until_s: float
    """Where it ends, in seconds of the stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response."""

    has_speech: bool
    """Whether somebody speaks."""
    is_last: bool
    """Whether Google heard the end of the only utterance it was to hear."""
    results: tuple[Result, ...]

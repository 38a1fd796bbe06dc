"""What the REST API can do about the audio streams of a call that runs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from offhook.call.rows import CallRow
from offhook.verbs import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningStream:
    """A stream that runs."""

    verb: Stream
    """What was asked for, with its id."""
    began_at: datetime
    is_connected: bool
    """Whether the application is there now."""


class LiveStreams(Protocol):
    """Reaches the streams of calls while they run."""

    async def begin_stream(self, call: CallRow, verb: Stream) -> bool:
        """Begin a stream with the id that `verb` gives; returns at once, False where the call has as many as it may.
        Raises CallIsOver, CallNotAnswered, OwnerAway."""

    async def streams(self, call: CallRow) -> tuple[RunningStream, ...]:
        """Those that run, in the order in which they began. Raises CallIsOver, OwnerAway."""

    async def stop_stream(self, call: CallRow, stream_id: str | None) -> bool:
        """End one soon, or all with None; False where there was none. Raises CallIsOver, OwnerAway."""

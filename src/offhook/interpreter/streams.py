"""The streams of one call, for whoever wants to see or end them while they run."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from offhook.verbs import Stream

MOST_STREAMS = 8
"""How many a call may have at a time."""


class RunningStream(Protocol):
    """A stream that runs."""

    @property
    def verb(self) -> Stream:
        """What was asked for, with its id."""

    @property
    def began_at(self) -> datetime:
        """Since when it runs."""

    @property
    def is_connected(self) -> bool:
        """Whether the application is there now."""

    def stop(self) -> None:
        """End it soon."""


class TooManyStreams(Exception):
    """The call has as many streams as it may."""


class Streams:
    """One call's."""

    def __init__(self) -> None:
        self._running: dict[str, RunningStream] = {}

    def all(self) -> tuple[RunningStream, ...]:
        """Those that run, in the order in which they began."""
        return tuple(self._running.values())

    def one(self, stream_id: str) -> RunningStream | None:
        """The one with this id; None where none runs that has it."""
        return self._running.get(stream_id)

    def stop(self, stream_id: str) -> bool:
        """End one; False where it does not run."""
        running = self._running.get(stream_id)
        if running is not None:
            running.stop()
        return running is not None

    def stop_all(self) -> None:
        """End them all."""
        for running in self.all():
            running.stop()

    @contextmanager
    def running(self, stream: RunningStream) -> Iterator[None]:
        """A block in which a stream runs. Raises TooManyStreams."""
        if len(self._running) >= MOST_STREAMS:
            raise TooManyStreams(f"a call may have {MOST_STREAMS} streams at a time")
        stream_id = stream.verb.stream_id
        self._running[stream_id] = stream
        try:
            yield
        finally:
            del self._running[stream_id]

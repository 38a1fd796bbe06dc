"""Tells a person how far the work is: one line that is rewritten on a terminal, a line a step elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class Progress:
    """Counts the steps of a build and the seconds since it began."""

    def __init__(self, steps: int, *, stream: TextIO | None = None) -> None:
        """`steps` is how many `step`s there will be; lines go to `stream`, or standard error."""
        self.steps = steps
        self._done = 0
        self._stream = stream or sys.stderr
        self._rewrites = self._stream.isatty()
        self._clear = "\r\x1b[K" if self._rewrites else ""
        self._began_at = time.monotonic()
        self._line = ""

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """One step of the work, named for people: "compiling the libraries"."""
        self._done += 1
        self._line = f"engine: step {self._done} of {self.steps}, {what}"
        self.tick(ends="" if self._rewrites else "\n")
        try:
            yield
        finally:
            self._stream.write(self._clear)
            self._stream.flush()

    def tick(self, *, ends: str = "") -> None:
        """Show the seconds that have gone by; a terminal is told often, a log only as a step begins."""
        if self._rewrites:
            self._stream.write(f"{self._clear}{self._line} ({self.seconds:.0f} s)")
        elif ends:
            self._stream.write(f"{self._line} ({self.seconds:.0f} s){ends}")
        self._stream.flush()

    def say(self, text: str) -> None:
        """A line of its own that stays: a warning, or what came of it."""
        self._stream.write(f"{self._clear}engine: {text}\n")
        self._stream.flush()

    @property
    def seconds(self) -> float:
        """Seconds since the work began."""
        return time.monotonic() - self._began_at

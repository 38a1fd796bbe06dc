"""What becomes of running calls when the server stops: how many still run, and how many had to be ended.

The supervisor keeps it by what the workers tell; it loads nothing but the standard library. A worker tells
`{"calls": 7, "left_s": 110.0}` while it lets calls end, and `{"ended": 2}` when it ends the rest.
"""

from collections.abc import Mapping
from typing import Any

FLUSH_S = 5.0
"""How long callbacks that are due may still be sent once the last call is over."""
CUT_SHORT = 3
"""Exit status of a server that had to end running calls."""


class Draining:
    """Pure: told what was said, asked for lines to print."""

    def __init__(self) -> None:
        self._running: dict[str, int] = {}
        self._left_s = 0.0
        self._ended = 0

    @property
    def running(self) -> int:
        """Calls that still run, as far as was told."""
        return sum(self._running.values())

    @property
    def ended(self) -> int:
        """Running calls that were cut short."""
        return self._ended

    def take(self, name: str, message: Mapping[str, Any]) -> None:
        """A process's message; those about other things are passed over."""
        if "ended" in message:
            self._running.pop(name, None)
            self._ended += int(message["ended"])
        elif "calls" in message:
            self._running[name] = int(message["calls"])
            self._left_s = float(message.get("left_s", 0.0))

    def gone(self, name: str) -> None:
        """A process is over; what it ran and did not say it ended is lost with it."""
        self._ended += self._running.pop(name, 0)

    def progress(self) -> str:
        """A line for while calls run."""
        each = ", ".join(f"{name} {calls}" for name, calls in sorted(self._running.items()) if calls)
        return (
            f"stopping: {_calls(self.running)} ({each}), {self._left_s:.0f} s left; "
            "a second signal ends them now"
        )

    def outcome(self) -> str:
        """The last line."""
        if not self._ended:
            return "stopped; no running call was cut short"
        return f"stopped; {_calls(self._ended)} had to be ended"


def _calls(count: int) -> str:
    return f"{count} running call" if count == 1 else f"{count} running calls"

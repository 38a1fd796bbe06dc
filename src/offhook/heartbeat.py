"""Whether a process still answers the pings of its supervisor. Pure: it is told what happened and when.

The supervisor keeps one for each process; it loads nothing but the standard library. Each process answers
`{"ping": true}` on the control channel with `{"pong": true}`, from the loop that does its work.
"""

PING_EVERY_S = 1.0
HELD_UP_S = 0.5
"""A supervisor that looks so much later than it meant to was held up itself: perhaps the whole machine stood still."""


class Heartbeat:
    """Of one process. Times are seconds on one monotonic clock."""

    def __init__(self, longest_silence_s: float) -> None:
        """With 0 no silence is too long."""
        self._longest_silence_s = longest_silence_s
        self._unanswered_since: float | None = None
        self._asked_at: float | None = None

    def answers(self) -> None:
        """The process said something."""
        self._unanswered_since = None

    def is_too_silent(self, *, at: float) -> bool:
        """Whether it has left a ping unanswered for too long. Asked each PING_EVERY_S, as it is sent the next ping."""
        asked_at, self._asked_at = self._asked_at, at
        was_held_up = asked_at is None or at - asked_at > PING_EVERY_S + HELD_UP_S
        if was_held_up or self._unanswered_since is None:
            self._unanswered_since = at
        return 0 < self._longest_silence_s < at - self._unanswered_since

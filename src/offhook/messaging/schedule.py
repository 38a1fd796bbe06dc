"""When a message that was not taken is tried again: pure."""

SCHEDULE_S = (0, 5, 15, 60, 5 * 60, 15 * 60, 3600, 3 * 3600)
"""How long each attempt waits after the one before, in seconds; the first goes at once, the last is given up on."""
JITTER = 0.15
"""Delays vary by this part of themselves."""


def pause_s(attempt: int, chance: float) -> float | None:
    """How long to wait after attempt number `attempt`, counted from 1; None where it was the last.

    `chance` is 0 to 1, for the jitter.
    """
    if attempt >= len(SCHEDULE_S):
        return None
    return SCHEDULE_S[attempt] * (1 + JITTER * (2 * chance - 1))

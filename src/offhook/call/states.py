"""The one table of a call's states: what may come after what.

    queued ─► ringing ─► in-progress ─► completed
       │         │            ▲
       └─────────┼────────────┘
                 └─► busy | no-answer | failed | canceled   (from queued as well)

A call that came in begins with `ringing`, one that is made with `queued`. An answered call is `completed`, whoever ended
it and why; the other final states are those of calls that nobody answered. After a final state nothing comes.
"""

from offhook.call.info import CallStatus

_UNANSWERED = frozenset({CallStatus.BUSY, CallStatus.NO_ANSWER, CallStatus.FAILED, CallStatus.CANCELED})

FOLLOWERS: dict[CallStatus, frozenset[CallStatus]] = {
    CallStatus.QUEUED: frozenset({CallStatus.RINGING, CallStatus.IN_PROGRESS}) | _UNANSWERED,
    CallStatus.RINGING: frozenset({CallStatus.IN_PROGRESS}) | _UNANSWERED,
    CallStatus.IN_PROGRESS: frozenset({CallStatus.COMPLETED}),
    CallStatus.COMPLETED: frozenset(),
    CallStatus.BUSY: frozenset(),
    CallStatus.NO_ANSWER: frozenset(),
    CallStatus.FAILED: frozenset(),
    CallStatus.CANCELED: frozenset(),
}
"""What may come right after each state."""


def may_follow(status: CallStatus, later: CallStatus) -> bool:
    """Whether a call in `status` may reach `later` next."""
    return later in FOLLOWERS[status]

"""Has a call's timeline written down: every few seconds while there is news, and the rest at the call's end.

A call of a few seconds so costs one row; one whose worker dies has lost its last seconds and no more.
"""

import asyncio
from datetime import timedelta

from offhook.call.ending import Ending
from offhook.call.facts import TimelineKept
from offhook.call.info import CallStatus
from offhook.call.port import Call
from offhook.interpreter.ports import Tools

KEEP_EVERY_S = 5.0


class TimelineKeeping:
    """Keeps the timeline of `call` from when it is made until `end`."""

    def __init__(self, call: Call, tools: Tools) -> None:
        self._call = call
        self._tools = tools
        self._timeline = call.timeline
        self._timer: asyncio.TimerHandle | None = None
        self._chunk = 0
        self._timeline.when_noted(self._soon)

    def end(self, ending: Ending, status: CallStatus, reason: str) -> None:
        """The last facts of the timeline, and how the call ended. What is noted after it is not kept."""
        self._timeline.note(
            "ended",
            status=status.value,
            cause=ending.cause.value,
            sip_status=ending.sip_status,
            sip_reason=ending.reason,
            reason=reason,
        )
        if self._timer is not None:
            self._timer.cancel()
        self._keep(is_last=True)

    def _soon(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(KEEP_EVERY_S, self._keep_some)

    def _keep_some(self) -> None:
        self._keep(is_last=False)
        self._timeline.when_noted(self._soon)

    def _keep(self, *, is_last: bool) -> None:
        events = self._timeline.take(is_last=is_last)
        if not events:
            return
        info, at = self._call.info, self._tools.wall_clock()
        if not self._chunk:
            began_at = at - timedelta(seconds=self._timeline.elapsed_s)
            events.insert(0, (0, "began", {"at": began_at.isoformat(timespec="milliseconds")}))
        self._tools.recorder.emit(
            TimelineKept(
                call_id=info.call_id,
                account_sid=info.account_sid,
                at=at,
                chunk=self._chunk,
                events=tuple(events),
            )
        )
        self._chunk += 1

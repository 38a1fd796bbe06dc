"""What is told of a call's states: that a call which was made rings, and that a call has ended."""

from datetime import timedelta
from typing import Protocol

from offhook.call.info import CallInfo, CallStatus, Direction
from offhook.dialects.vobiz.signatures import VOBIZ_AND_PLIVO
from offhook.dialects.vobiz.values import Parameters, money, second_text, whole_seconds
from offhook.dialects.vobiz.why_ended import hangup_cause
from offhook.interpreter.ports import StatusChange
from offhook.verbs import Request, Target


class Standard(Protocol):
    """Writes what every request tells; `dialect.Vobiz` does."""

    def standard(self, info: CallInfo, status: CallStatus) -> Parameters:
        """The parameters that every request about a call carries."""


class CallTold:
    """Fills `interpreter.program.StatusCallback` for one call."""

    def __init__(
        self,
        dialect: Standard,
        *,
        hangup: Target | None,
        ring: Target | None = None,
        signature: str = VOBIZ_AND_PLIVO,
    ) -> None:
        """`hangup` is told the end; of a call that has no such URL, it is the answer URL. `ring` is told that a call
        which was made rings. `signature` names how the requests are signed."""
        self._dialect = dialect
        self._hangup = hangup
        self._ring = ring
        self._signature = signature

    def requests(self, info: CallInfo, change: StatusChange) -> tuple[Request, ...]:
        """One request for the end; one for the ringing where that was asked for."""
        is_made = info.direction is not Direction.INBOUND
        told = self._dialect.standard(info, change.status)
        if change.status.is_final and self._hangup is not None:
            return (self._request(self._hangup, (*told, *hangup_parameters(info, change))),)
        if change.status is CallStatus.RINGING and is_made and self._ring is not None:
            return (self._request(self._ring, (*told, ("Event", "Ring"))),)
        return ()

    def _request(self, target: Target, parameters: Parameters) -> Request:
        return Request(target, parameters, signature=self._signature)


def hangup_parameters(info: CallInfo, change: StatusChange) -> Parameters:
    """What the end of a call is told with, besides the standard parameters. AnswerTime is empty where nobody answered."""
    was_answered = change.status is CallStatus.COMPLETED
    answered_at = change.at - timedelta(seconds=change.duration_s)
    how = change.end.how if change.end is not None else None
    cause = hangup_cause(info.direction, change.status, how)
    return (
        ("Event", "Hangup"),
        ("StartTime", second_text(info.created_at)),
        ("AnswerTime", second_text(answered_at) if was_answered else ""),
        ("EndTime", second_text(change.at)),
        ("Duration", whole_seconds(change.duration_s)),
        ("BillDuration", whole_seconds(change.duration_s)),
        ("HangupCause", cause.text),
        ("HangupCauseCode", str(cause.code)),
        ("HangupCauseName", cause.name),
        ("HangupSource", cause.source.value),
        ("BillRate", money()),
        ("TotalCost", money()),
    )

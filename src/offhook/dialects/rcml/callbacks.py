"""The two status callbacks of RCML, as `interpreter.program.StatusCallback`.

A phone number's callback is told every state of a call. The callback of a POST to Calls is told the events that
it asked for.
"""

from offhook.call.info import CallInfo
from offhook.dialects.rcml.dialect import Rcml
from offhook.interpreter.ports import StatusChange
from offhook.verbs import Request, Target


class StateCallback:
    """Tells `target` every state of a call, as the StatusCallback of a phone number does."""

    def __init__(self, dialect: Rcml, target: Target) -> None:
        self._dialect = dialect
        self._target = target

    def requests(self, info: CallInfo, change: StatusChange) -> tuple[Request, ...]:
        """One request for each change."""
        return (Request(self._target, self._dialect.status_callback(info, change)),)


class ProgressCallback:
    """Tells `target` those of `progress.EVENTS` that are in `events`, as the StatusCallback of a POST does."""

    def __init__(self, dialect: Rcml, target: Target, events: frozenset[str]) -> None:
        self._dialect = dialect
        self._target = target
        self._events = events

    def requests(self, info: CallInfo, change: StatusChange) -> tuple[Request, ...]:
        """One request for a change that was asked for."""
        event, parameters = self._dialect.progress_callback(info, change)
        return (Request(self._target, parameters),) if event in self._events else ()

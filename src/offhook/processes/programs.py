"""Which program runs a call: what the called number says, or one of the built-in ones."""

from offhook.call.info import CallInfo
from offhook.call.rows import NumberRow
from offhook.dialects.rcml.callbacks import ProgressCallback, StateCallback
from offhook.dialects.rcml.dialect import Rcml
from offhook.interpreter.fixed import FixedProgram
from offhook.interpreter.ports import Fetch
from offhook.interpreter.program import Program, WebhookProgram
from offhook.rest.ports import NewCall
from offhook.verbs import Echo, Say, Target

ECHO, DEMO = "echo", "demo"


class Programs:
    """Chooses. `demo` is the demonstration's address and the client that may reach it."""

    def __init__(self, *, dialect: Rcml, fetch: Fetch, demo: tuple[Target, Fetch] | None) -> None:
        self._dialect = dialect
        self._fetch = fetch
        self._demo = demo

    def of_number(self, number: NumberRow, info: CallInfo) -> Program:
        """The application of a number; one without an application says so."""
        application = number.application
        if application is None:
            return FixedProgram(Say(text="This number has no application yet."))
        status_target = number.status_target
        return WebhookProgram(
            info=info,
            dialect=self._dialect,
            fetch=self._fetch,
            first=application,
            fallback=number.fallback,
            status_callback=StateCallback(self._dialect, status_target) if status_target else None,
        )

    def built_in(self, called: str, info: CallInfo) -> Program | None:
        """What answers `echo` and `demo` where no number has these names."""
        if self._demo is None:
            return None
        if called == ECHO:
            return FixedProgram(Echo())
        if called == DEMO:
            target, fetch = self._demo
            return WebhookProgram(info=info, dialect=self._dialect, fetch=fetch, first=target)
        return None

    def of_new_call(self, asked: NewCall, info: CallInfo) -> Program:
        """The application of a call that a customer wants made."""
        target = asked.status_callback
        events = frozenset(event.value for event in asked.status_events)
        return WebhookProgram(
            info=info,
            dialect=self._dialect,
            fetch=self._fetch,
            first=asked.application,
            fallback=asked.fallback,
            status_callback=ProgressCallback(self._dialect, target, events) if target else None,
        )

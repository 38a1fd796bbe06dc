"""Which program runs a call: what the called number says, or one of the built-in ones."""

from collections.abc import Callable
from dataclasses import replace

from offhook.call.info import CallInfo
from offhook.call.port import DialledCall
from offhook.call.rows import NumberRow
from offhook.call.timeline import Timeline
from offhook.dialects.rcml.callbacks import ProgressCallback, StateCallback
from offhook.dialects.rcml.dialect import Rcml
from offhook.interpreter.fixed import FixedProgram
from offhook.interpreter.noted_fetch import NotedFetch
from offhook.interpreter.ports import Fetch
from offhook.interpreter.program import Program, WebhookProgram
from offhook.interpreter.screening import Screening
from offhook.rest.ports import NewCall
from offhook.verbs import Destination, Echo, Say, Target

ECHO, DEMO = "echo", "demo"

FetchOf = Callable[[str], Fetch]
"""By the account's sid."""


class Programs:
    """Chooses. `fetch_of` gives what asks the applications of an account; `demo` is the demonstration's address, and what
    asks there for an account. `retry_s` is how long a question may be asked again, in seconds.

    What a program asks of an application is noted on the call's `timeline`.
    """

    def __init__(
        self, *, dialect: Rcml, fetch_of: FetchOf, demo: tuple[Target, FetchOf] | None, retry_s: float
    ) -> None:
        self._dialect = dialect
        self._fetch_of = fetch_of
        self._demo = demo
        self._retry_s = retry_s

    def of_number(self, number: NumberRow, info: CallInfo, timeline: Timeline) -> Program:
        """The application of a number; one without an application says so."""
        application = number.application
        if application is None:
            return FixedProgram(Say(text="This number has no application yet."))
        status_target = number.status_target
        return WebhookProgram(
            info=info,
            dialect=self._dialect,
            fetch=NotedFetch(self._fetch_of(info.account_sid), timeline),
            first=application,
            fallback=number.fallback,
            retry_s=self._retry_s,
            status_callback=StateCallback(self._dialect, status_target) if status_target else None,
        )

    def built_in(self, called: str, info: CallInfo, timeline: Timeline) -> Program | None:
        """What answers `echo` and `demo` where no number has these names."""
        if self._demo is None:
            return None
        if called == ECHO:
            return FixedProgram(Echo())
        if called == DEMO:
            target, fetch_of = self._demo
            return WebhookProgram(
                info=info,
                dialect=self._dialect,
                fetch=NotedFetch(fetch_of(info.account_sid), timeline),
                first=target,
                retry_s=self._retry_s,
            )
        return None

    def of_leg(self, destination: Destination, leg: DialledCall) -> Program:
        """What a leg that a call dialled asks before it is connected, and whom it tells of its states."""
        info, target, screening = leg.info, destination.status_target, destination.screening
        told = ProgressCallback(self._dialect, target, destination.status_events) if target else None
        teller = FixedProgram(told=(info, told) if told is not None else None)
        if screening is None:
            return teller

        def of_answered() -> Program:
            return WebhookProgram(
                info=replace(info, sip_call_id=leg.sip_call_id, sip_headers=leg.answer_headers),
                dialect=self._dialect,
                fetch=NotedFetch(self._fetch_of(info.account_sid), leg.timeline),
                first=screening,
                retry_s=self._retry_s,
            )

        return Screening(of_answered, teller)

    def of_application(
        self,
        application: Target,
        info: CallInfo,
        timeline: Timeline,
        *,
        fallback: Target | None = None,
        status_target: Target | None = None,
    ) -> Program:
        """An application that a running call is taken to; `status_target` is told the states from then on."""
        return WebhookProgram(
            info=info,
            dialect=self._dialect,
            fetch=NotedFetch(self._fetch_of(info.account_sid), timeline),
            first=application,
            fallback=fallback,
            retry_s=self._retry_s,
            is_transfer=True,
            status_callback=StateCallback(self._dialect, status_target) if status_target else None,
        )

    def of_new_call(self, asked: NewCall, info: CallInfo, timeline: Timeline) -> Program:
        """The application of a call that a customer wants made."""
        target = asked.status_callback
        events = frozenset(event.value for event in asked.status_events)
        return WebhookProgram(
            info=info,
            dialect=self._dialect,
            fetch=NotedFetch(self._fetch_of(info.account_sid), timeline),
            first=asked.application,
            fallback=asked.fallback,
            retry_s=self._retry_s,
            status_callback=ProgressCallback(self._dialect, target, events) if target else None,
        )

"""What customers do to the running calls of this worker: end them, take them elsewhere, mute them, act on them.

Several wishes at once are done in this order: mute, end, take elsewhere. All of it happens between two steps of the event
loop, so two changes never mix; of two, the later wins. A call that ends, or goes on to its end, is left alone.
"""

import asyncio

import structlog

from offhook.call.errors import OffhookError
from offhook.call.exchange import without_credentials
from offhook.interpreter.connected import ControlOf, connected
from offhook.interpreter.control import CallOver, Control
from offhook.processes.programs import Programs
from offhook.rest.live_ports import (
    CallIsOver,
    CallNotAnswered,
    LiveChange,
    LiveVerb,
    NobodyConnected,
    WantedEnd,
)
from offhook.verbs import Target

ANSWER_S = 1.0
"""How long an act is waited for; whoever asked is told that it goes on."""
ENDED = "ended over the API"

log = structlog.get_logger()


class LiveChanges:
    """Does it."""

    def __init__(self, control_of: ControlOf, programs: Programs) -> None:
        self._control_of = control_of
        self._programs = programs
        self._acts: set[asyncio.Task[None]] = set()

    def change(self, call_id: str, change: LiveChange) -> None:
        """Change a call, and those who are connected with it. Raises CallIsOver, NobodyConnected."""
        control = self._control(call_id)
        try:
            if change.is_muted is not None:
                control.mute(change.is_muted)
            if self._ends(control, change.end):
                control.finish(ENDED)
            else:
                self._take(control, change)
        except CallOver as over:
            raise CallIsOver(str(over)) from over

    async def act(self, call_id: str, verb: LiveVerb, record_id: str) -> bool:
        """Run a verb beside the call's document; returns after a moment, and whether the verb has ended by then. Raises
        CallIsOver, CallNotAnswered."""
        control = self._control(call_id)
        if not control.call.is_answered:
            raise CallNotAnswered("the call has not been answered yet")
        act = asyncio.create_task(self._act(control, verb, record_id))
        self._acts.add(act)
        act.add_done_callback(self._acts.discard)
        await asyncio.wait((act,), timeout=ANSWER_S)
        return act.done()

    def _control(self, call_id: str) -> Control:
        control = self._control_of(call_id)
        if control is None or control.is_over or not control.begun.is_set():
            raise CallIsOver("the call is over")
        return control

    @staticmethod
    def _ends(control: Control, end: WantedEnd | None) -> bool:
        if end is WantedEnd.CANCELED:
            return not control.call.is_answered
        return end is WantedEnd.COMPLETED

    def _take(self, control: Control, change: LiveChange) -> None:
        """Those who are connected with the call go first: its document lets go of whoever was not taken."""
        own = change.application
        other = change.connected_application or (own if change.moves_connected else None)
        others = connected(control, self._control_of) if other is not None else ()
        if other is not None and own is None and not others:
            raise NobodyConnected("the call is connected with nobody")
        for each in others:
            self._divert(each, change, other)
        self._divert(control, change, own)

    def _divert(self, control: Control, change: LiveChange, application: Target | None) -> None:
        if application is None:
            return
        call = control.call
        program = self._programs.of_application(
            application,
            call.info,
            call.timeline,
            fallback=change.fallback,
            status_target=change.status_callback,
            language=change.language,
        )
        call.timeline.note("taken", url=without_credentials(application.url))
        control.divert(program, keeps_callbacks=change.status_callback is None)

    async def _act(self, control: Control, verb: LiveVerb, record_id: str) -> None:
        """What goes wrong with an act stands in its record."""
        try:
            await control.act(verb, record_id)
        except OffhookError as error:
            log.info("act.failed", verb=type(verb).__name__, reason=str(error))

"""What goes on beside the documents of this worker's calls until somebody stops it: sounds, words, keys, recordings.

Of each kind one goes on at a time: a later one takes the place of what was begun before, but keys wait for their turn. All of it ends with its call.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from itertools import count

import structlog

from offhook.call.errors import OffhookError
from offhook.interpreter.connected import ControlOf, connected
from offhook.interpreter.control import CallOver, Control
from offhook.interpreter.record import SessionRecording
from offhook.rest.live_ports import (
    CallIsOver,
    CallNotAnswered,
    Legs,
    NobodyConnected,
    Performance,
    PerformanceKind,
)
from offhook.rest.ports import LimitReached
from offhook.verbs import Play, Record, Say, SendKeys, Verb

KINDS: dict[PerformanceKind, type[Verb]] = {
    PerformanceKind.PLAY: Play,
    PerformanceKind.SPEAK: Say,
    PerformanceKind.KEYS: SendKeys,
    PerformanceKind.RECORD: Record,
}
MOST_WAITING = 20
"""Lists of keys of one call that are not sent yet: more would take longer than anybody waits for."""
AGAIN_S = 1.0
"""When somebody who is refused for that may ask again."""
SHORTEST_ROUND_S = 0.1
"""What fails at once is not begun again without a pause."""

log = structlog.get_logger()


class Performances:
    """All there are."""

    def __init__(self, control_of: ControlOf) -> None:
        self._control_of = control_of
        self._running: dict[tuple[str, PerformanceKind], set[asyncio.Task[None]]] = {}

    def begin(self, call_id: str, performance: Performance) -> None:
        """Begin it. Raises CallIsOver, CallNotAnswered, NobodyConnected, LimitReached."""
        control = self._control(call_id)
        meant = self._meant(control, performance.legs)
        if performance.kind is not PerformanceKind.KEYS:
            self.stop(call_id, performance.kind)
        key = call_id, performance.kind
        running = self._running.setdefault(key, set())
        before = tuple(running)
        if len(before) >= MOST_WAITING:
            raise LimitReached(f"{len(before)} lists of keys wait to be sent on this call.", AGAIN_S)
        tasks = {
            asyncio.create_task(_perform(each, performance, before), name="performance") for each in meant
        }
        running |= tasks
        for task in tasks:
            task.add_done_callback(lambda done: self._forget(key, done))

    def stop(self, call_id: str, kind: PerformanceKind) -> None:
        """Stop what goes on of this kind on a call and on those whom it is connected with. Raises CallIsOver."""
        control = self._control(call_id)
        for task in self._running.pop((call_id, kind), set()):
            task.cancel()
        for each in (control, *connected(control, self._control_of)):
            with suppress(CallOver):
                each.stop_acts(KINDS[kind])

    def _forget(self, key: tuple[str, PerformanceKind], task: asyncio.Task[None]) -> None:
        running = self._running.get(key)
        if running is not None:
            running.discard(task)
            if not running:
                del self._running[key]

    def _control(self, call_id: str) -> Control:
        control = self._control_of(call_id)
        if control is None or control.is_over or not control.begun.is_set():
            raise CallIsOver("the call is over")
        return control

    def _meant(self, control: Control, legs: Legs) -> tuple[Control, ...]:
        """Whom it is done to."""
        if not control.call.is_answered:
            raise CallNotAnswered("the call has not been answered yet")
        if legs is Legs.OWN:
            return (control,)
        others = connected(control, self._control_of)
        if not others:
            raise NobodyConnected("the call is connected with nobody")
        return others if legs is Legs.OTHER else (control, *others)


async def _perform(
    control: Control, performance: Performance, before: tuple[asyncio.Task[None], ...]
) -> None:
    """Run the verbs once all `before` are over, as often as wanted. What goes wrong with one is told to the customer where it goes wrong."""
    if before:
        await asyncio.wait(before)
    loop = asyncio.get_running_loop()
    with suppress(TimeoutError):
        async with asyncio.timeout(performance.longest_s):
            for _ in count() if performance.repeats else (0,):
                began_at = loop.time()
                for verb in _verbs(performance):
                    try:
                        await control.act(verb)
                    except CallOver:
                        return
                    except OffhookError as error:
                        if control.is_over:
                            return
                        log.info("performance.failed", verb=type(verb).__name__, reason=str(error))
                if performance.repeats and loop.time() - began_at < SHORTEST_ROUND_S:
                    await asyncio.sleep(SHORTEST_ROUND_S)
        return
    with suppress(CallOver):
        control.stop_acts(KINDS[performance.kind])


def _verbs(performance: Performance) -> Iterator[Verb]:
    for verb in performance.verbs:
        if isinstance(verb, Record) and performance.record_id is not None:
            given = {field.name: getattr(verb, field.name) for field in fields(Record)}
            yield SessionRecording(**given, recording_id=performance.record_id)
        else:
            yield verb

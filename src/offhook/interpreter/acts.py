"""Verbs that run beside a call's document, because somebody asked for them while it runs."""

import asyncio
from dataclasses import replace

import structlog

from offhook.call.errors import OffhookError
from offhook.interpreter.control import CallOver
from offhook.interpreter.filler import Filler
from offhook.interpreter.runners import run_verb
from offhook.interpreter.scene import Scene
from offhook.interpreter.stall import StallWatch
from offhook.verbs import Outcome, Verb

TOO_MUCH_BESIDE = 13702
"""The notification's code for a verb that was not begun, for too many run."""
MOST_BESIDE = 32
"""Verbs beside one call's document. A recording, say, takes of what all calls of the worker share."""

log = structlog.get_logger()


class TooMuchBeside(OffhookError):
    """As many verbs run beside the call's document as may."""


class Acts:
    """One call's. `end` comes before the call's last fact."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._running: dict[asyncio.Task[Outcome | Exception], type[Verb]] = {}
        scene.control.when_stopped(self.stop)

    async def run(self, verb: Verb, record_id: str | None) -> Outcome:
        """Run `verb`; returns its outcome. Raises what runners raise, CallOver where it was ended before it began, and
        TooMuchBeside, but not for a verb whose record somebody was told.

        It goes on when whoever waits here is cancelled.
        """
        if record_id is None and len(self._running) >= MOST_BESIDE:
            raise self._refusal(verb)
        act = asyncio.create_task(self._run(verb, record_id), name=f"beside: {type(verb).__name__}")
        self._running[act] = type(verb)
        act.add_done_callback(self._running.pop)
        await asyncio.wait((act,))
        if act.cancelled():
            raise CallOver("it was stopped, or the call is over")
        outcome = act.result()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def stop(self, kind: type[Verb]) -> None:
        """End all verbs of this kind that run now; a recording keeps what it has."""
        for act, its_kind in tuple(self._running.items()):
            if issubclass(its_kind, kind):
                act.cancel()

    async def end(self) -> None:
        """The call is over: end them; returns when they have."""
        running = tuple(self._running)
        for act in running:
            act.cancel()
        if running:
            await asyncio.wait(running)

    def _refusal(self, verb: Verb) -> TooMuchBeside:
        name = type(verb).__mro__[-2].__name__  # of what is begun, that of what the document has
        message = f"{name} was not begun: {MOST_BESIDE} verbs run beside the document of the call, and more may not."
        self._scene.notices.warning_once(TOO_MUCH_BESIDE, name, message)
        return TooMuchBeside(message)

    async def _run(self, verb: Verb, record_id: str | None) -> Outcome | Exception:
        scene, watch = self._scene, StallWatch()
        # Whether the caller has waited for too long is the document's affair alone.
        no_filler = Filler(scene.call, replace(scene.tools, filler=None))
        try:
            async with watch.over(type(verb).__name__):
                return await run_verb(verb, replace(scene, watch=watch, filler=no_filler), record_id)
        except OffhookError as error:
            return error
        except Exception as error:
            log.exception("act.broke")  # and the call goes on: its document has nothing to do with it
            return error

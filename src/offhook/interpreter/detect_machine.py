"""Runs DetectMachine: listens to who answered, tells it, and hangs up where that is wanted."""

import asyncio
from dataclasses import replace

from offhook.call.ending import EndedBy
from offhook.interpreter.beside import begin_beside
from offhook.interpreter.news import MachineNews
from offhook.interpreter.scene import Scene
from offhook.interpreter.stall import MARGIN_S
from offhook.speech.answer_ear import AnswerEar
from offhook.speech.pcm import FRAME_S
from offhook.verbs import Detected, DetectMachine, Done

DETECTED = "machine_detected"
"""What the reason of a call begins with that was hung up because a machine answered."""
LATE_S = 0.5
"""How late frames may arrive and still count for when they were heard."""


async def detect_machine(verb: DetectMachine, scene: Scene) -> Detected | Done:
    """Find out who answered; returns when that is known, or at once where that is wanted. A machine that is hung up ends
    the call here. Raises CallEnded."""
    if verb.is_background:
        begin_beside(replace(verb, is_background=False), scene)
        return Done()
    async with scene.call.alive():
        detected = await _Listening(verb, scene).run()
    if verb.callback is not None:
        scene.tell_news(verb.callback, verb, MachineNews(detected=detected), False)
    if verb.hangs_up and detected.is_machine:
        telltale = detected.telltale.value.replace("_", " ")
        scene.control.finish(f"{DETECTED}: {telltale}, after {detected.after_s:.1f} s", EndedBy.MACHINE)
        async with scene.call.alive():
            await asyncio.Event().wait()
    return detected


class _Listening:
    """One DetectMachine while it runs. Times are seconds on the event loop's clock.

    A moment of sound is known by the frames before it: on a busy machine several arrive at once. Where they do not come at
    all, the clock alone decides.
    """

    def __init__(self, verb: DetectMachine, scene: Scene) -> None:
        self._scene = scene
        self._loop = asyncio.get_running_loop()
        self._heard_at = began_at = self._loop.time()
        self._over_at = began_at + verb.longest_s
        self._ear = AnswerEar(verb, began_at)
        self._known: asyncio.Future[Detected] = self._loop.create_future()

    async def run(self) -> Detected:
        """Return with the verdict, at the latest `LATE_S` after the time is over."""
        what = "nobody knew who had answered when the time for it was over"
        with self._scene.call.listen(self._hear), self._scene.watch.until(self._over_at + MARGIN_S, what):
            while not self._known.done():
                now = self._loop.time()
                if now < self._ear.due_at + LATE_S:
                    await asyncio.wait((self._known,), timeout=self._ear.due_at + LATE_S - now)
                else:
                    self._decided(self._ear.judge(now))
            return self._known.result()

    def _hear(self, frame: bytes) -> None:
        self._heard_at = max(self._heard_at + FRAME_S, self._loop.time() - LATE_S)
        self._decided(self._ear.hear(frame, self._heard_at))

    def _decided(self, verdict: Detected | None) -> None:
        if verdict is not None and not self._known.done():
            self._known.set_result(verdict)

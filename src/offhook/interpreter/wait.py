"""Runs Wait: listens to the far end until it is silent, or has beeped, or the time is over."""

import asyncio

from offhook.interpreter.scene import Scene
from offhook.interpreter.stall import MARGIN_S
from offhook.speech.beep_ear import BeepEar
from offhook.speech.sound_gate import SoundGate
from offhook.verbs import Done, Wait


async def wait(verb: Wait, scene: Scene) -> Done:
    """Wait; returns at the first rule that is met."""
    async with scene.call.alive():
        await _Waiting(verb, scene).run()
    return Done()


class _Waiting:
    """One Wait while it runs. Times are seconds on the event loop's clock."""

    def __init__(self, verb: Wait, scene: Scene) -> None:
        self._verb = verb
        self._scene = scene
        self._loop = asyncio.get_running_loop()
        self._began_at = self._loop.time()
        self._gate = SoundGate()
        self._beep = BeepEar()
        self._beeped = asyncio.Event()

    async def run(self) -> None:
        """Return when it is over."""
        over_at = self._began_at + self._verb.length_s
        with (
            self._scene.call.listen(self._hear),
            self._scene.watch.until(over_at + MARGIN_S, "the wait did not end when its time was over"),
        ):
            while not self._beeped.is_set():
                wait_s = min(over_at, self._silent_at()) - self._loop.time()
                if wait_s <= 0:
                    return
                try:
                    async with asyncio.timeout(wait_s):
                        await self._beeped.wait()
                except TimeoutError:
                    continue  # somebody may have spoken meanwhile, which begins the silence anew

    def _silent_at(self) -> float:
        """When there will have been silence for long enough, if nothing is heard from now on."""
        if self._verb.silence_s is None:
            return float("inf")
        last_at = self._gate.last_sound_at
        return (self._began_at if last_at is None else last_at) + self._verb.silence_s

    def _hear(self, frame: bytes) -> None:
        if self._verb.silence_s is not None:
            self._gate.hear(frame, self._loop.time())
        if self._verb.for_beep and self._beep.hear(frame):
            self._beeped.set()

"""Runs Hangup: now, or later while the document goes on."""

import asyncio
from dataclasses import dataclass

from offhook.call.ending import EndedBy
from offhook.interpreter.beside import begin_beside
from offhook.interpreter.scene import Scene
from offhook.verbs import Done, Hangup

SCHEDULED = "scheduled_hangup"
"""What the reason of a call begins with that ended by such a Hangup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledHangup(Hangup):
    """A Hangup that was begun and waits for its time."""

    wait_s: float


async def hangup(verb: Hangup, scene: Scene) -> Done:
    """End the call, or see to it that it will be ended."""
    if verb.after_s is None:
        await scene.call.hang_up()
    else:
        begin_beside(ScheduledHangup(wait_s=verb.after_s, line=verb.line), scene)
    return Done()


async def scheduled_hangup(verb: ScheduledHangup, scene: Scene) -> Done:
    """End the call when its time has come; whatever runs then is cut short."""
    async with scene.call.alive():
        await asyncio.sleep(verb.wait_s)
    scene.control.finish(
        f"{SCHEDULED}: the document wanted it {verb.wait_s:g} s before", by=EndedBy.SCHEDULED
    )
    return Done()

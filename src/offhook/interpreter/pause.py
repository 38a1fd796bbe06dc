"""Runs Pause."""

import asyncio

from offhook.interpreter.scene import Scene
from offhook.verbs import Done, Pause


async def pause(verb: Pause, scene: Scene) -> Done:
    """Wait; a call that rings goes on ringing."""
    async with scene.call.alive():
        await asyncio.sleep(verb.length_s)
    return Done()

"""Runs Hangup."""

from offhook.interpreter.scene import Scene
from offhook.verbs import Done, Hangup


async def hangup(_verb: Hangup, scene: Scene) -> Done:
    """End the call."""
    await scene.call.hang_up()
    return Done()

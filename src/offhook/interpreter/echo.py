"""Runs Echo."""

from offhook.interpreter.scene import Scene
from offhook.verbs import Done, Echo


async def echo(_verb: Echo, scene: Scene) -> Done:
    """Let the caller hear themselves; only hang-up ends it."""
    async with scene.call.alive():
        await scene.call.echo()
    return Done()

"""Runs SendKeys."""

from dataclasses import replace

from offhook.interpreter.beside import begin_beside
from offhook.interpreter.scene import Scene
from offhook.verbs import Done, SendKeys


async def send_keys(verb: SendKeys, scene: Scene) -> Done:
    """Send the keys; returns when all are sent, or at once where that is wanted."""
    if verb.is_background:
        begin_beside(replace(verb, is_background=False), scene)
        return Done()
    async with scene.call.alive():
        await scene.call.send_keys(verb.keys)
    return Done()

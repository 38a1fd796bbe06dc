"""Runs Redirect."""

from offhook.interpreter.scene import Scene
from offhook.verbs import Done, Redirect


async def redirect(_verb: Redirect, _scene: Scene) -> Done:
    """Nothing is done to the call: the program fetches the other document."""
    return Done()

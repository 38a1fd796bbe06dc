"""Runs Play."""

from offhook.call.errors import CustomerError
from offhook.interpreter.repeat import repeat
from offhook.interpreter.scene import Scene
from offhook.verbs import Done, Play


async def play(verb: Play, scene: Scene) -> Done:
    """Play the file; returns when it has been played as often as asked."""
    try:
        async with scene.call.alive(), scene.ready(verb) as audio:
            await repeat(audio, verb.loop, scene.call, scene.watch)
    except CustomerError as error:
        scene.pass_over(verb, error)
    return Done()

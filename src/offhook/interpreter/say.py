"""Runs Say."""

from offhook.interpreter.repeat import repeat
from offhook.interpreter.scene import Scene
from offhook.verbs import Done, Say


async def say(verb: Say, scene: Scene) -> Done:
    """Speak the text; returns when it has been spoken as often as asked."""
    async with scene.call.alive(), scene.ready(verb) as audio:
        await repeat(audio, verb.loop, scene.call, scene.watch)
    return Done(voices=tuple(audio.spoken.vendors) if audio.spoken is not None else ())

"""Runs Reject."""

from offhook.interpreter.scene import Scene
from offhook.verbs import Done, Reject


async def reject(verb: Reject, scene: Scene) -> Done:
    """Refuse a ringing call; an answered one goes on."""
    if not scene.call.is_answered:
        await scene.call.reject(verb.sip_status)
    return Done()

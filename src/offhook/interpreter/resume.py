"""Runs Resume."""

from offhook.interpreter.hold import changed
from offhook.interpreter.scene import Scene
from offhook.verbs import Done, HoldChanged, HoldStatus, Resume


async def resume(_verb: Resume, scene: Scene) -> HoldChanged | Done:
    """Take the caller off hold. One who was never held is left alone, and nobody is told."""
    if not scene.holding.was_held:
        return Done()
    async with scene.call.alive():
        sip_status = await scene.holding.resume()
    return HoldChanged(status=changed(sip_status, to=HoldStatus.RESUMED), sip_status=sip_status)

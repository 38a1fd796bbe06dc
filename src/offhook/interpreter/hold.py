"""Runs Hold."""

from offhook.interpreter.scene import Scene
from offhook.verbs import Hold, HoldChanged, HoldStatus

NO_ANSWER = 408


async def hold(verb: Hold, scene: Scene) -> HoldChanged:
    """Put the caller on hold; the next verbs run while they are."""
    async with scene.call.alive():
        sip_status = await scene.holding.hold(verb.music_url)
    return HoldChanged(status=changed(sip_status, to=HoldStatus.HELD), sip_status=sip_status)


def changed(sip_status: int, *, to: HoldStatus) -> HoldStatus:
    """What became of a re-INVITE that should have brought the call `to` a status."""
    if sip_status < 300:
        return to
    return HoldStatus.NO_ANSWER if sip_status == NO_ANSWER else HoldStatus.FAILED

"""Runs Refer."""

from offhook.call.errors import CallEnded, OffhookError
from offhook.interpreter.outbound_leg import LegRefused
from offhook.interpreter.scene import Scene
from offhook.verbs import Refer, Referred

NOT_FOUND = 404


async def refer(verb: Refer, scene: Scene) -> Referred:
    """Ask the caller's end to call somebody else; returns when it has told what came of that, or has gone."""
    try:
        uri = await scene.tools.uri_of(verb.to)
    except LegRefused as refused:
        return Referred(refer_status=refused.sip_status, failure=refused.message)
    except OffhookError as error:
        return Referred(refer_status=NOT_FOUND, failure=str(error))
    # The caller's going is no interruption here: one who was transferred goes, and that is the outcome.
    outcome = await scene.call.refer(uri)
    return Referred(
        refer_status=outcome.refer_status,
        notify_status=outcome.notify_status,
        call_is_over=await _is_over(scene),
    )


async def _is_over(scene: Scene) -> bool:
    try:
        async with scene.call.alive():
            return False
    except CallEnded:
        return True

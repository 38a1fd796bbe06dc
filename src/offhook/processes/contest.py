"""Several phones ring for one call: who answers first is talked to, the others stop ringing."""

import asyncio
from collections.abc import Sequence

from offhook.call.ending import EndedBy
from offhook.call.errors import CallEnded
from offhook.call.port import DialledCall
from offhook.interpreter.control import Control

ELSEWHERE = "answered on another phone"


async def first_answered(rivals: Sequence[tuple[DialledCall, Control]]) -> None:
    """End all others once one of the calls is answered; returns then, or when none can be any more."""
    waits = [asyncio.create_task(_is_answered(call)) for call, _ in rivals]
    try:
        for answer in asyncio.as_completed(waits):
            if await answer:
                break
        else:
            return
    finally:
        for wait in waits:
            wait.cancel()
    winner = next(call for call, _ in rivals if call.is_answered)
    for call, control in rivals:
        if call is not winner and not control.is_over:
            control.finish(ELSEWHERE, EndedBy.RACE_LOST)


async def _is_answered(call: DialledCall) -> bool:
    """Whether the far end answers; returns when it does, or is over."""
    try:
        async with call.alive():
            await call.connected()
    except CallEnded:
        return False
    return True

"""What a caller hears while those who were dialled ring."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from offhook.call.port import Audio, Call
from offhook.interpreter.repeat import repeat

log = structlog.get_logger()


@asynccontextmanager
async def ringing_tone(call: Call, tone: Audio | None) -> AsyncIterator[None]:
    """A block in which `call` hears the tone over and over; it is silent when the block is left. None is silence."""
    if tone is None:
        yield
        return
    playing = asyncio.create_task(repeat(tone, 0, call), name="ringing tone")
    try:
        yield
    finally:
        playing.cancel()
        await asyncio.wait((playing,))
        if not playing.cancelled() and (error := playing.exception()) is not None:
            # The caller hears nothing, and the call goes on all the same.
            log.error("ringing_tone.broke", exc_info=error)

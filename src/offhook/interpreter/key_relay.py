"""Keys from one call to another: they do not travel in the sound, so whoever connects two calls passes them on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from offhook.call.errors import OffhookError
from offhook.call.port import Call

log = structlog.get_logger()


@asynccontextmanager
async def keys_relayed(source: Call, to: Call, *, kept: str = "") -> AsyncIterator[asyncio.Event]:
    """A block in which each key of `source` is sent to `to`, in order, but for those in `kept`.

    The event is set once one of these is pressed.
    """
    pressed, kept_one = asyncio.Queue[str](), asyncio.Event()

    def take(key: str) -> None:
        if key in kept:
            kept_one.set()
        else:
            pressed.put_nowait(key)

    sending = asyncio.create_task(_send(pressed, to), name="key relay")
    try:
        with source.keys(take):
            yield kept_one
    finally:
        sending.cancel()
        await asyncio.wait((sending,))


async def _send(pressed: asyncio.Queue[str], to: Call) -> None:
    while True:
        key = await pressed.get()
        try:
            await to.send_keys(key)
        except OffhookError as error:
            # The leg may have ended a moment ago; whoever waits for that hears of it by itself.
            log.info("key_relay.lost_a_key", error=str(error))

"""Keys from one call to another: they do not travel in the sound, so whoever connects two calls passes them on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from offhook.call.errors import OffhookError
from offhook.call.port import Call

log = structlog.get_logger()

MOST_WAITING = 200
"""How many keys may wait to be sent to one call: many people in a room can press more than can be sent."""


@asynccontextmanager
async def keys_relayed(source: Call, to: Call, *, kept: str = "") -> AsyncIterator[asyncio.Event]:
    """A block in which each key of `source` is sent to `to`, in order, but for those in `kept`.

    The event is set once one of these is pressed.
    """
    sender, kept_one = KeySender(to), asyncio.Event()

    def take(key: str) -> None:
        if key in kept:
            kept_one.set()
        else:
            sender.send(key)

    try:
        with source.keys(take):
            yield kept_one
    finally:
        await sender.close()


class KeySender:
    """Sends keys to a call one after the other, without keeping anybody waiting. Close it."""

    def __init__(self, to: Call) -> None:
        self._to = to
        self._waiting: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self._sending: asyncio.Task[None] | None = None

    def send(self, key: str) -> None:
        """Send it after those before; one that comes while too many wait is left out."""
        if self._sending is None:
            self._sending = asyncio.create_task(self._send(), name="key relay")
        try:
            self._waiting.put_nowait(key)
        except asyncio.QueueFull:
            log.warning("key_relay.too_many_keys", call_id=self._to.info.call_id)

    async def close(self) -> None:
        """Nothing more is sent."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait((self._sending,))

    async def _send(self) -> None:
        while True:
            key = await self._waiting.get()
            try:
                await self._to.send_keys(key)
            except OffhookError as error:
                # The leg may have ended a moment ago; whoever waits for that hears of it by itself.
                log.info("key_relay.lost_a_key", error=str(error))

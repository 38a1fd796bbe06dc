"""The keys that a Dial sends to whom it calls: to who answers, or as soon as a leg can hear them."""

import asyncio
import contextlib
from types import TracebackType

import structlog

from offhook.call.errors import CallEnded, OffhookError
from offhook.call.port import Call
from offhook.interpreter.outbound_leg import OutboundLeg
from offhook.interpreter.stall import MARGIN_S
from offhook.verbs import Destination

log = structlog.get_logger()

KEY_S = 0.5


class KeysToLegs:
    """Those of one Dial. Leaving its block ends what is still being sent."""

    def __init__(self) -> None:
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._is_over = False

    async def __aenter__(self) -> "KeysToLegs":
        """Keys can be sent."""
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._is_over = True
        for sending in self._sending.values():
            sending.cancel()
        if self._sending:
            await asyncio.wait(self._sending.values())

    def begun(self, leg: OutboundLeg, destination: Destination) -> None:
        """A leg was begun: what it is to get early is sent once it hears us, be that before the answer or after it."""
        if destination.sends_keys_early and destination.send_keys and not self._is_over:
            self._begin(leg, destination.send_keys)

    async def sent(self, leg: OutboundLeg, destination: Destination) -> None:
        """Returns once a leg that was answered has got its keys, cannot get them, or was taken elsewhere."""
        keys = destination.send_keys
        if not keys:
            return
        sending = self._sending.get(leg.call_id) or self._begin(leg, keys)
        taken = asyncio.create_task(leg.is_taken.wait())
        hearing = asyncio.create_task(_audible(leg.call))
        try:
            # Who holds the call from the first hears no key; how long that may last is the call's own limit.
            await asyncio.wait((hearing, sending, taken), return_when=asyncio.FIRST_COMPLETED)
            within_s = KEY_S * len(keys) + MARGIN_S
            await asyncio.wait((sending, taken), timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (hearing, sending, taken):
                task.cancel()
            await asyncio.wait((hearing, sending, taken))

    def _begin(self, leg: OutboundLeg, keys: str) -> asyncio.Task[None]:
        sending = asyncio.create_task(_pressed(leg.call, keys), name="keys to a leg")
        self._sending[leg.call_id] = sending
        return sending


async def _audible(call: Call) -> None:
    """Returns when the leg can hear us, or is over."""
    with contextlib.suppress(CallEnded):
        async with call.alive():
            await call.audible()


async def _pressed(call: Call, keys: str) -> None:
    """Returns when all keys are sent, or cannot be."""
    try:
        async with call.alive():
            await call.send_keys(keys)
    except OffhookError as error:
        # The leg may be over; whoever talks to it next hears of that by itself.
        log.info("dial.keys_not_sent", call_id=call.info.call_id, error=str(error))

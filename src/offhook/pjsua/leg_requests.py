"""Requests inside of a running call, as the event loop sees them: holding (re-INVITE) and referring
(REFER), one at a time each."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from offhook.call.errors import OffhookError
from offhook.call.port import ReferOutcome, TransferSink
from offhook.pjsua.leg_events import ReferAnswered, Referred, ReferTold, Renegotiated
from offhook.pjsua.referral import Referral
from offhook.pjsua.sip_call import SipCall

if TYPE_CHECKING:
    from offhook.pjsua.engine import Engine

Value = TypeVar("Value")

OK, ACCEPTED, TRYING = 200, 202, 100
BAD_URI, TIMED_OUT, BOTH_AT_ONCE, DECLINED = 400, 408, 491, 603
ANSWER_S = 35.0
"""How long an answer may take; the library gives up after 32 s."""
TRIES = 3
"""How often it is asked when the far end asks for something at the same moment."""
PAUSE_S = (0.2, 2.0)
"""How long is waited before another try, at random (RFC 3261, 14.1)."""
TELLS_S = 180.0
"""How long a far end may take to tell the outcome of a REFER."""


class LegTransfer:
    """Fills `call.port.Transfer`."""

    def __init__(self, engine: "Engine", sip_call: SipCall, referral: Referral, far_end: str) -> None:
        self._engine = engine
        self._sip_call = sip_call
        self._referral = referral
        self._far_end = far_end
        self._is_over = False

    @property
    def target(self) -> str:
        """The URI in Refer-To, without its headers."""
        return self._referral.target

    @property
    def referred_by(self) -> str:
        """The user part of Referred-By; that of the far end where it is missing."""
        return self._referral.referred_by or self._far_end

    def tell(self, sip_status: int) -> None:
        """Tell the far end what has become of it; nothing is told after the last word."""
        if not self._is_over:
            self._is_over = sip_status >= OK
            self._engine.post(lambda: self._sip_call.tell_of_transfer(self._referral, sip_status))


class LegRequests:
    """Those of one leg, both ways."""

    def __init__(self, engine: "Engine", sip_call: SipCall, far_end: str) -> None:
        """`far_end` is the user part of whom the leg talks to."""
        self._engine = engine
        self._sip_call = sip_call
        self._far_end = far_end
        self._is_held = False
        self._is_over = False
        self._confirmed = asyncio.Event()
        self._turning = asyncio.Lock()
        self._turned: asyncio.Future[int] | None = None
        self._turns: set[asyncio.Task[int]] = set()
        self._referring = asyncio.Lock()
        self._told: asyncio.Future[None] | None = None
        self._refer_status: int | None = None
        self._notify_status: int | None = None
        self._sinks: list[TransferSink] = []

    def confirmed(self) -> None:
        """The far end knows that the call was answered (ACK); before that the library sends no requests in
        it."""
        self._confirmed.set()

    def goes_on_with(self, sip_call: SipCall) -> None:
        """Another SIP call takes the place of one that failed before it rang."""
        self._sip_call = sip_call
        sip_call.takes_transfers = bool(self._sinks)

    def take(self, event: Renegotiated | ReferAnswered | ReferTold | Referred) -> None:
        """What the SIP call tells."""
        match event:
            case Renegotiated(status):
                _resolve(self._turned, status)
            case ReferAnswered(status):
                self._refer_status = status
                if status >= 300:
                    _resolve(self._told, None)
            case ReferTold(told, is_final):
                self._notify_status = self._notify_status if told is None else told
                if is_final:
                    _resolve(self._told, None)
            case Referred(referral):
                self._referred(LegTransfer(self._engine, self._sip_call, referral, self._far_end))

    def end(self) -> None:
        """The leg is over: nothing comes any more."""
        self._is_over = True
        self._confirmed.set()
        _resolve(self._turned, TIMED_OUT)
        _resolve(self._told, None)

    async def hold(self) -> int:
        """Put the far end on hold; returns the final SIP status."""
        return await self._unbroken(self._turn(self._sip_call.hold, to=True))

    async def resume(self) -> int:
        """Take it off hold; returns the final SIP status."""
        return await self._unbroken(self._turn(self._sip_call.resume, to=False))

    async def refer(self, to: str) -> ReferOutcome:
        """Ask the far end to call a URI; 400 for a URI that cannot be sent."""
        async with self._referring:
            await self._confirmed.wait()
            if self._is_over:
                return ReferOutcome(TIMED_OUT)
            self._refer_status = self._notify_status = None
            self._told = asyncio.get_running_loop().create_future()
            try:
                await self._engine.submit(lambda: self._sip_call.refer(to))
            except OffhookError:
                return ReferOutcome(BAD_URI)
            try:
                async with asyncio.timeout(TELLS_S):
                    await self._told
            except TimeoutError:
                pass
            was_told = self._notify_status is not None
            return ReferOutcome(
                self._refer_status or (ACCEPTED if was_told else TIMED_OUT), self._notify_status
            )

    @contextmanager
    def transfers(self, to: TransferSink) -> Iterator[None]:
        """A block in which REFERs of the far end are accepted and told."""
        self._sinks.append(to)
        self._sip_call.takes_transfers = True
        try:
            yield
        finally:
            self._sinks.remove(to)
            self._sip_call.takes_transfers = bool(self._sinks)

    def _referred(self, transfer: LegTransfer) -> None:
        if not self._sinks:  # the block was left in the same moment
            transfer.tell(DECLINED)
            return
        transfer.tell(TRYING)  # the first NOTIFY follows the 202 at once (RFC 3515, 2.4.4)
        for sink in tuple(self._sinks):
            sink(transfer)

    async def _unbroken(self, turn: Coroutine[None, None, int]) -> int:
        """Go through with it where whoever asked is cancelled: what the far end says to it decides what it is asked
        next."""
        turning = asyncio.create_task(turn, name="re-INVITE")
        self._turns.add(turning)
        turning.add_done_callback(self._turns.discard)
        return await asyncio.shield(turning)

    async def _turn(self, command: Callable[[], None], *, to: bool) -> int:
        async with self._turning:
            if self._is_held is to:
                return OK
            for _ in range(TRIES):
                status = await self._renegotiate(command)
                if status != BOTH_AT_ONCE:
                    break
                await asyncio.sleep(random.uniform(*PAUSE_S))
            if status < 300:
                self._is_held = to
            return status

    async def _renegotiate(self, command: Callable[[], None]) -> int:
        await self._confirmed.wait()
        if self._is_over:
            return TIMED_OUT
        self._turned = asyncio.get_running_loop().create_future()
        try:
            await self._engine.submit(command)
        except OffhookError:  # another negotiation is under way
            return BOTH_AT_ONCE
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._turned
        except TimeoutError:
            return TIMED_OUT


def _resolve(waiting: asyncio.Future[Value] | None, value: Value) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(value)

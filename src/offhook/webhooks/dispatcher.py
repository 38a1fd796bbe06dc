"""Delivers the outbox: callbacks that must reach a customer, at least once, in the order of their call.

Which items are due, and that those of one call come one at a time, is the outbox's business; a claim is a lease.
Here it is decided how many go out at once (`lanes`), what becomes of one that did not arrive (`schedule`), and that
a URL which only fails is left alone for a while (`breaker`).

What became of items is written together with the next claim, in one transaction each TURN_S at most. While the
database is away, reports are kept and nothing is claimed: an item that was sent is not sent again for want of a
report. Anything else that the outbox raises ends `run`; whoever started it starts it again.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Protocol

import structlog

from offhook.call.delivery import DeliveryReport
from offhook.call.errors import RecordsAway
from offhook.call.rows import OutboxItem
from offhook.webhooks.breaker import UrlKey
from offhook.webhooks.delivering import Deliverer
from offhook.webhooks.lanes import Lane, LaneLimits, Lanes
from offhook.webhooks.sender import Sender

TURN_S = 0.05
"""The outbox is asked no more often, unless it has more than fits into one claim, or there is much to report."""
MANY = 16
"""So many reports are not kept waiting: were this process killed, they all would be sent again."""
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
LAST_WORDS_S = 3.0
"""How long a dispatcher that was told to stop tries to write its reports while the database is away."""

log = structlog.get_logger()


class Outbox(Protocol):
    """The items to deliver. These methods may block, are called on other threads, and raise RecordsAway."""

    def claim(
        self, limit: int, lease_s: float, reports: tuple[DeliveryReport, ...] = ()
    ) -> tuple[OutboxItem, ...]:
        """Keep what `reports` say, then take up to `limit` items that are due, for nobody else during `lease_s`
        seconds; one of a call at a time."""

    def recover(self, account_sid: str | None = None, url: str | None = None) -> int:
        """What was held back because its URL failed is due: that of one URL of an account, or all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatcherLimits:
    """How much goes on at once, and how often is looked."""

    lanes: LaneLimits = field(default_factory=LaneLimits)
    held: int = 4096
    """Items in hand: waiting, being sent, or not yet reported on."""
    claim: int = 64
    """Items taken at once."""
    lease_s: float = 40.0
    send_s: float = 20.0
    """What one attempt may take, its report included; an item is not begun with less of its lease left."""
    poll_s: float = 1.0
    """How often is looked when nobody pokes."""


class Dispatcher:
    """Sends what is due until it is stopped. `chance` makes the jitter; a seeded one makes it repeatable."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        sender_of: Callable[[str], Sender],
        wall_clock: Callable[[], datetime],
        chance: Random | None = None,
        limits: DispatcherLimits | None = None,
    ) -> None:
        """`sender_of` has the sender for an account, by its SID."""
        self._outbox = outbox
        self._limits = limits or DispatcherLimits()
        self._deliverer = Deliverer(sender_of=sender_of, wall_clock=wall_clock, chance=chance or Random())
        self._lanes = Lanes(self._limits.lanes)
        self._held = 0
        self._reports: list[DeliveryReport] = []
        self._recovered: list[UrlKey | None] = [None]
        """URLs that answer again; None is all, for what a dispatcher held back that is no more."""
        self._woken = asyncio.Event()
        self._many = asyncio.Event()
        self._stopping = asyncio.Event()
        self._stop_by = float("inf")
        self._pause_s = 0.0
        self._claims = self._flush_from = 0
        self._flushed = asyncio.Event()

    def poke(self) -> None:
        """Something may be due: look now. Call it on the event loop."""
        self._woken.set()

    async def flush(self, within_s: float) -> bool:
        """Send what is due, and what becomes due by that; whether none of it is left after `within_s` seconds at most."""
        self._flush_from = self._claims  # a claim that has begun may have missed what was written last
        self._flushed.clear()
        self._woken.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._flushed.wait()
        return self._flushed.is_set()

    def stop(self) -> None:
        """Take nothing more; `run` returns when what is being sent has been, and is reported."""
        self._stopping.set()
        self._woken.set()

    async def run(self) -> None:
        """Deliver until `stop`, or for ever."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as deliveries:
            while not self._is_over:
                began_at = loop.time()
                self._woken.clear()
                self._many.clear()
                if await self._turn(deliveries) or self._is_over:
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._limits.poll_s):
                        await self._woken.wait()
                # What comes to its end in the meantime is written together.
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(began_at + TURN_S):
                        await self._many.wait()

    @property
    def _is_over(self) -> bool:
        """Whether nothing is left to be done."""
        return self._stopping.is_set() and not self._held

    async def _turn(self, deliveries: asyncio.TaskGroup) -> bool:
        """Report and claim, and begin what was claimed; whether to go on without a rest."""
        limits = self._limits
        most = 0 if self._stopping.is_set() else min(limits.claim, limits.held - self._held)
        reports, recovered = tuple(self._reports), tuple(self._recovered)
        if not most and not reports:
            return False
        begin_by = asyncio.get_running_loop().time() + limits.lease_s - limits.send_s
        self._claims += 1
        claim = self._claims
        try:
            items = await asyncio.to_thread(self._exchange, most, reports, recovered)
        except RecordsAway as away:
            await self._wait_for_records(away)
            return True
        if self._pause_s:
            log.info("outbox.back", reported=len(reports))
            self._pause_s = 0.0
        del self._reports[: len(reports)], self._recovered[: len(recovered)]
        self._held += len(items) - len(reports)
        if most and not self._held and claim > self._flush_from:
            self._flushed.set()
        for item in items:
            self._begin(item, begin_by, deliveries)
        return bool(most) and len(items) == most

    def _exchange(
        self, most: int, reports: tuple[DeliveryReport, ...], recovered: tuple[UrlKey | None, ...]
    ) -> tuple[OutboxItem, ...]:
        for key in recovered:
            self._outbox.recover(*(key or ()))
        return self._outbox.claim(most, self._limits.lease_s, reports)

    def _begin(self, item: OutboxItem, begin_by: float, deliveries: asyncio.TaskGroup) -> None:
        lane = self._lanes.enter(item)
        if lane is not None:
            deliveries.create_task(self._deliver(item, lane, begin_by))
        else:
            wait_s = self._lanes.put_off_s(item, asyncio.get_running_loop().time())
            self._reports.append(self._deliverer.postponed(item, wait_s))
            self._woken.set()

    async def _deliver(self, item: OutboxItem, lane: Lane, begin_by: float) -> None:
        loop = asyncio.get_running_loop()
        structlog.contextvars.bind_contextvars(call_id=item.call_id)  # on the lines of this task
        try:
            async with self._lanes.turn(lane):
                began_at = loop.time()
                if began_at >= begin_by or self._stopping.is_set():
                    report, recovered = self._deliverer.postponed(item, 0.0), None
                else:
                    report, recovered = await self._deliverer.deliver(item)
                if report.attempt is not None:
                    lane.took(loop.time() - began_at)
            self._reports.append(report)
            if len(self._reports) >= MANY:
                self._many.set()
            if recovered is not None:
                self._recovered.append(recovered)
        finally:
            self._lanes.leave(lane)
            # There is a report to write, and the next one of this call may be due then.
            self._woken.set()

    async def _wait_for_records(self, away: RecordsAway) -> None:
        """Pause, longer each time; give the reports up where the dispatcher is to stop and cannot write them."""
        loop = asyncio.get_running_loop()
        if not self._pause_s:
            log.warning("outbox.away", error=str(away), unreported=len(self._reports))
        self._pause_s = min(2 * self._pause_s or FIRST_PAUSE_S, LONGEST_PAUSE_S)
        if not self._stopping.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause_s):
                    await self._stopping.wait()
            return
        self._stop_by = min(self._stop_by, loop.time() + LAST_WORDS_S)
        if loop.time() < self._stop_by:
            await asyncio.sleep(FIRST_PAUSE_S)
            return
        log.error(
            "outbox.reports_lost", reports=len(self._reports), why="sent again once their lease is over"
        )
        self._held -= len(self._reports)
        self._reports.clear()

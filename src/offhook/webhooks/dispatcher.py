"""Delivers the outbox: callbacks that must reach a customer, at least once, in the order of their call.

Which items are due, and that those of one call come one at a time, is the outbox's business; a claim is a
lease. Here it is decided how many go out at once, and what becomes of one that did not arrive. A slow host keeps
a few deliveries busy and a few waiting. What is beyond that, or has waited too long, is let go of unsent: its
lease runs out, and it comes back with another claim.

What the outbox itself raises ends `run`: whoever started it starts it again.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from offhook.call.errors import FetchFailed
from offhook.call.exchange import without_credentials
from offhook.call.rows import OutboxItem
from offhook.webhooks.failures import FINAL_CODES, status_words
from offhook.webhooks.schedule import Dead, Delivered, Retry, Verdict, judge
from offhook.webhooks.sender import Sender

DELIVERY_HEADER = "X-Offhook-Delivery"
"""Carries the item's id, the same on every attempt, so that a receiver can tell a repetition."""

log = structlog.get_logger()


class Outbox(Protocol):
    """The items to deliver. These methods may block; they are called on other threads."""

    def claim(self, limit: int, lease_s: float) -> tuple[OutboxItem, ...]:
        """Up to `limit` items that are due, for nobody else during `lease_s` seconds; one of a call at a time."""

    def done(self, id: str, status: int) -> None:
        """The item arrived."""

    def retry(self, id: str, at: datetime, error: str, status: int | None) -> None:
        """The item did not arrive; it is due again at `at`."""

    def dead(self, id: str, error: str, status: int | None) -> None:
        """The item did not arrive and is not tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatcherLimits:
    """How much goes on at once, and how often is looked."""

    in_flight: int = 32
    per_host: int = 4
    """Deliveries to one host at once."""
    waiting_per_host: int = 60
    """Items of one host that wait for their turn, besides."""
    held: int = 512
    """Items in hand, being sent or waiting."""
    claim: int = 64
    """Items taken at once."""
    lease_s: float = 60.0
    send_s: float = 20.0
    """What one attempt may take, its report included; an item is not begun with less of its lease left."""
    poll_s: float = 1.0
    """How often is looked when nobody pokes."""


class _Host:
    """Where items go, and how many of them are in hand."""

    def __init__(self, at_once: int) -> None:
        self.turn = asyncio.Semaphore(at_once)
        self.held = 0


class Dispatcher:
    """Sends what is due until it is stopped. `chance` makes the jitter; a seeded one makes it repeatable."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        sender: Sender,
        wall_clock: Callable[[], datetime],
        chance: Random | None = None,
        limits: DispatcherLimits | None = None,
    ) -> None:
        self._outbox = outbox
        self._sender = sender
        self._wall_clock = wall_clock
        self._chance = chance or Random()
        self._limits = limits or DispatcherLimits()
        self._turn = asyncio.Semaphore(self._limits.in_flight)
        self._hosts: dict[str, _Host] = {}
        self._held = 0
        self._woken = asyncio.Event()
        self._is_stopping = False

    def poke(self) -> None:
        """Something may be due: look now. Call it on the event loop."""
        self._woken.set()

    def stop(self) -> None:
        """Take nothing more; `run` returns when what is being sent has been."""
        self._is_stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Deliver until `stop`, or for ever."""
        async with asyncio.TaskGroup() as deliveries:
            while not self._is_stopping:
                self._woken.clear()
                if await self._take(deliveries):
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._limits.poll_s):
                        await self._woken.wait()

    async def _take(self, deliveries: asyncio.TaskGroup) -> bool:
        """Claim what is due and begin its delivery; whether there may be more of it."""
        limits = self._limits
        most = min(limits.claim, limits.held - self._held)
        if most <= 0:
            return False
        begin_by = asyncio.get_running_loop().time() + limits.lease_s - limits.send_s
        items = await asyncio.to_thread(self._outbox.claim, most, limits.lease_s)
        for item in items:
            name = _host_name(item)
            host = self._hosts.setdefault(name, _Host(limits.per_host))
            if host.held >= limits.per_host + limits.waiting_per_host:
                log.warning("callback.postponed", id=item.id, host=name)
                continue
            host.held += 1
            self._held += 1
            deliveries.create_task(self._deliver(item, name, host, begin_by))
        return len(items) == most

    async def _deliver(self, item: OutboxItem, name: str, host: _Host, begin_by: float) -> None:
        try:
            async with host.turn, self._turn:
                if asyncio.get_running_loop().time() < begin_by and not self._is_stopping:
                    await self._attempt(item)
        finally:
            self._held -= 1
            host.held -= 1
            if not host.held:
                del self._hosts[name]
            # The next one of this call may be due now.
            self._woken.set()

    async def _attempt(self, item: OutboxItem) -> None:
        retry_after: str | None = None
        is_final = False
        try:
            reply = await self._sender.send(item.request, ((DELIVERY_HEADER, item.id),))
            status: int | None = reply.status
            retry_after = reply.header("retry-after")
            error = "" if 200 <= reply.status < 300 else f"the answer was {status_words(reply.status)}"
        except FetchFailed as failed:
            status, error, is_final = failed.status, failed.message, failed.code in FINAL_CODES
        verdict = judge(
            attempt=item.attempt,
            status=status,
            is_final=is_final,
            retry_after=retry_after,
            now=self._wall_clock(),
            chance=self._chance.random(),
        )
        await asyncio.to_thread(self._report, item, verdict, error, status)

    def _report(self, item: OutboxItem, verdict: Verdict, error: str, status: int | None) -> None:
        url = without_credentials(item.request.target.url)
        about = log.bind(id=item.id, kind=item.kind, url=url, attempt=item.attempt, status=status)
        match verdict:
            case Delivered():
                self._outbox.done(item.id, verdict.status)
                about.info("callback.delivered")
            case Retry():
                self._outbox.retry(item.id, verdict.at, error, status)
                about.warning("callback.failed", why=error, again_at=verdict.at.isoformat())
            case Dead():
                self._outbox.dead(item.id, error, status)
                about.warning("callback.dead", why=error)


def _host_name(item: OutboxItem) -> str:
    """Host and port of an item's URL; the same text for all URLs that name none."""
    try:
        return urlsplit(item.request.target.url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""

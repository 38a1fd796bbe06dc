"""Lanes: what one account has to tell one host, so that a slow host holds up itself alone, and only that account.

A lane lets a few deliveries go at once and lets a few wait. What is beyond that goes back to the outbox, and is due
again about when its turn would have come.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from offhook.call.rows import OutboxItem

SHORTEST_PUT_OFF_S = 0.05
LONGEST_PUT_OFF_S = 15.0
UNKNOWN_S = 0.02
"""How long a delivery is thought to take before one came to its end."""
_NEW = 0.3
"""What the newest delivery counts for in how long one takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneLimits:
    """How much goes on at once, and how much waits in memory."""

    in_flight: int = 256
    per_account: int = 64
    """Deliveries of one account at once."""
    per_host: int = 4
    """Deliveries of one account to one host at once."""
    waiting_per_host: int = 60
    """Items of one lane that wait for their turn, besides."""
    held_per_account: int = 1024
    """Items of one account in hand, being sent or waiting."""


@dataclass(slots=True)
class _Account:
    turn: asyncio.Semaphore
    held: int = 0


@dataclass(slots=True)
class Lane:
    """One account's way to one host."""

    account_sid: str
    host: str
    account: _Account
    turn: asyncio.Semaphore
    held: int = 0
    took_s: float = 0.0
    """How long a delivery takes, the last ones counting most."""
    clear_at: float = 0.0
    """When all that was put off would have had its turn."""

    def took(self, seconds: float) -> None:
        """A delivery is over."""
        self.took_s += (seconds - self.took_s) * (_NEW if self.took_s else 1.0)


class Lanes:
    """All lanes that have something in hand."""

    def __init__(self, limits: LaneLimits) -> None:
        self._limits = limits
        self._turn = asyncio.Semaphore(limits.in_flight)
        self._accounts: dict[str, _Account] = {}
        self._lanes: dict[tuple[str, str], Lane] = {}

    def enter(self, item: OutboxItem) -> Lane | None:
        """The lane of an item, which is in it until it leaves; None where there is no room."""
        lane = self._lane(item)
        limits = self._limits
        if lane.held >= limits.per_host + limits.waiting_per_host:
            return None
        if lane.account.held >= limits.held_per_account:
            return None
        lane.held += 1
        lane.account.held += 1
        self._lanes[lane.account_sid, lane.host] = lane
        self._accounts[lane.account_sid] = lane.account
        return lane

    def put_off_s(self, item: OutboxItem, now: float) -> float:
        """How long an item that found no room should wait; the next one waits longer."""
        lane = self._lane(item)
        each_s = (lane.took_s or UNKNOWN_S) / self._limits.per_host
        lane.clear_at = max(lane.clear_at, now + lane.held * each_s) + each_s
        return min(max(lane.clear_at - now, SHORTEST_PUT_OFF_S), LONGEST_PUT_OFF_S)

    @asynccontextmanager
    async def turn(self, lane: Lane) -> AsyncIterator[None]:
        """A block that begins when it is an item's turn, and is its delivery."""
        async with lane.turn, lane.account.turn, self._turn:
            yield

    def leave(self, lane: Lane) -> None:
        """An item of the lane is in hand no more."""
        lane.held -= 1
        lane.account.held -= 1
        if not lane.held:
            self._lanes.pop((lane.account_sid, lane.host), None)
        if not lane.account.held:
            self._accounts.pop(lane.account_sid, None)

    def _lane(self, item: OutboxItem) -> Lane:
        """The lane of an item, kept or new; a new one is kept once something is in it."""
        account_sid, host = item.account_sid, _host_of(item.request.target.url)
        lane = self._lanes.get((account_sid, host))
        if lane is not None:
            return lane
        account = self._accounts.get(account_sid) or _Account(asyncio.Semaphore(self._limits.per_account))
        return Lane(account_sid, host, account, asyncio.Semaphore(self._limits.per_host))


def _host_of(url: str) -> str:
    """Host and port of a URL; the same text for all URLs that name none."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""

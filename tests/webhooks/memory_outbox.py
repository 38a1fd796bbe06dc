"""An outbox in memory: it hands out what is due, and keeps what it is told."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from offhook.call.delivery import DeliveryEnd, DeliveryReport
from offhook.call.errors import RecordsAway
from offhook.call.rows import Attempt, OutboxItem
from offhook.verbs import Request, Target

NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


def item(
    url: str, *, id: str = "1", call_id: str = "call", seq: int = 1, attempt: int = 1, account: str = "AC1"
) -> OutboxItem:
    """A callback; `attempt` is what the next claim makes it."""
    return OutboxItem(
        id=id,
        account_sid=account,
        call_id=call_id,
        seq=seq,
        kind="call-status",
        request=Request(Target(url), (("CallStatus", "completed"), ("Seq", str(seq)))),
        attempt=attempt,
        created=NOON,
        since=NOON,
        lease_until=NOON,
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What the outbox was told of an item."""

    id: str
    verdict: str
    status: int | None = None
    at: datetime | None = None
    error: str = ""
    attempt: Attempt | None = None


class MemoryOutbox:
    """Fills `dispatcher.Outbox`. Items of one call are handed out one at a time. Used on the event loop's thread,
    but for the port's own methods."""

    def __init__(self, *items: OutboxItem) -> None:
        self._pending = list(items)
        self._leased: dict[str, OutboxItem] = {}
        self._lock = threading.Lock()
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self.told: list[Told] = []
        self.claims = 0
        self.retried: list[OutboxItem] = []
        self.postponed: list[DeliveryReport] = []
        """What was given back unsent."""
        self.recovered: list[tuple[str | None, str | None]] = []
        self.is_away = False
        """Whether it is the records' turn to be away."""
        self.refused = 0
        """How often somebody came while it was."""

    def add(self, *items: OutboxItem) -> None:
        with self._lock:
            self._pending.extend(items)

    def due_again(self) -> None:
        """The time of all retries has come."""
        with self._lock:
            self._pending.extend(replace(one, attempt=one.attempt + 1) for one in self.retried)
            self._pending.extend(report.item for report in self.postponed)
            self.retried.clear()
            self.postponed.clear()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once `condition` holds; it is asked again after every change."""
        async with asyncio.timeout(20.0):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def claim(
        self, limit: int, lease_s: float, reports: tuple[DeliveryReport, ...] = ()
    ) -> tuple[OutboxItem, ...]:
        if self.is_away:
            self.refused += 1
            self._tell()
            raise RecordsAway("somebody pulled the plug")
        with self._lock:
            for report in reports:
                self._report(report)
            self.claims += 1
            busy = {one.call_id for one in self._leased.values()}
            taken: list[OutboxItem] = []
            for one in tuple(self._pending):
                if one.call_id not in busy and len(taken) < limit:
                    busy.add(one.call_id)
                    taken.append(one)
                    self._pending.remove(one)
                    self._leased[one.id] = one
        self._tell()
        return tuple(taken)

    def recover(self, account_sid: str | None = None, url: str | None = None) -> int:
        with self._lock:
            self.recovered.append((account_sid, url))
        return 0

    def _report(self, report: DeliveryReport) -> None:
        leased = self._leased.pop(report.item.id)
        if report.end is DeliveryEnd.POSTPONED:
            self.postponed.append(report)
            return
        if report.end is DeliveryEnd.RETRY:
            self.retried.append(leased)
        status = report.attempt.status if report.attempt else None
        at = report.at if report.end is DeliveryEnd.RETRY else None
        verdict = report.end.name.lower()
        self.told.append(Told(leased.id, verdict, status, at, report.why, report.attempt))

    def _tell(self) -> None:
        self._loop.call_soon_threadsafe(self._changed.set)

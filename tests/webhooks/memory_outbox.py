"""An outbox in memory: it hands out what is due, and keeps what it is told."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from offhook.call.rows import OutboxItem
from offhook.verbs import Request, Target

NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


def item(url: str, *, id: str = "1", call_id: str = "call", seq: int = 1, attempt: int = 1) -> OutboxItem:
    """A callback; `attempt` is what the next claim makes it."""
    return OutboxItem(
        id=id,
        account_sid="AC1",
        call_id=call_id,
        seq=seq,
        kind="call-status",
        request=Request(Target(url), (("CallStatus", "completed"), ("Seq", str(seq)))),
        attempt=attempt,
        created=NOON,
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What the outbox was told of an item."""

    id: str
    verdict: str
    status: int | None = None
    at: datetime | None = None
    error: str = ""


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

    def add(self, *items: OutboxItem) -> None:
        with self._lock:
            self._pending.extend(items)

    def due_again(self) -> None:
        """The time of all retries has come."""
        with self._lock:
            self._pending.extend(replace(one, attempt=one.attempt + 1) for one in self.retried)
            self.retried.clear()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once `condition` holds; it is asked again after every change."""
        async with asyncio.timeout(20.0):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def claim(self, limit: int, lease_s: float) -> tuple[OutboxItem, ...]:
        with self._lock:
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

    def done(self, id: str, status: int) -> None:
        self._report(Told(id, "done", status))

    def retry(self, id: str, at: datetime, error: str, status: int | None) -> None:
        with self._lock:
            self.retried.append(self._leased[id])
        self._report(Told(id, "retry", status, at, error))

    def dead(self, id: str, error: str, status: int | None) -> None:
        self._report(Told(id, "dead", status, None, error))

    def _report(self, told: Told) -> None:
        with self._lock:
            del self._leased[told.id]
            self.told.append(told)
        self._tell()

    def _tell(self) -> None:
        self._loop.call_soon_threadsafe(self._changed.set)

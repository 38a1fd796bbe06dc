"""Whether an account may have one more call: its limits, and the destinations that it may call.

Calls are counted where they are: this worker knows its own, and asks the records for those of others. A call that
begins on another worker within the same few hundredths of a second is not seen yet, so several workers together
may pass a limit by what begins in that moment.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from offhook.call.destinations import why_not
from offhook.call.errors import RecordsAway
from offhook.call.facts import NotificationRaised
from offhook.call.info import CallInfo, Direction
from offhook.call.rows import AccountLimits
from offhook.interpreter.ports import Recorder
from offhook.rest.ports import CallRefused, LimitReached

log = structlog.get_logger()

LIMITS_FOR_S = 5.0
"""How long limits hold until they are looked up again; while the records are away, the last ones hold."""
ANSWER_WITHIN_S = 0.5
"""How long a call waits for the records, before what they said last has to do."""
NOTIFY_EVERY_S = 60.0
LIMIT_CODE = 20429
CONCURRENCY_WAIT_S = 5.0
NO_CALL = ""
NO_LIMITS = AccountLimits()


class CallsElsewhere(Protocol):
    """Counts an account's calls on other workers. Blocks; raises RecordsAway."""

    def running(self, account_sid: str) -> int:
        """How many run."""

    def begun(self, account_sid: str, since: datetime) -> int:
        """How many began after `since`."""


@dataclass(slots=True)
class _Account:
    """What is known of an account."""

    limits: AccountLimits = NO_LIMITS
    known_until: float = 0.0
    began: deque[float] = field(default_factory=deque)
    """When its calls of the last seconds were let in here."""
    looking: asyncio.Task[None] | None = None
    """A look-up of its limits that is under way."""
    elsewhere: tuple[int, int] = (0, 0)
    """Calls running and begun on other workers, when the records were last asked."""
    told_at: dict[str, float] = field(default_factory=dict)
    """When it was last notified of each limit."""


class Admission:
    """Lets calls in, and knows which of them run. Everything runs on the worker's event loop."""

    def __init__(
        self,
        find_limits: Callable[[str], AccountLimits],
        elsewhere: CallsElsewhere,
        recorder: Recorder,
        *,
        is_quick: bool,
        country: str | None = None,
        on_refused: Callable[[str], None] = lambda _reason: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`find_limits` may block and raise RecordsAway; `is_quick`: it takes less than to change threads.

        `on_refused` hears of each call that is not let in, and why: `limit` or `destination`.
        """
        self._find_limits = find_limits
        self._on_refused = on_refused
        self._elsewhere = elsewhere
        self._recorder = recorder
        self._is_quick = is_quick
        self._country = country
        self._clock = clock
        self._accounts: dict[str, _Account] = {}
        self._running: dict[str, str] = {}

    async def admit(self, info: CallInfo) -> None:
        """Count a call in until it `is_over`. Raises LimitReached; for one that came in, the account is told."""
        account = await self._account(info.account_sid)
        if account.limits.holds_calls:
            try:
                await self._hold(info.account_sid, account)
            except LimitReached as reached:
                self._note(info, account, reached)
                raise
        self._running[info.call_id] = info.account_sid

    def is_over(self, call_id: str) -> None:
        """A call that was admitted runs no more, or never did."""
        self._running.pop(call_id, None)

    async def check_destination(self, account_sid: str, to: str) -> None:
        """Whether an account may call `to`, a number or a SIP URI. Raises CallRefused."""
        allowed = (await self._account(account_sid)).limits.destinations
        # In a thread: what is looked up of a country for the first time holds others up.
        refusal = await asyncio.to_thread(
            why_not, to, account_sid=account_sid, allowed=allowed, country=self._country
        )
        if refusal is not None:
            log.warning("call.destination_refused", account_sid=account_sid)
            self._on_refused("destination")
            raise CallRefused(refusal, is_destination=True)

    async def places_allowed(self, account_sid: str, places: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the SIP URIs of a client that its account may call: whoever says where a client is reached, says
        whom it calls. Raises CallRefused where there is none."""
        allowed: list[str] = []
        refused: CallRefused | None = None
        for place in places:
            try:
                await self.check_destination(account_sid, place)
                allowed.append(place)
            except CallRefused as why:
                refused = why
        if refused is not None and not allowed:
            raise refused
        return tuple(allowed)

    async def _account(self, sid: str) -> _Account:
        """What is known of an account; its limits are looked up anew now and then."""
        account = self._accounts.setdefault(sid, _Account())
        if self._clock() >= account.known_until:
            account.known_until = self._clock() + LIMITS_FOR_S
            if self._is_quick:
                self._take_limits(sid, account)
            else:
                account.looking = asyncio.create_task(asyncio.to_thread(self._take_limits, sid, account))
        if account.looking is not None:
            await asyncio.wait({account.looking}, timeout=ANSWER_WITHIN_S)
            account.looking = None  # who comes next goes by what was known
        return account

    def _take_limits(self, sid: str, account: _Account) -> None:
        try:
            account.limits = self._find_limits(sid)
        except RecordsAway:
            log.warning("limits.records_away", account_sid=sid)

    async def _hold(self, sid: str, account: _Account) -> None:
        rate = account.limits.calls_per_s
        window_s = max(1.0, 1.0 / rate) if rate else 1.0
        # Unanswered, what the records said last is nearer to the truth than nothing.
        with contextlib.suppress(RecordsAway, TimeoutError):
            if self._is_quick:
                account.elsewhere = self._ask_elsewhere(sid, window_s)
            else:
                asking = asyncio.to_thread(self._ask_elsewhere, sid, window_s)
                account.elsewhere = await asyncio.wait_for(asking, ANSWER_WITHIN_S)
        # From here on nothing is awaited: who is counted is in before the next one looks.
        running, begun = account.elsewhere
        most = account.limits.concurrent_calls
        if most is not None and running + list(self._running.values()).count(sid) >= most:
            raise LimitReached(
                f"The account has {most} calls at once, which is its limit: "
                f"`offhook account limits {sid} --concurrent-calls N` sets another.",
                CONCURRENCY_WAIT_S,
            )
        if rate is None:
            return
        now, began = self._clock(), account.began
        while began and now - began[0] >= window_s:
            began.popleft()
        if begun + len(began) >= max(1, int(rate * window_s)):
            raise LimitReached(
                f"The account begins {rate:g} calls a second, which is its limit: "
                f"`offhook account limits {sid} --calls-per-s N` sets another.",
                window_s - (now - began[0]) if began else window_s,
            )
        began.append(now)

    def _ask_elsewhere(self, sid: str, window_s: float) -> tuple[int, int]:
        since = datetime.now(UTC) - timedelta(seconds=window_s)
        return self._elsewhere.running(sid), self._elsewhere.begun(sid, since)

    def _note(self, info: CallInfo, account: _Account, reached: LimitReached) -> None:
        log.warning("call.limit_reached", account_sid=info.account_sid, direction=info.direction)
        self._on_refused("limit")
        if info.direction is not Direction.INBOUND:
            return  # who asked for it is told
        now, told_at = self._clock(), account.told_at.get(reached.message)
        if told_at is not None and now - told_at < NOTIFY_EVERY_S:
            return
        account.told_at[reached.message] = now
        self._recorder.emit(
            NotificationRaised(
                call_id=NO_CALL,
                account_sid=info.account_sid,
                at=datetime.now(UTC),
                code=LIMIT_CODE,
                message=f"A call from {info.from_} to {info.to} was refused. {reached.message}",
                is_error=True,
            )
        )

"""One attempt to deliver a callback, and what becomes of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import structlog

from offhook.call.delivery import URL_FAILS, DeliveryEnd, DeliveryReport
from offhook.call.errors import FetchFailed
from offhook.call.exchange import Reply, without_credentials
from offhook.call.rows import Attempt, OutboxItem
from offhook.webhooks.breaker import Breakers, UrlKey, url_key
from offhook.webhooks.failures import FINAL_CODES, NO_ANSWER, status_code, status_words
from offhook.webhooks.schedule import Dead, Delivered, Retry, is_too_old, judge, may_mend
from offhook.webhooks.sender import Sender

DELIVERY_HEADER = "X-Offhook-Delivery"
"""Carries the item's id, the same on every attempt, so that a receiver can tell a repetition."""
GONE = 410
HEAD_BYTES = 1024
"""How much of an answer's body is kept."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What an attempt came to."""

    status: int | None = None
    error: str = ""
    code: int = 0
    is_final: bool = False
    retry_after: str | None = None
    head: str = ""

    @property
    def may_mend(self) -> bool:
        """Whether another attempt may arrive."""
        return may_mend(self.status, is_final=self.is_final)


class Deliverer:
    """Makes attempts, and remembers the URLs that only fail. For one event loop."""

    def __init__(
        self, *, sender_of: Callable[[str], Sender], wall_clock: Callable[[], datetime], chance: Random
    ) -> None:
        self._sender_of = sender_of
        self._wall_clock = wall_clock
        self._chance = chance
        self._breakers = Breakers()

    def postponed(self, item: OutboxItem, wait_s: float, why: str = "") -> DeliveryReport:
        """The report on an item that is not sent now."""
        last = item.attempts[-1].error if item.attempts else ""
        at = self._wall_clock() + timedelta(seconds=wait_s)
        return DeliveryReport(item=item, end=DeliveryEnd.POSTPONED, at=at, why=why or last)

    async def deliver(self, item: OutboxItem) -> tuple[DeliveryReport, UrlKey | None]:
        """Make an attempt, unless the item's URL is to be left alone; the report, and a URL that answers again."""
        loop = asyncio.get_running_loop()
        key = url_key(item.account_sid, item.request.target.url)
        began_at = loop.time()
        wait_s = self._breakers.wait_s(key, began_at)
        if wait_s:
            return self._held_back(item, wait_s), None
        outcome = await self._attempt(item)
        ended_at = loop.time()
        report = self._judged(item, outcome, took_ms=round((ended_at - began_at) * 1000))
        if report.end is not DeliveryEnd.DONE and outcome.may_mend:
            if self._breakers.failed(key, ended_at):
                log.warning("callback.url_left_alone", url=without_credentials(key[1]), why=outcome.error)
        elif self._breakers.answered(key):
            log.info("callback.url_answers_again", url=without_credentials(key[1]))
            return report, key
        return report, None

    def _held_back(self, item: OutboxItem, wait_s: float) -> DeliveryReport:
        now = self._wall_clock()
        if not is_too_old(item.since, now):
            return self.postponed(item, wait_s, URL_FAILS)
        why = "its URL has failed for as long as it is tried"
        log.warning("callback.dead", id=item.id, url=without_credentials(item.request.target.url), why=why)
        return DeliveryReport(item=item, end=DeliveryEnd.DEAD, at=now, why=why, code=NO_ANSWER)

    async def _attempt(self, item: OutboxItem) -> _Outcome:
        try:
            sender = self._sender_of(item.account_sid)
            reply = await sender.send(item.request, ((DELIVERY_HEADER, item.id),))
        except FetchFailed as failed:
            is_final = failed.code in FINAL_CODES
            return _Outcome(status=failed.status, error=failed.message, code=failed.code, is_final=is_final)
        except Exception as fault:
            # Ours, and of this one item: it must not keep all others from their customers.
            log.exception("callback.fault", id=item.id)
            return _Outcome(error=f"a fault of this server ({type(fault).__name__})", code=NO_ANSWER)
        is_success = 200 <= reply.status < 300
        return _Outcome(
            status=reply.status,
            error="" if is_success else f"the answer was {status_words(reply.status)}",
            code=status_code(reply.status),
            retry_after=reply.header("retry-after"),
            head=_head(reply),
        )

    def _judged(self, item: OutboxItem, outcome: _Outcome, took_ms: int) -> DeliveryReport:
        now = self._wall_clock()
        verdict = judge(
            attempt=item.attempt,
            status=outcome.status,
            is_final=outcome.is_final,
            retry_after=outcome.retry_after,
            now=now,
            chance=self._chance.random(),
        )
        end, at = DeliveryEnd.DONE, now
        match verdict:
            case Delivered():
                log.debug("callback.delivered", id=item.id, attempt=item.attempt, status=outcome.status)
            case Retry():
                end, at = DeliveryEnd.RETRY, verdict.at
                _warn("callback.failed", item, outcome, again_at=at.isoformat())
            case Dead():
                end = DeliveryEnd.DEAD
                _warn("callback.url_gone" if outcome.status == GONE else "callback.dead", item, outcome)
        attempt = Attempt(
            at=now, status=outcome.status, error=outcome.error, took_ms=took_ms, head=outcome.head
        )
        return DeliveryReport(
            item=item, end=end, at=at, attempt=attempt, why=outcome.error, code=outcome.code
        )


def _warn(event: str, item: OutboxItem, outcome: _Outcome, **more: str) -> None:
    log.warning(
        event,
        id=item.id,
        call_id=item.call_id,
        kind=item.kind,
        url=without_credentials(item.request.target.url),
        attempt=item.attempt,
        status=outcome.status,
        why=outcome.error,
        **more,
    )


def _head(reply: Reply) -> str:
    return reply.body[:HEAD_BYTES].decode("utf-8", "replace")

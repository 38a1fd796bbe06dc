"""Sends messages and e-mails that wait among the rows, and tells applications of messages that came in.

Each is taken by a lease and reported on, so it is sent at least once, whoever dies. What a carrier does not take now is
tried again, with growing pauses, for about four and a half hours.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import structlog

from offhook.call.messages import ArrivedMessage, MessageRow, Receipt
from offhook.messaging.port import EmailProvider, Inbox, MessageProvider
from offhook.messaging.schedule import pause_s
from offhook.processes.email_sending import EmailSending
from offhook.processes.message_replies import Answerer
from offhook.processes.message_rounds import AFTER_FAULT_S, Rounds
from offhook.processes.message_sending import MessageSending
from offhook.records.emails import Emails
from offhook.records.message_arrivals import MessageArrivals
from offhook.records.message_queue import MessageQueue

LEASE_S = 150.0
"""Longer than any attempt, and than all the documents that an application may answer with."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriers:
    """Who carries what."""

    messages: MessageProvider
    emails: EmailProvider


class Messenger:
    """Sends until it is stopped."""

    def __init__(
        self,
        *,
        queue: MessageQueue,
        arrivals: MessageArrivals,
        emails: Emails,
        carriers: Carriers,
        answerer: Answerer,
        why_not: Callable[[MessageRow], str | None],
        wall_clock: Callable[[], datetime],
        poke: Callable[[], None] = lambda: None,
        chance: Random | None = None,
    ) -> None:
        """`why_not` says why an account may not send a message, may block, and raises RecordsAway. `poke` is called
        when callbacks wait to be sent."""
        self._queue = queue
        self._arrivals = arrivals
        self._carrier = carriers.messages
        self._wall_clock = wall_clock
        self._poke_outbox = poke
        self._chance = chance or Random()
        sending = MessageSending(
            queue=queue,
            carrier=carriers.messages,
            answerer=answerer,
            why_not=why_not,
            wall_clock=wall_clock,
            again_at=self._again_at,
            on_written=self._look_everywhere,
        )
        mailing = EmailSending(
            emails=emails, carrier=carriers.emails, wall_clock=wall_clock, again_at=self._again_at
        )
        self._messages = Rounds(lambda most: queue.take(most, LEASE_S), sending.work)
        self._emails = Rounds(lambda most: emails.take(most, LEASE_S), mailing.work)

    def poke(self) -> None:
        """Something may be due: look now. Call it on the event loop."""
        self._messages.poke()
        self._emails.poke()

    def stop(self) -> None:
        """Take nothing more; `run` returns when what is being sent has been, or soon after."""
        self._messages.stop()
        self._emails.stop()

    async def run(self) -> None:
        """Send until `stop`."""
        carrying = asyncio.create_task(self._carry())
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._messages.run())
                tasks.create_task(self._emails.run())
        finally:
            carrying.cancel()
            await asyncio.wait([carrying])

    async def _carry(self) -> None:
        """Keep the carrier's own work going, whatever is wrong with it."""
        inbox = Inbox(arrive=self._arrive, receive=self._receive)
        while True:
            try:
                await self._carrier.run(inbox)
            except Exception:
                log.exception("carrier.fault", carrier=self._carrier.name)
            await asyncio.sleep(AFTER_FAULT_S)

    def _again_at(self, attempt: int) -> datetime | None:
        wait_s = pause_s(attempt, self._chance.random())
        return None if wait_s is None else self._wall_clock() + timedelta(seconds=wait_s)

    def _look_everywhere(self) -> None:
        self._poke_outbox()
        self.poke()

    async def _arrive(self, arrived: ArrivedMessage) -> bool:
        kept = await asyncio.to_thread(self._arrivals.arrive, arrived, self._wall_clock())
        self._messages.poke()
        return kept is not None

    async def _receive(self, receipt: Receipt) -> bool:
        is_known = await asyncio.to_thread(self._queue.receive, receipt)
        self._poke_outbox()
        return is_known

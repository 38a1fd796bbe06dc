"""Sends one message, or tells an application of one that came in, and judges what came of it."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from offhook.call.errors import RecordsAway
from offhook.call.messages import (
    DESTINATION_NOT_ALLOWED,
    UNKNOWN_ERROR,
    MessageReport,
    MessageRow,
    MessageStatus,
)
from offhook.messaging.port import MessageProvider, SendingFailed
from offhook.processes.message_replies import Answered, Answerer
from offhook.processes.message_rounds import written
from offhook.records.message_queue import MessageQueue

SEND_S = 60.0
"""What one attempt may take, whatever the carrier; long messages go in several parts."""

log = structlog.get_logger()


class MessageSending:
    """Work for messages that were taken.

    `why_not` says why an account may not send a message, may block, and raises RecordsAway. `again_at` tells when one
    that failed is due again, None for never. `on_written` is called when callbacks or replies may wait.
    """

    def __init__(
        self,
        *,
        queue: MessageQueue,
        carrier: MessageProvider,
        answerer: Answerer,
        why_not: Callable[[MessageRow], str | None],
        wall_clock: Callable[[], datetime],
        again_at: Callable[[int], datetime | None],
        on_written: Callable[[], None],
    ) -> None:
        self._queue = queue
        self._carrier = carrier
        self._answerer = answerer
        self._why_not = why_not
        self._wall_clock = wall_clock
        self._again_at = again_at
        self._on_written = on_written

    async def work(self, message: MessageRow) -> None:
        """Do what a message waits for, and write what came of it."""
        if message.status is MessageStatus.RECEIVED:
            answered = await self._answerer.answer(message)
            told = self._told(message, answered)
            await written(lambda: self._queue.answer(told, answered.replies, answered.emails))
        else:
            report = await self._sent(message)
            log.info(
                "message.tried",
                message_id=message.message_id,
                provider=self._carrier.name,
                attempt=message.attempt,
                status=report.status,
                why=report.error_message,
            )
            await written(lambda: self._queue.report(report))
        self._on_written()

    async def _sent(self, message: MessageRow) -> MessageReport:
        try:
            refusal = _refusal(message) or await self._refused(message)
            if refusal is not None:
                raise refusal
            async with asyncio.timeout(SEND_S):
                sent = await self._carrier.send(message)
        except SendingFailed as failed:
            return self._failed(message, failed)
        except TimeoutError:
            late = f"the carrier did not answer within {SEND_S:g} s"
            return self._failed(message, SendingFailed(late, retryable=True, code=UNKNOWN_ERROR))
        return MessageReport(
            message=message,
            status=MessageStatus.SENT,
            at=self._wall_clock(),
            provider=self._carrier.name,
            reference=sent.reference,
        )

    async def _refused(self, message: MessageRow) -> SendingFailed | None:
        try:
            why = await asyncio.to_thread(self._why_not, message)
        except RecordsAway as away:
            return SendingFailed(f"the database is away: {away}", retryable=True, code=UNKNOWN_ERROR)
        return SendingFailed(why, retryable=False, code=DESTINATION_NOT_ALLOWED) if why else None

    def _failed(self, message: MessageRow, failed: SendingFailed) -> MessageReport:
        again_at = self._again_at(message.attempt) if failed.retryable else None
        return MessageReport(
            message=message,
            status=MessageStatus.FAILED if again_at is None else MessageStatus.QUEUED,
            at=self._wall_clock(),
            provider=self._carrier.name,
            # A code says that it is over; what is tried again shows only why it has to be.
            error_code=failed.code if again_at is None else None,
            error_message=failed.message,
            again_at=again_at,
        )

    def _told(self, message: MessageRow, answered: Answered) -> MessageReport:
        may_mend = answered.problem and answered.may_mend
        return MessageReport(
            message=message,
            status=MessageStatus.RECEIVED,
            at=self._wall_clock(),
            error_code=answered.code if answered.problem else None,
            error_message=answered.problem or None,
            again_at=self._again_at(message.attempt) if may_mend else None,
        )


def _refusal(message: MessageRow) -> SendingFailed | None:
    """That of a message which was known to have nobody to go to when it was written."""
    if message.error_code is None:
        return None
    return SendingFailed(message.error_message or "", retryable=False, code=message.error_code)

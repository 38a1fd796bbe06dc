"""Sends one e-mail, and judges what came of it."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from offhook.call.messages import UNKNOWN_ERROR, EmailReport, EmailRow, EmailStatus
from offhook.messaging.port import EmailProvider, SendingFailed
from offhook.processes.message_rounds import written
from offhook.records.emails import Emails

SEND_S = 60.0
"""What one attempt may take."""

log = structlog.get_logger()


class EmailSending:
    """Work for e-mails that were taken. `again_at` tells when one that failed is due again, None for never."""

    def __init__(
        self,
        *,
        emails: Emails,
        carrier: EmailProvider,
        wall_clock: Callable[[], datetime],
        again_at: Callable[[int], datetime | None],
    ) -> None:
        self._emails = emails
        self._carrier = carrier
        self._wall_clock = wall_clock
        self._again_at = again_at

    async def work(self, email: EmailRow) -> None:
        """Send an e-mail and write what came of it."""
        report = await self._sent(email)
        log.info(
            "email.tried",
            email_id=email.email_id,
            provider=self._carrier.name,
            attempt=email.attempt,
            status=report.status,
            why=report.error_message,
        )
        await written(lambda: self._emails.report(report))

    async def _sent(self, email: EmailRow) -> EmailReport:
        try:
            async with asyncio.timeout(SEND_S):
                left_out = await self._carrier.send(email)
        except SendingFailed as failed:
            return self._failed(email, failed)
        except TimeoutError:
            late = f"the mail server did not answer within {SEND_S:g} s"
            return self._failed(email, SendingFailed(late, retryable=True, code=UNKNOWN_ERROR))
        now = self._wall_clock()
        return EmailReport(email=email, status=EmailStatus.SENT, at=now, error_message=left_out or None)

    def _failed(self, email: EmailRow, failed: SendingFailed) -> EmailReport:
        again_at = self._again_at(email.attempt) if failed.retryable else None
        return EmailReport(
            email=email,
            status=EmailStatus.FAILED if again_at is None else EmailStatus.QUEUED,
            at=self._wall_clock(),
            error_code=failed.code,
            error_message=failed.message,
            again_at=again_at,
        )

"""The carriers of who has none: messages and e-mails are written to the log and their rows, and nothing leaves."""

import asyncio

import structlog

from offhook.call.messages import EmailRow, MessageRow
from offhook.messaging.port import Inbox, Sent

SHOWN_CHARS = 200

log = structlog.get_logger()


class LoggedMessages:
    """Fills `port.MessageProvider`."""

    name = "log"

    async def run(self, inbox: Inbox) -> None:
        """Nothing comes in."""
        await asyncio.Event().wait()

    async def send(self, message: MessageRow) -> Sent:
        """Say what would be sent."""
        log.info(
            "message.logged",
            message_id=message.message_id,
            channel=message.channel,
            sender=message.from_,
            recipient=message.to,
            body=message.body[:SHOWN_CHARS],
            why="OFFHOOK_SMS names no carrier: nothing was sent",
        )
        return Sent(reference=None)


class LoggedEmails:
    """Fills `port.EmailProvider`."""

    name = "log"

    async def send(self, email: EmailRow) -> str:
        """Say what would be sent."""
        log.info(
            "email.logged",
            email_id=email.email_id,
            sender=email.from_,
            recipient=email.to,
            subject=email.subject[:SHOWN_CHARS],
            why="OFFHOOK_SMTP_HOST is not set: nothing was sent",
        )
        return ""

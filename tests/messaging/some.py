"""Messages and e-mails with everything filled in that a test does not care about."""

from typing import Any

from offhook.call.info import new_id
from offhook.call.messages import EmailRow, EmailStatus, MessageDirection, MessageRow, MessageStatus
from offhook.verbs import SMS_CHANNEL, MessageKind
from tests.records.story import NOON

ACCOUNT = "AC" + "1" * 32


def message(**fields: Any) -> MessageRow:
    """A message that waits to be sent."""
    return MessageRow(
        **{
            "message_id": new_id(),
            "account_sid": ACCOUNT,
            "kind": MessageKind.SMS,
            "channel": SMS_CHANNEL,
            "from_": "+15551234567",
            "to": "+15557654321",
            "body": "hello",
            "status": MessageStatus.QUEUED,
            "direction": MessageDirection.OUTBOUND_API,
            "date_created": NOON,
            "date_updated": NOON,
            "next_at": NOON,
            **fields,
        }
    )


def email(**fields: Any) -> EmailRow:
    """An e-mail that waits to be sent."""
    return EmailRow(
        **{
            "email_id": new_id(),
            "account_sid": ACCOUNT,
            "from_": "Ada <ada@example.com>",
            "to": "bob@example.org",
            "subject": "News",
            "body": "hello\n.\nworld",
            "status": EmailStatus.QUEUED,
            "date_created": NOON,
            "date_updated": NOON,
            "next_at": NOON,
            **fields,
        }
    )

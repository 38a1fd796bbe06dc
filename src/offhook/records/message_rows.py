"""Messages and e-mails as rows of their tables, and back."""

from typing import Any

from sqlalchemy import Row

from offhook.call.messages import EmailRow, EmailStatus, MessageDirection, MessageRow, MessageStatus
from offhook.verbs import MessageKind, Method, Target


def message_columns(message: MessageRow) -> dict[str, Any]:
    """What the table keeps of a message."""
    target = message.status_callback
    return {
        "message_id": message.message_id,
        "account_sid": message.account_sid,
        "kind": message.kind,
        "channel": message.channel,
        "call_id": message.call_id,
        "from_": message.from_,
        "to": message.to,
        "body": message.body,
        "encoding": message.encoding,
        "media": list(message.media) or None,
        "status": message.status,
        "direction": message.direction,
        "provider": message.provider,
        "provider_reference": message.provider_reference,
        "error_code": message.error_code,
        "error_message": message.error_message,
        "status_callback": target.url if target else None,
        "status_callback_method": target.method if target else None,
        "status_events": None if message.status_events is None else list(message.status_events),
        "date_created": message.date_created,
        "date_updated": message.date_updated,
        "date_sent": message.date_sent,
        "attempt": message.attempt,
        "next_at": message.next_at,
    }


def message_row(row: Row[Any]) -> MessageRow:
    """A message as it was kept."""
    fields = row._asdict()
    url, method = fields["status_callback"], fields.pop("status_callback_method")
    events = fields["status_events"]
    fields |= {
        "kind": MessageKind(row.kind),
        "status": MessageStatus(row.status),
        "direction": MessageDirection(row.direction),
        "media": tuple(str(part) for part in row.media or ()),
        "status_callback": Target(url, Method(method or Method.POST)) if url else None,
        "status_events": None if events is None else tuple(str(event) for event in events),
    }
    return MessageRow(**fields)


def email_row(row: Row[Any]) -> EmailRow:
    """An e-mail as it was kept."""
    fields = row._asdict()
    fields["status"] = EmailStatus(row.status)
    return EmailRow(**fields)

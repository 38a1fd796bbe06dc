"""What calls tell of messages, as rows that wait to be sent."""

from sqlalchemy import Connection

from offhook.call.message_facts import EmailRaised, MessageRaised
from offhook.call.messages import EmailRow, EmailStatus, MessageDirection, MessageRow, MessageStatus
from offhook.records.emails import keep_email
from offhook.records.inserting import insert_once
from offhook.records.message_rows import message_columns
from offhook.records.resource_tables import messages


def keep_message(connection: Connection, fact: MessageRaised) -> None:
    """Keep a message of a call, unless it is there already.

    One that cannot be sent waits too, with its reason: its end is told like any other's.
    """
    message = MessageRow(
        message_id=fact.message_id,
        account_sid=fact.account_sid,
        kind=fact.kind,
        channel=fact.channel,
        call_id=fact.call_id,
        from_=fact.from_,
        to=fact.to,
        body=fact.body,
        status=MessageStatus.QUEUED,
        direction=MessageDirection.OUTBOUND_CALL,
        error_code=fact.error_code,
        error_message=fact.error_message,
        status_callback=fact.status_callback,
        date_created=fact.at,
        date_updated=fact.at,
        next_at=fact.at,
    )
    insert_once(connection, messages, message_columns(message))


def keep_mail(connection: Connection, fact: EmailRaised) -> None:
    """Keep an e-mail of a call, unless it is there already."""
    email = EmailRow(
        email_id=fact.email_id,
        account_sid=fact.account_sid,
        call_id=fact.call_id,
        from_=fact.from_,
        to=fact.to,
        cc=fact.cc,
        bcc=fact.bcc,
        subject=fact.subject,
        body=fact.body,
        status=EmailStatus.QUEUED,
        date_created=fact.at,
        date_updated=fact.at,
        next_at=fact.at,
    )
    keep_email(connection, email)

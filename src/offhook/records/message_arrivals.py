"""Messages that come in: whose they are, and which application is told.

An identity on the message's channel counts first; a text message is else for whoever has the number that it was sent to.
An identity that is a number of another account's counts for nothing.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from offhook.call.info import new_id
from offhook.call.message_parties import NUMBER_CHANNELS
from offhook.call.messages import ArrivedMessage, MessageDirection, MessageRow, MessageStatus
from offhook.records.channel_identities import identity_of
from offhook.records.database import Database
from offhook.records.inserting import insert_once
from offhook.records.message_queue import derived_id
from offhook.records.message_rows import message_columns
from offhook.records.numbers import other_spelling
from offhook.records.resource_tables import applications, messages
from offhook.records.tables import incoming_phone_numbers as numbers
from offhook.verbs import SMS_CHANNEL, MessageKind, Method, Target


class MessageArrivals:
    """Keeps messages that come in, and knows who is told of them. Raises RecordsAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def arrive(self, arrived: ArrivedMessage, at: datetime) -> MessageRow | None:
        """Keep a message, which its application is told of soon; None where nobody here is called so.

        One that a provider hands over again, under the same reference, is kept once.
        """
        with self._database.writing() as connection:
            owner = _owner(connection, arrived)
            if owner is None:
                return None
            account_sid, kind = owner
            message = MessageRow(
                message_id=_identity(arrived),
                account_sid=account_sid,
                kind=kind,
                channel=arrived.channel,
                from_=arrived.from_,
                to=arrived.to,
                body=arrived.body,
                media=arrived.media,
                status=MessageStatus.RECEIVED,
                direction=MessageDirection.INBOUND,
                provider=arrived.provider,
                provider_reference=arrived.reference,
                date_created=at,
                date_updated=at,
                next_at=at,
            )
            insert_once(connection, messages, message_columns(message))
        return message

    def applications_of(self, message: MessageRow) -> tuple[Target, ...]:
        """Who is told of a message that came in: the application, then its fallback; empty where none is set."""
        with self._database.reading() as connection:
            if message.kind is MessageKind.MESSAGE:
                identity = identity_of(connection, message.channel, message.to)
                if identity is None or identity.account_sid != message.account_sid:
                    return ()  # it was given up, and is somebody else's by now
                return (identity.application,) if identity.application else ()
            row = connection.execute(_number(message.to)).first()
            if row is None or row.account_sid != message.account_sid:
                return ()
            wanted = select(applications.c.url).where(
                applications.c.sid == row.sms_application_sid, applications.c.account_sid == row.account_sid
            )
            url = connection.scalar(wanted) or row.sms_url
        targets = ((url, row.sms_method), (row.sms_fallback_url, row.sms_fallback_method))
        return tuple(Target(at, Method(by) if by else Method.POST) for at, by in targets if at)


def _owner(connection: Connection, arrived: ArrivedMessage) -> tuple[str, MessageKind] | None:
    identity = identity_of(connection, arrived.channel, arrived.to)
    on_number = arrived.channel in NUMBER_CHANNELS
    row = connection.execute(_number(arrived.to)).first() if on_number else None
    # Whoever has the number has what is sent to it, even where somebody else took its name before.
    if identity is not None and (row is None or row.account_sid == identity.account_sid):
        return identity.account_sid, MessageKind.MESSAGE
    is_text = arrived.channel == SMS_CHANNEL
    return (row.account_sid, MessageKind.SMS) if row is not None and is_text else None


def _number(called: str) -> Select[Any]:
    spelled = (called, other_spelling(called))
    return select(numbers).where(numbers.c.phone_number.in_(spelled)).order_by(numbers.c.phone_number)


def _identity(arrived: ArrivedMessage) -> str:
    return derived_id(arrived.provider, arrived.reference) if arrived.reference else new_id()

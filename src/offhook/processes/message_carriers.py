"""The messenger, with the carriers that the settings name. Those that need a library load it only then."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from offhook.call.destinations import why_not
from offhook.call.message_parties import NUMBER_CHANNELS
from offhook.call.messages import MessageRow
from offhook.config import Settings
from offhook.messaging.logged import LoggedEmails, LoggedMessages
from offhook.messaging.port import EmailProvider, MessageProvider
from offhook.processes.languages import message_request
from offhook.processes.message_replies import Answerer
from offhook.processes.messenger import Carriers, Messenger
from offhook.records.database import Database
from offhook.records.emails import Emails
from offhook.records.limits import Limits
from offhook.records.message_arrivals import MessageArrivals
from offhook.records.message_queue import MessageQueue
from offhook.webhooks.clients import Clients


def open_messenger(
    settings: Settings, database: Database, clients: Clients, poke: Callable[[], None]
) -> Messenger:
    """What sends messages and e-mails; `poke` is called when callbacks wait to be sent."""
    arrivals, limits = MessageArrivals(database), Limits(database)

    def now() -> datetime:
        return datetime.now(UTC)

    def refused(message: MessageRow) -> str | None:
        if message.channel not in NUMBER_CHANNELS:
            return None
        allowed = limits.get(message.account_sid).destinations
        return why_not(message.to, account_sid=message.account_sid, allowed=allowed, country=settings.country)

    return Messenger(
        queue=MessageQueue(database, partial(message_request, settings=settings)),
        arrivals=arrivals,
        emails=Emails(database),
        carriers=Carriers(messages=message_carrier(settings), emails=email_carrier(settings)),
        answerer=Answerer(asks_of=clients.of, applications_of=arrivals.applications_of, wall_clock=now),
        why_not=refused,
        wall_clock=now,
        poke=poke,
    )


def message_carrier(settings: Settings) -> MessageProvider:
    """What carries text messages."""
    if settings.sms == "http":
        from offhook.messaging.http import HttpMessages

        assert settings.sms_url is not None, "the settings see to it"
        token = settings.sms_token.get_secret_value() if settings.sms_token else None
        return HttpMessages(settings.sms_url, token=token, format=settings.sms_format)
    if settings.sms == "smpp":
        from offhook.messaging.smpp import SmppMessages
        from offhook.messaging.smpp_link import Centre

        assert settings.smpp_host is not None, "the settings see to it"
        password = settings.smpp_password.get_secret_value() if settings.smpp_password else ""
        return SmppMessages(
            Centre(
                host=settings.smpp_host,
                port=settings.smpp_port,
                system_id=settings.smpp_system_id,
                password=password,
                system_type=settings.smpp_system_type,
                tls=settings.smpp_tls,
            )
        )
    return LoggedMessages()


def email_carrier(settings: Settings) -> EmailProvider:
    """What carries e-mails."""
    if settings.smtp_host is None:
        return LoggedEmails()
    from offhook.messaging.smtp import SmtpEmails

    return SmtpEmails(
        settings.smtp_host,
        settings.smtp_port,
        tls=settings.smtp_tls,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
        sender=settings.smtp_from,
    )

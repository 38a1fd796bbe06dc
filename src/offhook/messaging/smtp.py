"""E-mails over SMTP, one connection each: a mail server of the operator's own takes them and sends them on."""

from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Literal

import aiosmtplib

from offhook.call.message_parties import mail_addresses
from offhook.call.messages import EmailRow
from offhook.messaging.port import SEND_S, SendingFailed

Tls = Literal["none", "starttls", "tls"]
NO_ANSWER = 421
"""The SMTP code of a service that is not there (RFC 5321, 4.2.3)."""


class SmtpEmails:
    """Fills `port.EmailProvider`."""

    name = "smtp"

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: Tls,
        user: str | None = None,
        password: str | None = None,
        sender: str | None = None,
        timeout_s: float = SEND_S,
    ) -> None:
        """`sender` is whom all e-mails come from; answers then go to whom the application named. `timeout_s` is
        for each step of the exchange."""
        self._host = host
        self._port = port
        self._tls = tls
        self._user = user
        self._password = password
        self._sender = sender
        self._timeout_s = timeout_s

    async def send(self, email: EmailRow) -> str:
        """Hand an e-mail over; who was refused, for people. Raises SendingFailed.

        Refusals of 5xx are final, but for that of our own name and password, which the operator can mend.
        """
        recipients = [
            address
            for text in (email.to, email.cc, email.bcc)
            for address in mail_addresses(text or "") or ()
        ]
        _, envelope_sender = parseaddr(self._sender or email.from_)
        try:
            refused, _ = await aiosmtplib.send(
                composed(email, self._sender),
                sender=envelope_sender,
                recipients=list(dict.fromkeys(recipients)),
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._tls == "tls",
                start_tls=self._tls == "starttls",
                timeout=self._timeout_s,
            )
        except aiosmtplib.SMTPRecipientsRefused as nobody:
            raise _refused(nobody) from nobody
        except aiosmtplib.SMTPResponseException as answer:
            raise SendingFailed(
                f"the mail server answered {answer.code} {answer.message}"[:500],
                retryable=answer.code < 500 or isinstance(answer, aiosmtplib.SMTPAuthenticationError),
                code=answer.code,
            ) from answer
        except (aiosmtplib.SMTPException, OSError, ValueError) as fault:
            # ValueError: of a name or password that SMTP cannot carry.
            words = str(fault) or type(fault).__name__
            raise SendingFailed(
                f"the mail server could not be used: {words}"[:500],
                retryable=not isinstance(fault, aiosmtplib.SMTPNotSupported | ValueError),
                code=NO_ANSWER,
            ) from fault
        return f"refused by the mail server: {', '.join(refused)}"[:500] if refused else ""


def composed(email: EmailRow, sender: str | None) -> EmailMessage:
    """The e-mail as it goes over the wire; the Bcc stays behind."""
    message = EmailMessage()
    message["From"] = sender or email.from_
    if sender:
        message["Reply-To"] = email.from_
    message["To"] = email.to
    if email.cc:
        message["Cc"] = email.cc
    message["Subject"] = email.subject
    message["Date"] = format_datetime(email.date_created)
    _, address = parseaddr(sender or email.from_)
    message["Message-ID"] = f"<{email.email_id}@{address.rpartition('@')[2] or 'localhost'}>"
    subtype = "html" if email.content_type == "text/html" else "plain"
    message.set_content(email.body, subtype=subtype)
    return message


def _refused(nobody: aiosmtplib.SMTPRecipientsRefused) -> SendingFailed:
    codes = [refusal.code for refusal in nobody.recipients]
    words = "; ".join(
        f"{refusal.recipient}: {refusal.code} {refusal.message}" for refusal in nobody.recipients
    )
    return SendingFailed(
        f"the mail server refused every recipient: {words}"[:500],
        retryable=all(code < 500 for code in codes),
        code=codes[0] if codes else NO_ANSWER,
    )

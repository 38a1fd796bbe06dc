"""Tells an application of a message that came in, and reads what it wants sent in answer.

Of its document, the verbs that send run, and those that lead to another document; calls have the others.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from offhook.call.errors import CustomerError, FetchFailed, RecordsAway
from offhook.call.exchange import Reply
from offhook.call.message_parties import recipient_on, sender_on
from offhook.call.messages import (
    EmailRow,
    EmailStatus,
    MessageDirection,
    MessageRow,
    MessageStatus,
)
from offhook.dialects.rcml.messages_told import arrived_request, asked
from offhook.dialects.rcml.read import read
from offhook.records.message_queue import derived_id
from offhook.verbs import (
    MessageAsked,
    MessageKind,
    Redirect,
    Request,
    SendEmail,
    SendMessage,
    Target,
    Verb,
)

MOST_DOCUMENTS = 5
MOST_REPLIES = 10
"""One message must not bring about any number of others."""
NO_ANSWER = 11200

log = structlog.get_logger()


class Asks(Protocol):
    """Asks one account's application."""

    async def fetch(self, request: Request, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
        """The answer; any 2xx. Raises FetchFailed."""


@dataclass(slots=True, kw_only=True)
class Answered:
    """What an application made of a message."""

    replies: list[MessageRow] = field(default_factory=list)
    emails: list[EmailRow] = field(default_factory=list)
    problem: str = ""
    """Why it could not be asked, or its answer not be read; empty where all went well."""
    code: int = 0
    may_mend: bool = False
    """Whether another try may fare better."""


class Answerer:
    """Tells the applications of all accounts."""

    def __init__(
        self,
        *,
        asks_of: Callable[[str], Asks],
        applications_of: Callable[[MessageRow], tuple[Target, ...]],
        wall_clock: Callable[[], datetime],
    ) -> None:
        """`asks_of` has the client for an account, by its sid. `applications_of` blocks, and raises RecordsAway."""
        self._asks_of = asks_of
        self._applications_of = applications_of
        self._wall_clock = wall_clock

    async def answer(self, message: MessageRow) -> Answered:
        """Ask the application, or its fallback; nothing where no application is set."""
        try:
            targets = await asyncio.to_thread(self._applications_of, message)
        except RecordsAway as away:
            return Answered(problem=f"the database is away: {away}", code=NO_ANSWER, may_mend=True)
        answered = Answered()
        for target in targets:
            answered = await self._asked(message, target)
            if not answered.problem:
                return answered
            log.warning("message.application_failed", message_id=message.message_id, why=answered.problem)
        return answered

    async def _asked(self, message: MessageRow, target: Target) -> Answered:
        answered = Answered()
        asks = self._asks_of(message.account_sid)
        request: Request | None = arrived_request(message, target)
        try:
            for _ in range(MOST_DOCUMENTS):
                if request is None:
                    break
                document = read(await asks.fetch(request))
                request = self._run(document.verbs, message, answered)
        except CustomerError as error:
            is_passing = isinstance(error, FetchFailed) and error.is_passing
            return Answered(problem=error.message, code=error.code, may_mend=is_passing)
        return answered

    def _run(self, verbs: tuple[Verb, ...], message: MessageRow, answered: Answered) -> Request | None:
        """Take what a document sends; the request for the next one, where it leads to one."""
        for verb in verbs:
            match verb:
                case SendMessage() if len(answered.replies) < MOST_REPLIES:
                    reply = self._reply(verb, message, len(answered.replies))
                    answered.replies.append(reply)
                    if verb.action is not None:
                        told = MessageAsked(
                            kind=reply.kind, message_id=reply.message_id, status=MessageStatus.SENDING
                        )
                        return arrived_request(message, verb.action, asked(told))
                case SendEmail() if len(answered.emails) < MOST_REPLIES:
                    answered.emails.append(self._email(verb, message, len(answered.emails)))
                case Redirect():
                    return arrived_request(message, verb.target)
                case _:
                    log.info("message.verb_skipped", message_id=message.message_id, verb=type(verb).__name__)
        return None

    def _reply(self, verb: SendMessage, message: MessageRow, number: int) -> MessageRow:
        now = self._wall_clock()
        is_like_it = verb.kind is MessageKind.MESSAGE and verb.to is None
        channel = message.channel if is_like_it else verb.channel
        to, from_ = verb.to or message.from_, verb.from_ or message.to
        code, why = None, None
        if recipient_on(channel, to) is None:
            code, why = 14101, f"{to[:64]!r} is nobody on {channel}"
        elif sender_on(channel, from_) is None:
            code, why = 14102, f"{from_[:64]!r} is nobody on {channel}"
        return MessageRow(
            message_id=derived_id(message.message_id, f"reply {number}"),
            account_sid=message.account_sid,
            kind=verb.kind,
            channel=channel,
            from_=sender_on(channel, from_) or from_,
            to=recipient_on(channel, to) or to,
            body=verb.body,
            status=MessageStatus.QUEUED,
            direction=MessageDirection.OUTBOUND_REPLY,
            error_code=code,
            error_message=why,
            status_callback=verb.status_callback,
            date_created=now,
            date_updated=now,
            next_at=now,
        )

    def _email(self, verb: SendEmail, message: MessageRow, number: int) -> EmailRow:
        now = self._wall_clock()
        return EmailRow(
            email_id=derived_id(message.message_id, f"email {number}"),
            account_sid=message.account_sid,
            from_=verb.from_,
            to=verb.to,
            cc=verb.cc,
            bcc=verb.bcc,
            subject=verb.subject,
            body=verb.body,
            status=EmailStatus.QUEUED,
            date_created=now,
            date_updated=now,
            next_at=now,
        )

"""The messenger: what waits is sent, what was not taken is tried again, and who is told of what comes in may answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from offhook.call.info import new_id
from offhook.call.listing import Page as Listed
from offhook.call.messages import (
    ArrivedMessage,
    EmailFilter,
    EmailRow,
    EmailStatus,
    MessageDirection,
    MessageFilter,
    MessageRow,
    MessageStatus,
)
from offhook.call.rows import AccountRow, NumberRow
from offhook.dialects.rcml.messages_told import status_request
from offhook.messaging.port import Inbox, SendingFailed, Sent
from offhook.processes.message_replies import Answerer
from offhook.processes.message_rounds import MOST_AT_ONCE
from offhook.processes.messenger import Carriers, Messenger
from offhook.records import migrate
from offhook.records.database import Database
from offhook.records.emails import Emails
from offhook.records.message_arrivals import MessageArrivals
from offhook.records.message_queue import MessageQueue
from offhook.records.messages import Messages
from offhook.records.numbers import Numbers
from offhook.testing import Page, WebhookStub
from offhook.verbs import MessageKind
from tests.messaging.some import email, message
from tests.records import story


@dataclass
class Carrier:
    """Carries messages and e-mails to a list, or fails as it is told."""

    name: str = "list"
    sent: list[MessageRow] = field(default_factory=list)
    mailed: list[EmailRow] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    inbox: asyncio.Future[Inbox] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def run(self, inbox: Inbox) -> None:
        self.inbox.set_result(inbox)
        await asyncio.Event().wait()

    async def send(self, message: MessageRow) -> Sent:
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append(message)
        return Sent(reference=f"ref-{len(self.sent)}")


@dataclass
class Mailer:
    """The same for e-mails."""

    name: str = "list"
    sent: list[EmailRow] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    async def send(self, email: EmailRow) -> str:
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append(email)
        return ""


class Office:
    """A messenger with everything around it."""

    def __init__(self, database: Database, account: AccountRow, app: WebhookStub) -> None:
        self.database = database
        self.account = account
        self.carrier, self.mailer = Carrier(), Mailer()
        self.messages, self.emails = Messages(database), Emails(database)
        self.ahead = timedelta()
        """How far the wall clock of the messenger is ahead of the database's."""
        arrivals = MessageArrivals(database)
        self.refused: Callable[[MessageRow], str | None] = lambda _: None
        self.messenger = Messenger(
            queue=MessageQueue(database, status_request),
            arrivals=arrivals,
            emails=self.emails,
            carriers=Carriers(messages=self.carrier, emails=self.mailer),
            answerer=Answerer(
                asks_of=lambda _: app, applications_of=arrivals.applications_of, wall_clock=self._now
            ),
            why_not=lambda message: self.refused(message),
            wall_clock=self._now,
            chance=Random(1),
        )

    async def until(self, status: MessageStatus, *, which: str | None = None) -> MessageRow:
        """The first message of the account in a state, once there is one."""
        async with asyncio.timeout(30):
            while True:
                self.messenger.poke()
                for row in self._listed().rows:
                    if row.status is status and which in (None, row.message_id):
                        return row
                await asyncio.sleep(0.02)

    def all(self, direction: MessageDirection) -> list[MessageRow]:
        """The account's messages of one direction, oldest first."""
        return [row for row in reversed(self._listed().rows) if row.direction is direction]

    def _listed(self) -> Listed[MessageRow]:
        return self.messages.page(self.account.sid, MessageFilter(kind=MessageKind.SMS), offset=0, limit=100)

    def _now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@asynccontextmanager
async def office(folder: Path, app: WebhookStub | None = None) -> AsyncIterator[Office]:
    """A block in which a messenger runs."""
    url = f"sqlite:///{folder}/offhook.db"
    migrate.upgrade(url)
    database = Database(url)
    made = Office(database, story.account(database), app or WebhookStub({}))
    running = asyncio.create_task(made.messenger.run())
    try:
        yield made
    finally:
        made.messenger.stop()
        await running
        database.close()


def waiting(made: Office, **fields: object) -> MessageRow:
    row = message(account_sid=made.account.sid, **fields)
    made.messages.create(row)
    return row


async def test_what_waits_is_sent_once(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        row = waiting(made)
        kept = await made.until(MessageStatus.SENT)
        assert (kept.provider, kept.provider_reference, kept.attempt) == ("list", "ref-1", 1)
        assert [sent.message_id for sent in made.carrier.sent] == [row.message_id]


async def test_more_wait_than_are_sent_at_once(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        rows = [waiting(made) for _ in range(2 * MOST_AT_ONCE + 1)]
        for row in rows:
            await made.until(MessageStatus.SENT, which=row.message_id)
        assert sorted(sent.message_id for sent in made.carrier.sent) == sorted(row.message_id for row in rows)


async def test_what_was_not_taken_is_tried_again_after_a_pause(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        made.ahead = timedelta(minutes=-1)  # so that the pause is over at once
        made.carrier.faults = [SendingFailed("busy", retryable=True, code=30008)]
        waiting(made)
        kept = await made.until(MessageStatus.SENT)
        assert (kept.attempt, kept.error_code, kept.error_message) == (2, None, None)


async def test_a_refusal_is_the_end(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        made.carrier.faults = [SendingFailed("no such number", retryable=False, code=30005)]
        waiting(made)
        kept = await made.until(MessageStatus.FAILED)
        assert (kept.error_code, kept.error_message, kept.next_at) == (30005, "no such number", None)


async def test_a_carrier_is_given_up_after_its_last_try(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        made.carrier.faults = [SendingFailed("busy", retryable=True, code=30008)]
        waiting(made, attempt=7)
        assert (await made.until(MessageStatus.FAILED)).error_code == 30008


async def test_a_fault_of_ours_keeps_no_other_message_back(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        made.carrier.faults = [RuntimeError("a bug")]
        waiting(made)
        await made.until(MessageStatus.SENDING)
        second = waiting(made)
        await made.until(MessageStatus.SENT, which=second.message_id)


async def test_what_was_refused_when_it_was_written_or_may_not_be_sent_never_leaves(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        waiting(made, error_code=14101, error_message="nobody")
        assert (await made.until(MessageStatus.FAILED)).error_code == 14101
        made.refused = lambda _: "a premium-rate number"
        dear = waiting(made)
        kept = await made.until(MessageStatus.FAILED, which=dear.message_id)
        assert (kept.error_code, kept.error_message) == (21215, "a premium-rate number")
        assert made.carrier.sent == []


async def test_an_email_is_sent_and_tried_again(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        made.ahead = timedelta(minutes=-1)
        made.mailer.faults = [SendingFailed("451 later", retryable=True, code=451)]
        made.emails.create(email(account_sid=made.account.sid))

        def status() -> EmailStatus:
            page = made.emails.page(made.account.sid, EmailFilter(), offset=0, limit=10)
            return page.rows[0].status

        async with asyncio.timeout(30):
            while status() is not EmailStatus.SENT:
                made.messenger.poke()
                await asyncio.sleep(0.02)
        assert len(made.mailer.sent) == 1


def with_number(made: Office, url: str, fallback: str | None = None) -> None:
    number = NumberRow(
        sid=f"PN{new_id()}",
        account_sid=made.account.sid,
        phone_number="+15551234567",
        friendly_name="line",
        sms_url=url,
        sms_fallback_url=fallback,
        api_version="2012-04-24",
        date_created=story.NOON,
        date_updated=story.NOON,
    )
    Numbers(made.database).create(number)


async def comes_in(made: Office, body: str = "hi") -> bool:
    inbox = await made.carrier.inbox
    arrived = ArrivedMessage(
        provider="list", channel="sms", from_="+15557654321", to="+15551234567", body=body
    )
    return await inbox.arrive(arrived)


async def test_an_application_answers_a_message(tmp_path: Path) -> None:
    app = WebhookStub(
        {"/sms": "<Response><Sms>You said hi</Sms><Sms to='+15550001111'>Psst</Sms></Response>"}
    )
    async with office(tmp_path, app) as made:
        with_number(made, "http://app.example/sms")
        assert await comes_in(made)
        reply = await made.until(MessageStatus.SENT)
        await made.until(MessageStatus.SENT)
        [received] = made.all(MessageDirection.INBOUND)
        told = app.posted("/sms")
        assert told["SmsSid"] == f"SM{received.message_id}"
        assert (told["AccountSid"], told["From"], told["To"], told["Body"]) == (
            made.account.sid,
            "+15557654321",
            "+15551234567",
            "hi",
        )
        replies = made.all(MessageDirection.OUTBOUND_REPLY)
        assert {row.to: row.body for row in replies} == {
            "+15557654321": "You said hi",
            "+15550001111": "Psst",
        }
        assert reply.from_ == "+15551234567"


async def test_a_redirect_and_an_action_lead_to_another_document(tmp_path: Path) -> None:
    app = WebhookStub(
        {
            "/sms": "<Response><Redirect>second</Redirect></Response>",
            "/second": "<Response><Sms action='third'>one</Sms><Sms>never</Sms></Response>",
            "/third": "<Response><Sms>two</Sms></Response>",
        }
    )
    async with office(tmp_path, app) as made:
        with_number(made, "http://app.example/sms")
        await comes_in(made)
        await made.until(MessageStatus.SENT)
        replies = made.all(MessageDirection.OUTBOUND_REPLY)
        assert sorted(row.body for row in replies) == ["one", "two"]
        assert app.posted("/third")["SmsStatus"] == "sending"


@pytest.mark.parametrize("page", [Page(status=404), "<Response", Page(status=500)])
async def test_the_fallback_is_asked_when_the_application_fails(tmp_path: Path, page: str | Page) -> None:
    app = WebhookStub({"/sms": page, "/other": "<Response><Sms>sorry</Sms></Response>"})
    async with office(tmp_path, app) as made:
        with_number(made, "http://app.example/sms", "http://app.example/other")
        await comes_in(made)
        assert (await made.until(MessageStatus.SENT)).body == "sorry"


async def test_an_application_that_was_away_is_told_later(tmp_path: Path) -> None:
    app = WebhookStub({"/sms": (Page(status=503), "<Response><Sms>back</Sms></Response>")})
    async with office(tmp_path, app) as made:
        made.ahead = timedelta(minutes=-1)
        with_number(made, "http://app.example/sms")
        await comes_in(made)
        assert (await made.until(MessageStatus.SENT)).body == "back"
        [received] = made.all(MessageDirection.INBOUND)
        assert (received.attempt, received.error_code, received.next_at) == (2, None, None)


async def test_a_message_for_nobody_is_sent_back_to_the_carrier(tmp_path: Path) -> None:
    async with office(tmp_path) as made:
        assert not await comes_in(made)

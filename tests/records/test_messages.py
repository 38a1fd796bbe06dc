"""Messages and e-mails among the rows: from a call's fact to a carrier's last word."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from offhook.call.info import new_id
from offhook.call.message_facts import EmailRaised, MessageRaised
from offhook.call.messages import (
    ArrivedMessage,
    ChannelIdentityRow,
    EmailFilter,
    EmailReport,
    EmailStatus,
    MessageDirection,
    MessageFilter,
    MessageReport,
    MessageRow,
    MessageStatus,
    Receipt,
)
from offhook.call.rows import AccountRow, NumberRow
from offhook.dialects.rcml.messages_told import status_request
from offhook.records.callbacks import CallbackFilter, Callbacks
from offhook.records.caller_number import CallerNumber
from offhook.records.channel_identities import ChannelIdentities
from offhook.records.database import Database
from offhook.records.emails import Emails
from offhook.records.fact_codec import decode, encode
from offhook.records.message_arrivals import MessageArrivals
from offhook.records.message_forgetting import erase_messages, forget_messages
from offhook.records.message_queue import MessageQueue
from offhook.records.messages import Messages
from offhook.records.numbers import Numbers
from offhook.verbs import MessageKind, Method, Target
from tests.messaging.some import email, message
from tests.records import story
from tests.records.story import NOON, record

TOLD = Target("http://app.example/told", Method.GET)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def queue(database: Database) -> MessageQueue:
    return MessageQueue(database, status_request)


@pytest.fixture
def messages(database: Database) -> Messages:
    return Messages(database)


def raised(account: AccountRow, **fields: object) -> MessageRaised:
    values: dict[str, object] = {
        "message_id": new_id(),
        "call_id": new_id(),
        "account_sid": account.sid,
        "at": NOON,
        "kind": MessageKind.SMS,
        "channel": "sms",
        "from_": "+15551234567",
        "to": "+15557654321",
        "body": "hello\x00 you",
        "status_callback": TOLD,
        **fields,
    }
    return MessageRaised(**values)  # type: ignore[arg-type]


def sent(taken: MessageRow, reference: str = "gw-1") -> MessageReport:
    return MessageReport(
        message=taken, status=MessageStatus.SENT, at=now(), provider="http", reference=reference
    )


def told(database: Database) -> list[str]:
    """The states that callbacks tell, oldest first."""
    rows = Callbacks(database).newest(CallbackFilter(), limit=100)
    return [dict(row.request.parameters)["SmsStatus"] for row in reversed(rows)]


def test_a_message_of_a_call_waits_is_taken_and_its_end_is_told(
    database: Database, account: AccountRow, queue: MessageQueue, messages: Messages
) -> None:
    fact = raised(account)
    record(database, fact, fact)
    [taken] = queue.take(10, 60)
    assert (taken.status, taken.direction, taken.attempt) == ("sending", MessageDirection.OUTBOUND_CALL, 1)
    assert taken.body == "hello� you"
    assert queue.take(10, 60) == ()
    queue.report(sent(taken))
    kept = messages.get(account.sid, MessageKind.SMS, fact.message_id)
    assert kept is not None
    assert (kept.status, kept.provider_reference, kept.next_at) == ("sent", "gw-1", None)
    assert kept.date_sent is not None
    assert queue.receive(Receipt(provider="http", references=("gw-1",), status=MessageStatus.DELIVERED))
    assert told(database) == ["sent", "delivered"]


def test_what_a_dead_process_had_taken_is_taken_again_and_its_late_word_counts_only_where_it_was_sent(
    account: AccountRow, queue: MessageQueue, messages: Messages
) -> None:
    row = message(account_sid=account.sid)
    messages.create(row)
    [first] = queue.take(10, 0)
    [second] = queue.take(10, 60)
    assert (second.message_id, second.attempt) == (row.message_id, 2)
    lost = MessageReport(message=first, status=MessageStatus.FAILED, at=now(), error_code=30008)
    queue.report(lost)
    kept = messages.get(account.sid, MessageKind.SMS, row.message_id)
    assert kept is not None
    assert kept.status is MessageStatus.SENDING
    queue.report(sent(first))
    queue.report(sent(second, "gw-2"))
    kept = messages.get(account.sid, MessageKind.SMS, row.message_id)
    assert kept is not None
    assert (kept.status, kept.provider_reference) == ("sent", "gw-1")


def test_nobody_takes_what_another_has(
    account: AccountRow, queue: MessageQueue, messages: Messages, database: Database
) -> None:
    ids = {new_id() for _ in range(40)}
    for message_id in ids:
        messages.create(message(account_sid=account.sid, message_id=message_id))
    with ThreadPoolExecutor(4) as takers:
        stretches = list(takers.map(lambda _: queue.take(15, 60), range(4)))
    taken = [row.message_id for stretch in stretches for row in stretch]
    assert (len(taken), set(taken)) == (40, ids)


def test_a_message_that_was_not_taken_is_due_again_when_it_is_told(
    account: AccountRow, queue: MessageQueue, messages: Messages, database: Database
) -> None:
    messages.create(message(account_sid=account.sid, status_callback=TOLD))
    [taken] = queue.take(10, 60)
    later = now() + timedelta(hours=1)
    queue.report(
        MessageReport(
            message=taken, status=MessageStatus.QUEUED, at=now(), error_message="busy", again_at=later
        )
    )
    assert queue.take(10, 60) == ()
    kept = messages.get(account.sid, MessageKind.SMS, taken.message_id)
    assert kept is not None
    assert (kept.status, kept.error_message) == ("queued", "busy")
    assert told(database) == []


def test_a_receipt_may_be_quicker_than_the_report_and_never_takes_an_end_back(
    account: AccountRow, queue: MessageQueue, messages: Messages, database: Database
) -> None:
    messages.create(message(account_sid=account.sid, status_callback=TOLD))
    [taken] = queue.take(10, 60)
    by_id = Receipt(provider="http", message_id=taken.message_id, status=MessageStatus.DELIVERED)
    assert queue.receive(by_id)
    queue.report(sent(taken))
    assert queue.receive(Receipt(provider="http", references=("gw-1",), status=MessageStatus.FAILED))
    assert not queue.receive(Receipt(provider="http", references=("gw-9",), status=MessageStatus.FAILED))
    assert not queue.receive(Receipt(provider="smpp", references=("gw-1",), status=MessageStatus.FAILED))
    kept = messages.get(account.sid, MessageKind.SMS, taken.message_id)
    assert kept is not None
    assert (kept.status, kept.provider_reference) == ("delivered", "gw-1")
    assert told(database) == ["delivered"]


def test_only_the_states_that_were_asked_for_are_told(
    account: AccountRow, queue: MessageQueue, messages: Messages, database: Database
) -> None:
    messages.create(
        message(account_sid=account.sid, status_callback=TOLD, status_events=("delivered", "failed"))
    )
    [taken] = queue.take(10, 60)
    queue.report(sent(taken))
    queue.receive(Receipt(provider="http", references=("gw-1",), status=MessageStatus.DELIVERED))
    assert told(database) == ["delivered"]


def test_messages_are_narrowed_and_put_in_order(account: AccountRow, messages: Messages) -> None:
    for number, body in enumerate(("apple", "pear", "plum")):
        at = NOON + timedelta(days=number)
        messages.create(
            message(account_sid=account.sid, body=body, date_created=at, to=f"+1555765432{3 - number}")
        )
    messages.create(message(account_sid=account.sid, kind=MessageKind.MESSAGE))
    messages.create(message())

    def bodies(**fields: object) -> list[str]:
        wanted = MessageFilter(kind=MessageKind.SMS, **fields)  # type: ignore[arg-type]
        page = messages.page(account.sid, wanted, offset=0, limit=10)
        assert page.total == len(page.rows)
        return [row.body for row in page.rows]

    assert bodies() == ["plum", "pear", "apple"]
    assert bodies(sort_by="to", is_descending=False) == ["plum", "pear", "apple"]
    assert bodies(sort_by="body", is_descending=False) == ["apple", "pear", "plum"]
    assert bodies(body="p%") == ["plum", "pear"]
    assert bodies(to="+15557654323") == ["apple"]
    assert bodies(created_from=NOON + timedelta(days=1), created_before=NOON + timedelta(days=2)) == ["pear"]
    assert bodies(status=MessageStatus.SENT) == []


def test_an_email_is_taken_and_reported_on(database: Database, account: AccountRow) -> None:
    emails = Emails(database)
    fact = EmailRaised(
        email_id=new_id(),
        call_id=new_id(),
        account_sid=account.sid,
        at=NOON,
        from_="ada@example.com",
        to="bob@example.org",
        cc=None,
        bcc=None,
        subject="News",
        body="hello",
    )
    record(database, fact, fact)
    emails.create(email(account_sid=account.sid, subject="Other"))
    first, _second = sorted(emails.take(10, 60), key=lambda row: row.subject)
    assert emails.take(10, 60) == ()
    emails.report(EmailReport(email=first, status=EmailStatus.SENT, at=now()))
    page = emails.page(account.sid, EmailFilter(subject="N%"), offset=0, limit=10)
    [kept] = page.rows
    assert (kept.email_id, kept.status, kept.next_at) == (fact.email_id, "sent", None)
    assert kept.date_sent is not None


def number(account: AccountRow, **fields: object) -> NumberRow:
    values: dict[str, object] = {
        "sid": f"PN{new_id()}",
        "account_sid": account.sid,
        "phone_number": "+15551234567",
        "friendly_name": "line",
        "sms_url": "http://app.example/sms",
        "sms_fallback_url": "http://app.example/other",
        "sms_fallback_method": Method.GET,
        "api_version": "2012-04-24",
        "date_created": NOON,
        "date_updated": NOON,
        **fields,
    }
    return NumberRow(**values)  # type: ignore[arg-type]


def arrived(**fields: object) -> ArrivedMessage:
    values: dict[str, object] = {
        "provider": "http",
        "channel": "sms",
        "from_": "+15557654321",
        "to": "+15551234567",
        "body": "hi",
        "reference": "in-1",
        **fields,
    }
    return ArrivedMessage(**values)  # type: ignore[arg-type]


def test_a_message_that_comes_in_is_for_whoever_has_the_number_and_kept_once(
    database: Database, account: AccountRow, queue: MessageQueue
) -> None:
    arrivals = MessageArrivals(database)
    assert arrivals.arrive(arrived(), NOON) is None
    Numbers(database).create(number(account))
    assert arrivals.arrive(arrived(), NOON) is not None
    assert arrivals.arrive(arrived(), NOON) is not None
    [taken] = queue.take(10, 60)
    assert (taken.status, taken.direction, taken.account_sid) == ("received", "inbound", account.sid)
    assert arrivals.applications_of(taken) == (
        Target("http://app.example/sms"),
        Target("http://app.example/other", Method.GET),
    )
    done = MessageReport(message=taken, status=MessageStatus.RECEIVED, at=now())
    reply = message(account_sid=account.sid, direction=MessageDirection.OUTBOUND_REPLY)
    queue.answer(done, [reply], [])
    queue.answer(done, [reply], [])
    assert [row.message_id for row in queue.take(10, 60)] == [reply.message_id]


def test_an_identity_on_the_channel_comes_before_the_number(database: Database, account: AccountRow) -> None:
    Numbers(database).create(number(account))
    identities = ChannelIdentities(database)
    mine = ChannelIdentityRow(
        sid=f"CI{new_id()}",
        account_sid=account.sid,
        channel="sms",
        identity="+15551234567",
        friendly_name="line",
        message_url="http://app.example/messages",
        date_created=NOON,
        date_updated=NOON,
    )
    assert identities.create(mine)
    assert not identities.create(
        ChannelIdentityRow(**{**{name: getattr(mine, name) for name in mine.__slots__}, "sid": "CI2"})
    )
    kept = MessageArrivals(database).arrive(arrived(), NOON)
    assert kept is not None
    assert kept.kind is MessageKind.MESSAGE
    assert MessageArrivals(database).applications_of(kept) == (Target("http://app.example/messages"),)
    assert MessageArrivals(database).arrive(arrived(channel="mms", reference="in-2"), NOON) is None


def test_nobody_takes_the_messages_of_anothers_number(database: Database, account: AccountRow) -> None:
    identities, numbers, arrivals = ChannelIdentities(database), Numbers(database), MessageArrivals(database)
    thief = story.account(database)
    taken_early, taken_late = (
        ChannelIdentityRow(
            sid=f"CI{new_id()}",
            account_sid=thief.sid,
            channel=channel,
            identity="+15551234567",
            friendly_name="mine",
            message_url="http://thief.example/",
            date_created=NOON,
            date_updated=NOON,
        )
        for channel in ("sms", "mms")
    )
    assert identities.create(taken_early)
    assert numbers.create(number(account))
    assert not identities.create(taken_late)
    assert identities.create(replace(taken_late, account_sid=account.sid))
    text, picture = (
        arrivals.arrive(arrived(channel=channel, reference=channel), NOON) for channel in ("sms", "mms")
    )
    assert text is not None
    assert (text.account_sid, text.kind) == (account.sid, MessageKind.SMS)
    assert arrivals.applications_of(text)[0] == Target("http://app.example/sms")
    assert picture is not None
    assert picture.account_sid == account.sid


def test_what_came_for_one_account_is_not_told_to_another_that_has_the_name_now(
    database: Database, account: AccountRow
) -> None:
    identities, numbers, arrivals = ChannelIdentities(database), Numbers(database), MessageArrivals(database)
    identity = ChannelIdentityRow(
        sid="CI1",
        account_sid=account.sid,
        channel="mms",
        identity="+15551234567",
        friendly_name="line",
        message_url="http://app.example/messages",
        date_created=NOON,
        date_updated=NOON,
    )
    assert numbers.create(number(account, sid="PN1"))
    assert identities.create(identity)
    came = [arrivals.arrive(arrived(channel=channel, reference=channel), NOON) for channel in ("sms", "mms")]
    assert identities.delete(account.sid, "CI1")
    assert numbers.delete(account.sid, "PN1")
    other = story.account(database)
    assert numbers.create(number(other))
    assert identities.create(replace(identity, sid="CI2", account_sid=other.sid))
    for each in came:
        assert each is not None
        assert arrivals.applications_of(each) == ()


def test_what_is_over_and_old_is_forgotten(
    database: Database, account: AccountRow, messages: Messages, queue: MessageQueue
) -> None:
    emails = Emails(database)
    for at in (NOON, NOON + timedelta(days=2)):
        row = message(account_sid=account.sid, date_created=at, next_at=None, status=MessageStatus.SENT)
        messages.create(row)
        emails.create(email(account_sid=account.sid, date_created=at, next_at=None))
    messages.create(message(account_sid=account.sid))
    messages.create(message(date_created=NOON, next_at=None))
    before = NOON + timedelta(days=1)
    assert [forget_messages(database, account.sid, before) for _ in range(2)] == [2, 0]
    page = messages.page(account.sid, MessageFilter(kind=MessageKind.SMS), offset=0, limit=10)
    assert [row.status for row in page.rows] == ["sent", "queued"]
    assert emails.page(account.sid, EmailFilter(), offset=0, limit=10).total == 1


def test_a_caller_is_erased_from_messages(
    database: Database, account: AccountRow, messages: Messages, queue: MessageQueue
) -> None:
    theirs = message(account_sid=account.sid, to="+15557654321", body="secret", status_callback=TOLD)
    other = message(account_sid=account.sid, to="+15550001111")
    for row in (theirs, other):
        messages.create(row)
    with database.writing() as connection:
        assert erase_messages(connection, CallerNumber("1 555 765 4321")) == 1
    kept = messages.get(account.sid, MessageKind.SMS, theirs.message_id)
    assert kept is not None
    assert (kept.from_, kept.to, kept.body, kept.status) == ("+15551234567", "erased", "", "failed")
    assert [row.message_id for row in queue.take(10, 60)] == [other.message_id]


def test_facts_of_messages_survive_the_journal(account: AccountRow) -> None:
    for fact in (raised(account), raised(account, status_callback=None, error_code=14101)):
        assert decode(json.loads(json.dumps(encode(fact)))) == fact

"""Timelines as rows, the story that is read out of them, and what follows the calls of an account."""

from typing import Any

from offhook.call.delivery import DeliveryEnd, DeliveryReport
from offhook.call.facts import TimelineKept
from offhook.call.info import CallStatus, new_id
from offhook.call.rows import AccountRow, Attempt
from offhook.call.timeline import Event
from offhook.records.call_changes import CallChanges
from offhook.records.call_story import CallStories, CallStory
from offhook.records.database import Database
from offhook.records.entry import Entry
from offhook.records.fact_codec import decode, encode
from offhook.records.outbox import Outbox
from offhook.records.timelines import Timelines
from offhook.records.writer import Writer
from offhook.records.writing import keep
from offhook.verbs import Gathered, GatherEnd
from tests.records.story import NOON, after, finished, gather, notified, progressed, record, started, told

ENDED = {"status": "completed", "cause": "far_end", "sip_status": 200, "sip_reason": "", "reason": ""}


def part(account: AccountRow, call_id: str, chunk: int, *events: Event) -> TimelineKept:
    return TimelineKept(call_id=call_id, account_sid=account.sid, at=after(chunk), chunk=chunk, events=events)


def first_part(account: AccountRow, call_id: str, *events: Event) -> TimelineKept:
    return part(account, call_id, 0, (0, "began", {"at": NOON.isoformat()}), *events)


def kinds(story: CallStory) -> list[tuple[int, str]]:
    return [(at, kind) for at, kind, _ in story.events]


def read(database: Database, call_id: str) -> CallStory:
    story = CallStories(database).read(call_id)
    assert story is not None
    return story


def test_the_parts_are_put_together_in_the_order_of_time(database: Database, account: AccountRow) -> None:
    call_id = new_id()
    odd = "\x00\ud800 \N{SNOWMAN}"
    record(
        database,
        first_part(account, call_id, (5, "key", {"key": "1"}), (3, "sip", {"method": "ACK"})),
        part(account, call_id, 1, (5_100, "partial", {"text": odd})),
    )
    kept = Timelines(database).of_call(call_id)
    assert kept.began_at == NOON
    assert kept.events == (
        (3, "sip", {"method": "ACK"}),
        (5, "key", {"key": "1"}),
        (5_100, "partial", {"text": odd}),
    )


def test_a_part_that_is_written_twice_is_kept_once(database: Database, account: AccountRow) -> None:
    call_id = new_id()
    entry = Entry(first_part(account, call_id, (5, "key", {"key": "1"})), new_id())
    again = Entry(decode(encode(entry.fact)), entry.id)
    for one in (entry, again):
        keep(database, Writer(worker_id="w", instance_id=new_id()), [one])
    assert Timelines(database).of_call(call_id).events == ((5, "key", {"key": "1"}),)


def test_a_timeline_survives_the_journal(account: AccountRow) -> None:
    fact = first_part(account, new_id(), (5, "media", {"jitter_ms": 0.1, "status": None, "is_heard": True}))
    assert decode(encode(fact)) == fact


def test_a_call_without_a_timeline_has_none(database: Database) -> None:
    kept = Timelines(database).of_call(new_id())
    assert (kept.began_at, kept.events) == (None, ())


def test_the_story_has_rows_among_the_events(database: Database, account: AccountRow) -> None:
    call_id = new_id()
    record(
        database,
        started(account.sid, call_id, callbacks=(told("ringing"),)),
        *gather(
            account.sid,
            call_id,
            after(2),
            is_speech=False,
            gathered=Gathered(end=GatherEnd.KEYS, keys="42"),
        ),
        notified(account.sid, call_id, after(3)),
        first_part(account, call_id, (1_000, "verb", {"verb": "Gather"}), (4_000, "ended", ENDED)),
        finished(account.sid, call_id, after(4), callbacks=(told("completed"),), duration_s=4.0),
    )
    story = read(database, call_id)
    assert kinds(story) == [
        (0, "callback"),
        (1_000, "verb"),
        (2_000, "gather"),
        (3_000, "notification"),
        (4_000, "ended"),
        (4_000, "callback"),
    ]
    facts: dict[str, Any] = {kind: facts for _, kind, facts in story.events}
    assert (facts["gather"]["keys"], facts["gather"]["listens_for"]) == ("42", "keys")
    assert (facts["notification"]["code"], facts["notification"]["level"]) == (11206, "error")
    assert (facts["callback"]["state"], facts["callback"]["tries"]) == ("pending", 0)
    assert story.why == "The far end hung up."
    assert story.has_timeline


def test_a_callback_that_was_tried_says_what_came_of_it(database: Database, account: AccountRow) -> None:
    call_id = new_id()
    record(database, started(account.sid, call_id, callbacks=(told("ringing"),)))
    outbox = Outbox(database)
    [item] = outbox.claim(10, 60)
    tried = Attempt(at=after(7), error="nobody answers there", took_ms=12)
    outbox.report(
        DeliveryReport(item=item, end=DeliveryEnd.DEAD, at=after(7), attempt=tried, why=tried.error)
    )
    events = read(database, call_id).events
    callback, told_try = (
        next(event for event in events if event[1] == kind) for kind in ("callback", "callback_try")
    )
    assert (callback[2]["state"], callback[2]["tries"]) == ("dead", 1)
    assert told_try[0] == 7_000
    assert (told_try[2]["try"], told_try[2]["error"], told_try[2]["took_ms"]) == (
        1,
        "nobody answers there",
        12,
    )


def test_the_story_of_a_lost_call_does_not_believe_its_timeline(
    database: Database, account: AccountRow
) -> None:
    call_id = new_id()
    reason = "worker_lost: worker 7 is gone"
    record(
        database,
        started(account.sid, call_id),
        finished(account.sid, call_id, after(4), status=CallStatus.FAILED, reason=reason),
        first_part(account, call_id, (4_000, "ended", ENDED)),
    )
    assert read(database, call_id).why == ("Nobody saw how the call ended. Worker 7 is gone (worker_lost).")


def test_another_account_has_no_story(database: Database, account: AccountRow) -> None:
    call_id = new_id()
    record(database, started(account.sid, call_id))
    stories = CallStories(database)
    assert stories.read(call_id, account_sid=account.sid) is not None
    assert stories.read(call_id, account_sid="AC" + 32 * "0") is None
    assert stories.read(new_id()) is None


def test_changes_are_told_once_each(database: Database, account: AccountRow) -> None:
    running, new, short = new_id(), new_id(), new_id()
    record(database, started(account.sid, running))
    changes = CallChanges(database, account.sid)
    assert [call.call_id for call in changes.running()] == [running]
    assert changes.look() == ()
    record(
        database,
        started(account.sid, new, after(1)),
        progressed(account.sid, running, after(1), CallStatus.IN_PROGRESS),
        # Begun and over between two looks.
        started(account.sid, short, after(2)),
        finished(account.sid, short, after(3)),
    )
    assert [(call.call_id, call.status) for call in changes.look()] == [
        (running, CallStatus.IN_PROGRESS),
        (new, CallStatus.RINGING),
        (short, CallStatus.COMPLETED),
    ]
    assert changes.look() == ()
    record(database, finished(account.sid, running, after(5)))
    assert [(call.call_id, call.status) for call in changes.look()] == [(running, CallStatus.COMPLETED)]
    assert changes.look() == ()

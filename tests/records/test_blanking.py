"""What callers said and pressed is taken out of old rows; the rows stay where they are."""

from typing import Any

import pytest
from sqlalchemy import select

from offhook.call.exchange import Exchange
from offhook.call.info import new_id
from offhook.call.listing import GatherFilter, NotificationFilter
from offhook.call.rows import AccountRow, GatherKind
from offhook.records import blanking
from offhook.records.blanking import Blanking, without_words
from offhook.records.database import Database
from offhook.records.gathers import Gathers
from offhook.records.notifications import Notifications
from offhook.records.tables import call_timelines
from offhook.verbs import Gathered, GatherEnd, Method, Request, Target
from tests.records import story
from tests.records.story import after, gather, notified, record

SAID = "swordfish"
EVENTS: list[list[Any]] = [
    [0, "began", {"at": "2026-03-09T12:00:00+00:00"}],
    [1, "sip", {"way": "in", "method": "INVITE", "peer": "192.0.2.1"}],
    [5, "partial", {"text": SAID}],
    [6, "key", {"key": "7", "is_heard": True}],
    [7, "webhook", {"method": "GET", "url": f"http://a.example/x?s={SAID}", "status": 200, "body": SAID}],
    [8, "of another version", {"text": SAID}],
]


@pytest.fixture
def filled(database: Database, account: AccountRow, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Eight minutes with a gather of each kind, a notification and a piece of a timeline each; steps of three rows."""
    monkeypatch.setattr(blanking, "BATCH_ROWS", 3)
    heard = Gathered(end=GatherEnd.SPEECH, speech=SAID, keys="7", confidence=0.5)
    asked = Exchange(Request(Target("http://a.example/", Method.POST), (("SpeechResult", SAID),)))
    for minute in range(8):
        at, call_id = after(60 * minute), new_id()
        record(
            database,
            *gather(account.sid, call_id, at, gathered=heard),
            *gather(account.sid, call_id, at, is_speech=False, gathered=heard),
            notified(account.sid, call_id, at, exchange=asked),
        )
        row = {"call_id": call_id, "chunk": 0, "account_sid": account.sid, "at": at, "events": EVENTS}
        with database.writing() as connection:
            connection.execute(call_timelines.insert(), row)
    return database


def words_left(database: Database, account: AccountRow) -> list[int]:
    """How many rows still have words: gathers of speech, gathers of keys, notifications, timelines."""
    lists = [
        Gathers(database).page(account.sid, GatherFilter(kind=kind), offset=0, limit=50)
        for kind in GatherKind
    ]
    notes = Notifications(database).page(account.sid, NotificationFilter(), offset=0, limit=50)
    with database.reading() as connection:
        timelines = connection.scalars(select(call_timelines.c.events)).all()
    assert [page.total for page in lists] == [notes.total] * 2 == [len(timelines)] * 2
    return [
        *(sum(bool(row.speech or row.keys or row.confidence) for row in page.rows) for page in lists),
        sum(SAID in row.request_variables for row in notes.rows),
        sum(SAID in str(events) for events in timelines),
    ]


def test_what_is_old_loses_its_words(filled: Database, account: AccountRow) -> None:
    blank = Blanking(filled)
    steps = 0
    while blank.blank(account.sid, after(60 * 5)):
        steps += 1
    assert steps == 2
    assert words_left(filled, account) == [3, 3, 3, 3]
    assert blank.blank(account.sid, after(60 * 5)) == 0
    while blank.blank(account.sid, after(60 * 7)):
        pass
    assert words_left(filled, account) == [1, 1, 1, 1]


def test_another_process_goes_on_where_this_one_stopped(filled: Database, account: AccountRow) -> None:
    Blanking(filled).blank(account.sid, after(60 * 5))
    other = Blanking(filled)
    while other.blank(account.sid, after(60 * 5)):
        pass
    assert words_left(filled, account) == [3, 3, 3, 3]


def test_another_account_keeps_its_words(filled: Database, account: AccountRow) -> None:
    assert Blanking(filled).blank(story.account(filled).sid, after(60 * 99)) == 0
    assert words_left(filled, account) == [8, 8, 8, 8]


def test_a_timeline_keeps_what_happened_when() -> None:
    kept = without_words(EVENTS)
    assert [event[:2] for event in kept] == [event[:2] for event in EVENTS]
    assert kept[:2] == EVENTS[:2]
    assert kept[4][2] == {"method": "GET", "url": "http://a.example/x", "status": 200}
    assert SAID not in str(kept)
    assert without_words(kept) == kept
